from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse

OPEN_PATHS = {"/health", "/openapi.json", "/api/login"}


class GatekeeperMiddleware(BaseHTTPMiddleware):
    """Everything needs a token, except what is listed."""

    def __init__(self, app, open_prefixes: tuple[str, ...] = ()) -> None:
        super().__init__(app)
        self.open_prefixes = open_prefixes

    async def dispatch(self, request: Request, call_next):
        path = request.url.path
        if path in OPEN_PATHS or path.startswith(self.open_prefixes):
            return await call_next(request)
        token = request.headers.get("authorization", "")
        if not token.startswith("Bearer "):
            return JSONResponse({"detail": "not authenticated"}, status_code=401)
        request.state.user = token.removeprefix("Bearer ")
        return await call_next(request)
