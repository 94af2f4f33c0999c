from fastapi import Depends, FastAPI

from config import get_settings
from deps import verify_token
from routers import accounts, transfers

settings = get_settings()
app = FastAPI(title="Accounts", root_path=settings.root_path, dependencies=[Depends(verify_token)])
app.include_router(accounts.router, prefix="/accounts")
app.include_router(transfers.router)
