from fastapi import APIRouter

from polls.settings import PREFIXES

public_router = APIRouter(prefix=PREFIXES["polls"])
private_router = APIRouter(prefix=f"{PREFIXES['polls']}/private")


@public_router.get("/")
def polls():
    return []


@private_router.get("/{poll_id}/")
def poll(poll_id: int):
    return {"id": poll_id}
