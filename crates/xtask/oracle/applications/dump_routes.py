"""The routes that the applications of a project serve: `dump_routes.py DIRECTORY [application.json]`, as `routes.json`."""

import sys

import fastapi_or_none
import starlette

from common import named, run
from served import mounts, served


def dump(application):
    app = application.load()
    routes = [row(application, entry) for entry in served(app)]
    return {
        "made_with": {"fastapi": fastapi_or_none.version, "starlette": starlette.__version__},
        "routes": routes,
        "mounts": [{"app": application.name, "path": path, "mounted": named(inside)} for path, inside in mounts(app)],
    }


def row(application, entry):
    found = {"app": application.name, "root": application.root, "method": entry.method, "path": entry.path}
    if entry.is_framework:
        found |= {"handler": None, "file": None, "line": None, "status": "framework"}
    else:
        file, line = application.place(entry.handler)
        found |= {"handler": named(entry.handler), "file": file, "line": line}
        if file is None:
            found["status"] = "library"
    if entry.host:
        found["host"] = entry.host
    return found


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    run(dump, {})
