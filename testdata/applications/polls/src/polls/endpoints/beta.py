from fastapi import APIRouter

router = APIRouter()
early = APIRouter(prefix="/early")


@router.get("/ranked")
def ranked():
    return []


@early.get("/access")
def access():
    return {}
