from fastapi import APIRouter

router = APIRouter()


@router.get("/chart")
def chart():
    return {}
