from typing import Annotated

from fastapi import APIRouter, Depends

from vault.bearer import JWTBearer as Bearer, LenientBearer
from vault.service import can_write

router = APIRouter()
public = APIRouter()
Writer = Annotated[None, Depends(can_write)]


@router.get("")
def list_notes():
    return []


@router.put("/{note_id}")
def write_note(note_id: int, token: Annotated[str, Depends(Bearer())], allowed: Writer):
    return {"id": note_id}


@public.get("/shared")
def shared(token: str | None = Depends(LenientBearer())):
    return []


router.include_router(public)
