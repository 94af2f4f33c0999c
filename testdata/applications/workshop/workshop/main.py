import importlib
import os
import pkgutil

from fastapi import FastAPI

import workshop.plugins
from workshop import parts, tools
from workshop.routing import VersionedRouter, crud_router

PREFIX = os.environ.get("WORKSHOP_PREFIX", "/api")

application = FastAPI(docs_url=None, redoc_url=None, openapi_url="/schema.json", swagger_ui_oauth2_redirect_url=None)

# Every module of the package that has a router, in the order of their names.
for module_info in pkgutil.iter_modules(workshop.plugins.__path__):
    module = importlib.import_module(f"workshop.plugins.{module_info.name}")
    if hasattr(module, "router"):
        application.include_router(module.router, prefix=f"/plugins/{module_info.name}")

for name in ["drills", "saws"]:
    found = importlib.import_module(f"workshop.machines.{name}")
    application.include_router(found.router, prefix="/machines")

for router in (parts.router, tools.router):
    application.include_router(router, prefix=PREFIX)

for path, tag, router in [("/inside", "in", parts.drawer), ("/outside", "out", tools.shed)]:
    application.include_router(router, prefix=path, tags=[tag])

versioned = VersionedRouter(3)


@versioned.get("/status")
def status():
    return {"version": 3}


application.include_router(versioned)

ENTITIES = {"bolts": int, "nuts": str}
for entity, key_type in ENTITIES.items():
    application.include_router(crud_router(entity, key_type), prefix="/stock")
