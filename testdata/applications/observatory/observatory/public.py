from fastapi import FastAPI

app = FastAPI(title="Public", docs_url="/help", redoc_url=None)


@app.get("/moon")
async def moon():
    return {"phase": "full"}


@app.options("/moon")
async def moon_options():
    return {}


@app.head("/moon")
async def moon_head():
    return None


@app.trace("/moon")
async def moon_trace():
    return {}
