from collections.abc import Callable

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute


class SignedRoute(APIRoute):
    """A class of routes: the check stands around every handler of its router."""

    def get_route_handler(self) -> Callable:
        handler = super().get_route_handler()

        async def checked(request: Request):
            if "x-signature" not in request.headers:
                raise HTTPException(401, "unsigned")
            return await handler(request)

        return checked
