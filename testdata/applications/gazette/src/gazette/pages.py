from starlette.authentication import requires
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import JSONResponse, PlainTextResponse


async def index(request):
    return PlainTextResponse("Gazette")


def contact(request):
    return PlainTextResponse("thank you")


@requires("authenticated", redirect="index")
async def account(request):
    return JSONResponse({"name": request.user.display_name})


@requires("editor")
def editors(request):
    return JSONResponse([])


async def city(request):
    return PlainTextResponse(request.path_params["city"])


async def sitemap(request):
    return PlainTextResponse("<urlset/>")


async def robots(request):
    return PlainTextResponse("User-agent: *")


async def debug(request):
    return JSONResponse({})


async def live(websocket):
    await websocket.accept()
    await websocket.close()


class Echo(WebSocketEndpoint):
    encoding = "text"

    async def on_receive(self, websocket, data):
        await websocket.send_text(data)
