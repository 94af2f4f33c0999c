import functools
import os
import secrets

from fastapi import Depends, HTTPException, Query, Request
from fastapi.security import APIKeyHeader

ADMIN_KEY = os.environ["VAULT_ADMIN_KEY"]
api_key = APIKeyHeader(name="X-Key")


class AuthService:
    def verify(self, key: str = Depends(api_key)) -> str:
        if not secrets.compare_digest(key, ADMIN_KEY):
            raise HTTPException(401)
        return "admin"

    @staticmethod
    def from_cookie(request: Request) -> str | None:
        return request.cookies.get("session")


auth = AuthService()


def has_scope(scope: str, request: Request) -> None:
    if scope not in request.headers.get("x-scopes", ""):
        raise HTTPException(403, f"needs {scope}")


can_write = functools.partial(has_scope, "write")


def current_user(request: Request) -> str:
    """Called by handlers themselves, not as a dependency."""
    user = AuthService.from_cookie(request)
    if not user:
        raise HTTPException(status_code=401, detail="log in")
    return user


def signed_link(signature: str = Query()) -> None:
    """Demands that a parameter is there and refuses nobody who sends one."""
