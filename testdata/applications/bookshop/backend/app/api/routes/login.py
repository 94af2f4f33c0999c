from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import OAuth2PasswordRequestForm

router = APIRouter(tags=["login"])


@router.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    return {"access_token": "valid", "token_type": "bearer"}
