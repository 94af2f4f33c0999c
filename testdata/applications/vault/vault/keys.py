from fastapi import APIRouter, Depends

from vault.service import AuthService, auth

router = APIRouter()
unguarded = APIRouter()


@router.post("/rotate")
def rotate(user: str = Depends(auth.verify)):
    return {"by": user}


@unguarded.get("/names")
def names(user: str | None = Depends(AuthService.from_cookie, use_cache=False)):
    return []


@unguarded.delete("/{key_id}", dependencies=[Depends(dependency=auth.verify)])
def delete_key(key_id: int):
    return {"deleted": key_id}


router.include_router(unguarded)
