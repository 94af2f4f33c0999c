BOOKS = "books"
PREFIX_ROOT = "/"
ORDERS_PREFIX = PREFIX_ROOT + "orders"
REVIEWS: str = "/reviews"
