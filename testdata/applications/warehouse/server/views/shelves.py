from fastapi import APIRouter, Request

from server.decorators import staff_required as staff

router = APIRouter()


@router.get("/")
def list_shelves():
    return []


@router.patch("/{shelf_id}")
@staff
async def move_shelf(request: Request, shelf_id: int, aisle: int = 1):
    return {"id": shelf_id, "aisle": aisle}
