from fastapi import APIRouter, Depends, HTTPException, Request

from security import get_current_user


async def verify_signature(request: Request) -> None:
    if "x-signature" not in request.headers:
        raise HTTPException(403, "unsigned")


def current_or_none(request: Request) -> str | None:
    return request.cookies.get("session")


class Pagination:
    """A class as a dependency: no credential in it."""

    def __init__(self, limit: int = 10) -> None:
        self.limit = limit


router = APIRouter(prefix="/prizes")


@router.get("")
def list_prizes(page: Pagination = Depends(), user: str | None = Depends(current_or_none)):
    return []


@router.post("/claims")
def claim(user: str = Depends(get_current_user)):
    return {"claimed": user}


@router.post("/webhook", dependencies=[Depends(verify_signature)])
async def paid(request: Request):
    return {}


@router.put("/{prize_id}")
def change_prize(prize_id: int, request: Request):
    check_session(request)
    return {"id": prize_id}


def check_session(request: Request) -> None:
    if not request.cookies.get("session"):
        raise HTTPException(status_code=401)
