from fastapi import APIRouter, Depends, HTTPException, Request

from security import get_current_user


class Controller:
    """Registers the methods of its subclasses: a base class that knows the verbs."""

    prefix = ""

    def __init__(self) -> None:
        self.router = APIRouter(prefix=self.prefix)
        self.register()

    def register(self) -> None:
        raise NotImplementedError


class DrawController:
    def __init__(self, name: str) -> None:
        self.router = APIRouter(prefix=f"/{name}")
        self.router.add_api_route("/", self.list_draws, methods=["GET"])
        self.router.add_api_route("/{draw_id}", self.run_draw, methods=["POST"], dependencies=[Depends(get_current_user)])

    def list_draws(self):
        return []

    async def run_draw(self, draw_id: int):
        return {"draw": draw_id}


class TicketController(Controller):
    prefix = "/tickets"

    def register(self) -> None:
        self.router.get("/{ticket_id}")(self.read)
        self.router.post("")(self.buy)

    async def read(self, ticket_id: int):
        return {"id": ticket_id}

    async def buy(self, request: Request):
        if request.headers.get("x-token") != "valid":
            raise HTTPException(status_code=401, detail="buy with a token")
        return {"id": 1}
