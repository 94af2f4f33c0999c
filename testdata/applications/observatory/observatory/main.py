from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, WebSocket, WebSocketDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from observatory import public, sky
from observatory.gates import token_of_query

HERE = Path(__file__).parent


async def version(request):
    return PlainTextResponse("1")


async def raw_feed(websocket):
    await websocket.accept()
    await websocket.close()


app = FastAPI(
    openapi_url=None,
    routes=[Route("/version", version), WebSocketRoute("/raw", raw_feed)],
)
app.mount("/static", StaticFiles(directory=HERE), name="static")

nights = APIRouter(prefix="/nights")
archive = APIRouter()
nights.include_router(archive, prefix="/archive")
app.include_router(nights, prefix="/api")


@archive.get("/{year}")
def year_of_archive(year: int):
    """Added after both includes: only a FastAPI that keeps routers serves it."""
    return []


@nights.get("/tonight")
def tonight():
    return {}


app.include_router(sky.router, prefix="/api")
app.mount("/public", public.app)
app.router.routes.append(Mount("/inner", routes=[Route("/version", version)]))


@app.websocket("/alerts")
async def alerts(websocket: WebSocket, user: str = Depends(token_of_query)):
    await websocket.accept()
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        return


@app.websocket("/chat/{room}")
async def chat(websocket: WebSocket, room: str):
    if websocket.headers.get("authorization") is None:
        await websocket.close(code=1008)
        return
    await websocket.accept()


@app.websocket("/open")
async def open_feed(websocket: WebSocket):
    await websocket.accept()
    await websocket.close()
