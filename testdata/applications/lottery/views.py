from fastapi import FastAPI


def register_view(app: FastAPI, view: type, path: str) -> None:
    """One route for each verb that the class has."""
    for method in ("get", "post", "delete"):
        handler = getattr(view(), method, None)
        if handler is not None:
            app.add_api_route(path, handler, methods=[method.upper()])


class InfoView:
    def get(self):
        return {"odds": 0.01}

    def delete(self):
        return {}
