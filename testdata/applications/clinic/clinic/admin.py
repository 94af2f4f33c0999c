from fastapi import Depends, FastAPI, WebSocket

from clinic.guards import require_role


def create_admin(title: str) -> FastAPI:
    admin = FastAPI(title=f"{title} administration", docs_url=None, redoc_url=None)
    admin.router.dependencies.append(Depends(require_role("admin")))

    @admin.get("/users")
    def list_users():
        return []

    @admin.websocket("/events")
    async def events(websocket: WebSocket):
        await websocket.accept()

    return admin
