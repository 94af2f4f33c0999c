from fastapi import APIRouter, WebSocket
from starlette.requests import Request
from starlette.responses import JSONResponse


async def plain(request: Request):
    return JSONResponse({})


router = APIRouter(prefix="/sky")
router.add_route("/plain", plain, methods=["GET", "POST"])


@router.get("/stars/{name:path}")
def star(name: str):
    return {"name": name}


async def feed(websocket: WebSocket):
    await websocket.accept()
    await websocket.close()


router.add_api_websocket_route("/feed", feed)
router.add_websocket_route("/plain-feed", feed)
