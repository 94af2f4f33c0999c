from fastapi import APIRouter, Depends, FastAPI

from clinic import guards


def attach(target: FastAPI, prefix: str) -> None:
    """Includes its router into the application that it is given."""
    router = APIRouter(prefix=prefix, dependencies=[Depends(guards.user_with_scopes)])

    @router.get("")
    async def list_patients():
        return []

    @router.post("/{patient_id:int}/notes")
    async def add_note(patient_id: int, text: str, author: guards.Doctor):
        return {"patient": patient_id, "text": text}

    target.include_router(router)


router = APIRouter(prefix="/forgotten")


@router.get("/patients")
async def list_patients():
    """Of the same name as the closure above, on a router that nobody includes."""
    return []
