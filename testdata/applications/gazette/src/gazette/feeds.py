from starlette.authentication import requires
from starlette.responses import PlainTextResponse
from starlette.routing import Route

FORMATS = ("atom", "rss")


async def feed(request):
    return PlainTextResponse("<feed/>")


@requires("authenticated")
async def private(request):
    return PlainTextResponse("<feed/>")


routes = [Route(f"/{name}.xml", feed, name=name) for name in FORMATS]
private_routes = [Route("/feed", private)]
