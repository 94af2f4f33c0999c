from observatory.main import app as create

__all__ = ["create"]
