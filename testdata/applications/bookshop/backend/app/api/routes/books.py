from fastapi import APIRouter, Depends, status
from pydantic import BaseModel

from app.core.security import CurrentUser, OptionalUser, require_staff

router = APIRouter()


class Book(BaseModel):
    title: str


@router.get("", response_model=list[Book])
def list_books(user: OptionalUser, limit: int = 20):
    return []


@router.post("", status_code=status.HTTP_201_CREATED, response_model=Book)
async def create_book(book: Book, user: CurrentUser):
    return book


@router.get("/{book_id}")
def read_book(book_id: int) -> Book:
    return Book(title=str(book_id))


@router.delete(
    "/{book_id}",
    dependencies=[Depends(require_staff)],
    status_code=status.HTTP_204_NO_CONTENT,
)
def delete_book(book_id: int) -> None:
    """Delete a book."""
