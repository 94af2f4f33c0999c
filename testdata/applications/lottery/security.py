from fastapi import Depends, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials

basic = HTTPBasic()


def get_current_user(credentials: HTTPBasicCredentials = Depends(basic)) -> str:
    """The one that demands."""
    if credentials.password != "secret":
        raise HTTPException(401)
    return credentials.username
