import os

from fastapi import Depends, FastAPI

from clinic import admin, patients, visits
from clinic.guards import ApiKey, require_tenant


def make_prefix(name: str, version: str = "v1") -> str:
    return f"/{version}/{name}"


def create_app(*, with_docs: bool = False) -> FastAPI:
    app = FastAPI(
        docs_url="/docs" if with_docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if with_docs else None,
    )
    register_probes(app)
    patients.attach(app, prefix=make_prefix("patients"))
    app.include_router(visits.make_router("visits"), prefix=make_prefix("visits", version="v2"))

    if os.getenv("CLINIC_REPORTS") == "1":
        from clinic.reports import router

        app.include_router(router, prefix="/reports", dependencies=[Depends(ApiKey("reports"))])
    if os.getenv("CLINIC_DEBUG", "0") == "1":
        from clinic.debugging import router as debug_router

        app.include_router(debug_router)

    app.mount("/admin", admin.create_admin(app.title))
    tenants = FastAPI(dependencies=[Depends(require_tenant)], openapi_url=None)

    @tenants.get("/settings")
    async def tenant_settings():
        return {}

    app.mount("/tenants/{tenant}", tenants)
    return app


def register_probes(app: FastAPI) -> None:
    started = "now"

    @app.get("/live")
    def live():
        return {"since": started}

    app.add_api_route("/ready", lambda: {"ready": True}, methods=["GET"], include_in_schema=False)
