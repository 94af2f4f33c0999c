from fastapi import APIRouter, WebSocket

router = APIRouter(prefix="/weigh")


@router.get("/")
def weigh():
    return {"grams": 0}


@router.websocket("/stream")
async def stream(websocket: WebSocket):
    await websocket.accept()
