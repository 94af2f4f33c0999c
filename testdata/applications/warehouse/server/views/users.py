from fastapi import APIRouter, Request

from server.decorators import staff_required, timed

router = APIRouter()


@router.post("/login")
def login(name: str = "", password: str = ""):
    return {"token": name}


@router.get("/me")
def me(request: Request):
    return {"name": request.state.user}


@router.delete("/users/{user_id}")
@staff_required
async def delete_user(request: Request, user_id: int):
    return {"deleted": user_id}


@router.get("/users")
@timed(unit="ms")
def list_users():
    return []
