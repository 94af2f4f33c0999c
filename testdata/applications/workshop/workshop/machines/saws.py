from fastapi import APIRouter

router = APIRouter(prefix="/saws")


@router.post("/{name}/start")
async def start(name: str):
    return {"started": name}
