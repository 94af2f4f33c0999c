from fastapi import APIRouter

from workshop.routing import InternalRouter

router = InternalRouter(prefix="/parts")
drawer = APIRouter()


@router.get("")
def list_parts():
    return []


@drawer.get("/parts")
@drawer.get("/pieces")
def parts_in_drawer():
    """Two paths for one function: the lower decorator registers first."""
    return []
