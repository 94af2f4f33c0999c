from fastapi import APIRouter

from app.core.constants import ORDERS_PREFIX

router = APIRouter(prefix=ORDERS_PREFIX, tags=["orders"])


@router.get("/")
def list_orders():
    return []


@router.api_route("/{order_id}/state", methods=["PUT", "PATCH"])
def change_state(order_id: int, state: str):
    return {"id": order_id, "state": state}


def cancel(order_id: int):
    return {"id": order_id}


router.add_api_route("/{order_id}/cancel", cancel, methods=["POST"])
