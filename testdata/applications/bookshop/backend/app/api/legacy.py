"""Imported by `main`, mounted by nobody: nothing here is served."""

from fastapi import APIRouter

router = APIRouter(prefix="/legacy")


@router.get("/books")
def list_books():
    return []
