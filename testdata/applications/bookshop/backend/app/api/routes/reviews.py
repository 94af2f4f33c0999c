from fastapi import APIRouter

from app.core.constants import REVIEWS as PREFIX

router = APIRouter()


@router.get("")
def list_reviews(book_id: int):
    return []
