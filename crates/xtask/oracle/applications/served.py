"""Every route that an application serves, in the order in which it tries them, with its whole path.

Old FastAPI copies an included router's routes; since then it keeps the router and resolves it when asked, which
`iter_route_contexts` does. Plain Starlette is walked by hand: a mount and a host hold an application of their own.
"""

import inspect
from dataclasses import dataclass
from typing import Any

from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.routing import Host, Mount, Route, WebSocketRoute

try:
    from fastapi.routing import iter_route_contexts
except ImportError:
    iter_route_contexts = None

HTTP_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


@dataclass
class Served:
    """A method and path, what answers them, the route object and the hosts to which it is limited (None for any)."""

    method: str
    path: str
    handler: Any
    route: Any
    host: str | None
    is_framework: bool


def served(app, prefix="", host=None, seen=()):
    """The routes of an ASGI application that has some, mounts resolved; `mounts` below gives those that have none."""
    if id(app) in seen:
        return
    for route in contexts(app):
        yield from of_route(route, prefix, host, (*seen, id(app)))


def mounts(app, prefix="", seen=()):
    """What stands below a path and has no routes that can be listed: `StaticFiles`, another framework, FastAPI's `frontend`."""
    if id(app) in seen:
        return
    yield from frontends(app, prefix)
    for route in contexts(app):
        original = getattr(route, "starlette_route", None) or original_of(route)
        if isinstance(original, Mount) and not routes_of(inner(original.app)):
            yield prefix + (route.path or ""), inner(original.app)
        elif isinstance(original, Mount):
            yield from mounts(inner(original.app), prefix + (route.path or ""), (*seen, id(app)))
        elif isinstance(original, Host):
            yield from mounts(inner(original.app), prefix, (*seen, id(app)))


def frontends(app, prefix):
    """FastAPI tries its frontends after all routes, and keeps them out of `routes`."""
    router = getattr(inner(app), "router", inner(app))
    for route in getattr(router, "_iter_low_priority_routes", list)():
        group = original_of(route)
        for frontend in getattr(group, "routes", ()):
            yield prefix + getattr(route, "frontend_prefix", "") + frontend.path, frontend.app


def contexts(app):
    routes = routes_of(inner(app))
    return list(iter_route_contexts(routes)) if iter_route_contexts else list(routes)


def routes_of(app):
    routes = getattr(app, "routes", None)
    return routes if isinstance(routes, (list, tuple)) else []


def inner(app):
    """The application below the middlewares that were put around it by hand (`app = Middleware(app)`)."""
    for _ in range(20):
        if routes_of(app) or not hasattr(app, "app"):
            return app
        app = app.app
    return app


def original_of(route):
    return getattr(route, "original_route", route)


def of_route(route, prefix, host, seen):
    original = original_of(route)
    if isinstance(original, Mount):
        yield from served(inner(original.app), prefix + (route.path or ""), host, seen)
    elif isinstance(original, Host):
        # A host inside a router that has a prefix holds a mount of its own; the effective route knows it.
        app = getattr(route, "app", None) or original.app
        yield from served(inner(app), prefix, original.host, seen)
    elif isinstance(original, WebSocketRoute):
        yield Served("WEBSOCKET", prefix + route.path, endpoint_of(route), route, host, False)
    elif isinstance(original, Route):
        yield from of_http_route(route, original, prefix, host)


def endpoint_of(route):
    endpoint = route.endpoint
    return endpoint


def of_http_route(route, original, prefix, host):
    endpoint = endpoint_of(route)
    framework = is_of_framework(endpoint)
    if route.methods is None and inspect.isclass(endpoint) and issubclass(endpoint, HTTPEndpoint):
        for method in HTTP_METHODS:
            handler = getattr(endpoint, method.lower(), None)
            if handler is not None:
                yield Served(method, prefix + route.path, handler, route, host, framework)
        return
    for method in sorted(methods_of(route, original)):
        handler = endpoint
        if inspect.isclass(endpoint) and issubclass(endpoint, HTTPEndpoint):
            handler = getattr(endpoint, method.lower(), endpoint)
        yield Served(method, prefix + route.path, handler, route, host, framework)


def methods_of(route, original):
    """The methods as written: Starlette's `Route` adds HEAD to GET by itself, FastAPI's `APIRoute` does not."""
    methods = route.methods
    if methods is None:
        return {"*"}
    automatic = type(original).__module__.startswith("starlette.") or not hasattr(original, "dependant")
    return methods - {"HEAD"} if automatic and "GET" in methods else methods


def is_of_framework(endpoint):
    module = getattr(endpoint, "__module__", "") or ""
    return module.startswith("fastapi.")


__all__ = ["Served", "WebSocketEndpoint", "mounts", "served"]
