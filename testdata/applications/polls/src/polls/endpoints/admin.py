from fastapi.routing import APIRoute
from starlette.routing import Route


async def purge(request):
    from starlette.responses import JSONResponse

    return JSONResponse({})


def audit(limit: int = 10):
    return []


routes = [
    APIRoute("/audit", audit, methods=["GET"]),
    Route("/purge", purge, methods=["DELETE"]),
]
