from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


class OutOfStock(Exception):
    pass


def install_error_handlers(application: FastAPI) -> None:
    """Handlers and one route, on an application that another module made."""

    @application.exception_handler(OutOfStock)
    async def out_of_stock(request: Request, error: OutOfStock):
        return JSONResponse({"detail": "out of stock"}, status_code=409)

    @application.get("/errors", tags=["meta"])
    def known_errors() -> list[str]:
        return [OutOfStock.__name__]
