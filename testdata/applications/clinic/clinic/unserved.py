"""A second application that no server starts and no test imports."""

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/prototype")
def prototype():
    return {}
