from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer

from app.core.config import settings

oauth2 = OAuth2PasswordBearer(tokenUrl=f"{settings.api_prefix}/login")
optional_oauth2 = OAuth2PasswordBearer(tokenUrl=f"{settings.api_prefix}/login", auto_error=False)

Token = Annotated[str, Depends(oauth2)]


def get_current_user(token: Token) -> str:
    if token != "valid":
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "invalid token")
    return "reader"


def get_optional_user(token: Annotated[str | None, Depends(optional_oauth2)]) -> str | None:
    return "reader" if token else None


CurrentUser = Annotated[str, Depends(get_current_user)]
OptionalUser = Annotated[str | None, Depends(get_optional_user)]


def require_staff(user: CurrentUser) -> str:
    if user != "staff":
        raise HTTPException(status.HTTP_403_FORBIDDEN, "staff only")
    return user
