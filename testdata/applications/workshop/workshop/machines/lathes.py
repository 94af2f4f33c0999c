"""In the directory and in no list: not served."""

from fastapi import APIRouter

router = APIRouter(prefix="/lathes")


@router.post("/{name}/start")
async def start(name: str):
    return {"started": name}
