from fastapi import FastAPI

from config import settings
from routers.reports import router

app = FastAPI(title="Reports", redoc_url=None)
app.include_router(router, prefix=settings.prefix)
