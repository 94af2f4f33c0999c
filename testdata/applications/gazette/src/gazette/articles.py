from starlette.authentication import requires
from starlette.endpoints import HTTPEndpoint
from starlette.responses import JSONResponse


class Listing(HTTPEndpoint):
    async def get(self, request):
        return JSONResponse([])


class ArticleList(Listing):
    @requires("authenticated", status_code=401)
    async def post(self, request):
        return JSONResponse({}, status_code=201)


class Article(HTTPEndpoint):
    async def get(self, request):
        return JSONResponse({"slug": request.path_params["slug"]})

    @requires(["authenticated", "editor"])
    async def delete(self, request):
        return JSONResponse({})

    async def head(self, request):
        return JSONResponse({})
