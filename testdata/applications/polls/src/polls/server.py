import os

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from polls import endpoints
from polls.endpoints import *
from polls.settings import PREFIXES, Paths, Section, settings

try:
    from polls.extras import router as extras_router
except ImportError:
    extras_router = None

try:
    import polls.enterprise as enterprise
except ImportError:
    enterprise = None


class Server:
    """Holds the application; its methods put the routes in."""

    api_prefix = Paths.API

    def __init__(self, title: str = "Polls") -> None:
        self.app = FastAPI(title=title, openapi_url=None)
        self.api = APIRouter(prefix=self.api_prefix)
        self.setup_routes()

    def setup_routes(self) -> None:
        for router in endpoints.ALL_ROUTERS:
            self.api.include_router(router)
        self.api.include_router(router=votes.router, prefix=PREFIXES["votes"])
        self._include_section(Section.CLOSED)
        self.app.include_router(self.api)
        self.app.get("/status")(self.status)

    def _include_section(self, section: Section) -> None:
        self.api.include_router(sections.router, prefix=f"/{section.value}")

    async def status(self):
        return {"up": True}


server = Server()
app = server.app

if extras_router is not None:
    app.include_router(extras_router, prefix="/".join(["", "extras", settings.extras_version]))
if enterprise:
    app.include_router(enterprise.router)

if os.environ.get("POLLS_BETA") == "yes":
    app.include_router(beta.router, prefix="/beta")
else:
    app.include_router(beta.router, prefix="/hidden")

app.router.include_router(APIRouter(routes=admin.routes), prefix="/{tenant}".format(tenant="admin"))


@app.api_route(path=settings.WEBHOOK_PATH, methods=["post", "PUT"])
async def webhook():
    return {}


get = app.get


@get("/shortcut")
def shortcut():
    return {}


if False:

    @app.get("/never")
    def never():
        return {}


application = CORSMiddleware(app, allow_origins=["*"])
