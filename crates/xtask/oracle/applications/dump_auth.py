"""What a request without credentials is answered, and which dependencies a route has: `dump_auth.py DIRECTORY [application.json]`.

`without_credentials` is the status, 101 for an accepted WebSocket; null where the application cannot answer (it needs a
database, or the endpoint does not return). With `"requests": false` in application.json no request is made.
"""

import enum
import re
import sys
import threading
import uuid

from common import named, run
from served import original_of, served

SECONDS = 5


def dump(application):
    app = application.load()
    answers = application.described.get("requests", True)
    ask = Client(app) if answers else None
    return [row(application, entry, ask) for entry in served(app) if not entry.is_framework]


def row(application, entry, ask):
    dependencies = dependant_of(entry.route)
    host = {"host": entry.host} if entry.host else {}
    return {
        "app": application.name,
        "root": application.root,
        "method": entry.method,
        "path": entry.path,
        "without_credentials": ask.status(entry) if ask else None,
        "dependants": flattened(dependencies) if dependencies else [],
    } | host


def dependant_of(route):
    return getattr(route, "dependant", None) or getattr(original_of(route), "dependant", None)


def flattened(dependant, seen=None):
    """Every callable below, each once, a dependency before what it depends on itself."""
    seen = [] if seen is None else seen
    for below in dependant.dependencies:
        if below.call is not None and named(below.call) not in seen:
            seen.append(named(below.call))
        flattened(below, seen)
    return seen


class Client:
    """Requests to the application in this process, each given up after some seconds."""

    def __init__(self, app):
        from starlette.testclient import TestClient

        self.client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def status(self, entry):
        method = "GET" if entry.method == "*" else entry.method
        path = filled(entry)
        headers = {"host": re.sub(r"\{[^}]*\}", "x", entry.host)} if entry.host else {}
        action = (lambda: self.connect(path)) if method == "WEBSOCKET" else (lambda: self.request(method, path, headers))
        return in_time(action)

    def request(self, method, path, headers):
        return self.client.request(method, path, headers=headers).status_code

    def connect(self, path):
        """101, or the status of the answer with which a server refuses: 403 for a close before the acceptance."""
        from starlette.websockets import WebSocketDisconnect

        try:
            with self.client.websocket_connect(path):
                return 101
        except WebSocketDisconnect:
            return 403
        except Exception as error:
            return getattr(error, "status_code", None) or 403 if "denial" in type(error).__name__.lower() else None


def in_time(action):
    found = []

    def work():
        try:
            found.append(action())
        except BaseException as error:
            print(f"no answer: {error!r}", file=sys.stderr)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(SECONDS)
    return found[0] if found else None


def filled(entry):
    """The path with a value for each parameter that its converter and its annotation accept."""
    kinds = {field.name: annotation(field) for field in getattr(dependant_of(entry.route), "path_params", ())}
    return re.sub(r"\{(\w+)(?::(\w+))?\}", lambda part: value_for(part[2], kinds.get(part[1])), entry.path)


def annotation(field):
    return getattr(field, "type_", None) or getattr(getattr(field, "field_info", None), "annotation", None)


def value_for(converter, kind):
    if converter in ("int", "float") or kind in (int, float):
        return "1"
    if converter == "uuid" or kind is uuid.UUID:
        return "00000000-0000-4000-8000-000000000000"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return str(next(iter(kind)).value)
    return "x"


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    run(dump, [])
