from fastapi import APIRouter, Depends, Request

from vault import service
from vault.routes import SignedRoute

router = APIRouter(prefix="/shares", route_class=SignedRoute)
links = APIRouter(prefix="/links")


@router.get("/")
def list_shares():
    return []


@links.get("/")
def list_links(request: Request):
    user = service.current_user(request)
    return {"user": user}


@links.post("/")
async def make_link(request: Request, limit: int = 1):
    service.current_user(request)
    return {}


@links.get("/{link_id}", dependencies=[Depends(service.signed_link)])
def open_link(link_id: int):
    return {}


router.include_router(links)
