from fastapi import APIRouter

router = APIRouter(prefix="/drills")


@router.post("/{name}/start")
async def start(name: str):
    return {"started": name}
