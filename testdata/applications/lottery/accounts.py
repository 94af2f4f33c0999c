from fastapi import APIRouter, Depends, Request


def get_current_user(request: Request) -> str | None:
    """Has the name of the one in `security` and demands nothing."""
    return request.headers.get("x-user")


router = APIRouter(prefix="/accounts")


@router.get("/me")
def me(user: str | None = Depends(get_current_user)):
    return {"user": user}


@router.delete("/me")
def close_account(user: str | None = Depends(get_current_user)):
    return {"closed": user}
