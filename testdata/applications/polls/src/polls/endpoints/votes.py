from fastapi import APIRouter

router = APIRouter()


@router.post("")
def vote(choice: int):
    return {"choice": choice}


@router.get("/mine", name="my votes")
@router.get(path="/of/me", deprecated=True)
async def my_votes():
    return []
