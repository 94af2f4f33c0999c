from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api import orders
from app.settings import settings

app = FastAPI(title="Shop")
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.CORS_ORIGINS,
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)
app.include_router(orders.router, prefix="/api")


@app.get("/health")
def health():
    return {"status": "ok"}
