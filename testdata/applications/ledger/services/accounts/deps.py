from fastapi import Header, HTTPException

from config import get_settings


async def verify_token(authorization: str | None = Header(default=None)) -> None:
    if authorization != f"Bearer {get_settings().token}":
        raise HTTPException(401, "token required")
