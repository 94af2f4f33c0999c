from fastapi import FastAPI

from server.config import config
from server.middleware import GatekeeperMiddleware
from server.views import shelves, users

app = FastAPI(title="Warehouse", docs_url="/docs" if config.DEBUG else None, redoc_url=None, openapi_url="/openapi.json")
app.add_middleware(GatekeeperMiddleware, open_prefixes=("/public",))
app.include_router(users.router, prefix=config.API_PREFIX)
app.include_router(shelves.router, prefix=config.API_PREFIX + "/shelves")


@app.get("/health")
def health():
    return {"ok": True}


@app.get("/public/catalogue")
def catalogue():
    return []


@app.get("/metrics")
def metrics():
    return {}
