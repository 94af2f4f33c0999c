from fastapi import APIRouter

router = APIRouter()


@router.get("/print")
def print_label(text: str = ""):
    return {"text": text}
