from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.database import get_session
from app.mail import send_confirmation
from app.models import Order

router = APIRouter(prefix="/orders")
SessionDep = Annotated[Session, Depends(get_session)]


@router.get("/{customer}")
def orders_of(customer: str, session: SessionDep):
    rows = session.execute(text("SELECT id FROM orders WHERE customer = :customer"), {"customer": customer})
    return [row.id for row in rows]


@router.post("/")
def place(customer: str, session: SessionDep):
    order = Order(customer=customer)
    session.add(order)
    session.commit()
    send_confirmation(order.id)
    return {"id": order.id}
