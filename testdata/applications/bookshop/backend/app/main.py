from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api import api_router
from app.api.legacy import router as legacy_router
from app.core.config import settings
from app.core.errors import install_error_handlers


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield


app = FastAPI(title=settings.project_name, openapi_url=f"{settings.api_prefix}/openapi.json", lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins)
install_error_handlers(app)

app.include_router(api_router, prefix=settings.api_prefix)
# The same router a second time, for clients that know no version.
app.include_router(api_router, prefix="/api", include_in_schema=False)
# app.include_router(legacy_router, prefix="/legacy")


@app.get("/")
def index() -> dict[str, str]:
    return {"name": settings.project_name}


@app.api_route("/health", methods=["GET", "HEAD"], include_in_schema=False)
async def health():
    return {"status": "ok"}
