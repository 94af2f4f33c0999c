from fastapi import APIRouter

router = APIRouter(prefix="/debug")


@router.get("/environment")
def environment():
    return {}
