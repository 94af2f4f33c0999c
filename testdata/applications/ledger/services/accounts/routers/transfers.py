from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/transfers")


class Transfer(BaseModel):
    amount: int


@router.post("", status_code=201)
async def transfer(body: Transfer):
    return body
