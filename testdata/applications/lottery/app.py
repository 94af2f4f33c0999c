from fastapi import FastAPI

from controllers import DrawController, TicketController
from views import InfoView, register_view
from accounts import router as accounts
from prizes import router as prizes

app = FastAPI(openapi_url=None)
app.include_router(DrawController("draws").router)
app.include_router(TicketController().router, prefix="/v1")
register_view(app, InfoView, "/info")
app.include_router(accounts)
app.include_router(prizes)

if __name__ == "__main__":
    import uvicorn

    uvicorn.run("app:app", reload=True)
