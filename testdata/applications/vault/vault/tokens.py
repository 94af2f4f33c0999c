from fastapi import APIRouter, Body, HTTPException

router = APIRouter(prefix="/token")


@router.post("")
def issue(user: str = Body(), password: str = Body()):
    return {"token": user}


@router.post("/refresh")
def refresh(refresh_token: str = Body(embed=True)):
    """The token in the body is the credential."""
    if refresh_token != "valid":
        raise HTTPException(401)
    return {"token": "new"}
