from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class InternalOnly:
    """Plain ASGI: refuses below one prefix, lets all else through."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self.prefix):
            headers = dict(scope["headers"])
            if headers.get(b"x-internal") != b"1":
                await PlainTextResponse("forbidden", status_code=403)(scope, receive, send)
                return
        await self.app(scope, receive, send)
