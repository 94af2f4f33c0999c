from fastapi import APIRouter

router = APIRouter()


@router.get("/{year}/{name:path}")
def report(year: int, name: str):
    return {"year": year, "name": name}
