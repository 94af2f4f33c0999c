from fastapi import APIRouter, Depends

from app.api.routes import books, login as login_routes, orders, reviews
from app.core.constants import BOOKS
from app.core.security import get_current_user as user_of_token

api_router = APIRouter()
api_router.include_router(login_routes.router)
api_router.include_router(books.router, prefix=f"/{BOOKS}", tags=[BOOKS])
api_router.include_router(orders.router, dependencies=[Depends(user_of_token)])
books.router.include_router(reviews.router, prefix="/{book_id}" + reviews.PREFIX)
