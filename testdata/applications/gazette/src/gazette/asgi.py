from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from gazette import feeds, pages
from gazette.articles import Article, ArticleList
from gazette.auth import TokenBackend
from gazette.settings import API_PREFIX, DEBUG

api = Router(
    [
        Route("/articles", ArticleList),
        Route("/articles/{slug}", endpoint=Article, name="article"),
    ]
)

routes = [
    Route("/", pages.index),
    Route("/contact", pages.contact, methods=["GET", "POST"]),
    Route("/account", endpoint=pages.account),
    Mount(API_PREFIX, app=api),
    Mount("/feeds", routes=feeds.routes, name="feeds"),
    WebSocketRoute("/live", pages.live),
    WebSocketRoute("/echo", pages.Echo),
    Host("{city}.gazette.test", app=Router([Route("/", pages.city)]), name="city"),
    # Route("/drafts", pages.drafts),
]

if DEBUG:
    routes.append(Route("/debug", pages.debug))
routes += [Route("/sitemap.xml", pages.sitemap)]

app = Starlette(
    debug=DEBUG,
    routes=routes,
    middleware=[Middleware(AuthenticationMiddleware, backend=TokenBackend()), Middleware(GZipMiddleware)],
)
app.add_route("/robots.txt", pages.robots, include_in_schema=False)
app.mount("/editors", Starlette(routes=[Route("/", pages.editors), *feeds.private_routes]))
