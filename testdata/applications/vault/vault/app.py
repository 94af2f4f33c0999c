from fastapi import Depends, FastAPI

from vault import keys, notes, shares, tokens
from vault.bearer import JWTBearer
from vault.gate import InternalOnly

PROTECTED = [Depends(JWTBearer())]

app = FastAPI(openapi_url=None)
app.add_middleware(InternalOnly, prefix="/internal")
app.include_router(tokens.router, tags=["tokens"])
app.include_router(notes.router, prefix="/notes", dependencies=PROTECTED)
app.include_router(keys.router, prefix="/keys")
app.include_router(shares.router)


@app.get("/internal/state")
def state():
    return {}
