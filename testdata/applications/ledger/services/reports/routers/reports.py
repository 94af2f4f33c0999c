from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import APIKeyCookie, APIKeyQuery

by_query = APIKeyQuery(name="key")
by_cookie = APIKeyCookie(name="session", auto_error=False)
router = APIRouter()


@router.get("/daily")
def daily(key: Annotated[str, Depends(by_query)]):
    return []


@router.get("/weekly")
def weekly(session: Annotated[str | None, Depends(by_cookie)] = None):
    return []
