"""The installed version of FastAPI, or None: an application may be of plain Starlette."""

try:
    from fastapi import __version__ as version
except ImportError:
    version = None
