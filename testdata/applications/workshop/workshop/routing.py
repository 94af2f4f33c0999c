from fastapi import APIRouter, HTTPException


class VersionedRouter(APIRouter):
    """A router that brings a prefix of its own."""

    def __init__(self, version: int, **options) -> None:
        super().__init__(prefix=f"/v{version}", **options)


class InternalRouter(APIRouter):
    def __init__(self, *args, **options) -> None:
        options.setdefault("include_in_schema", False)
        super().__init__(*args, **options)


def crud_router(entity: str, key_type: type) -> APIRouter:
    router = APIRouter(prefix=f"/{entity}")

    @router.get("/{key}")
    def read(key: key_type):
        raise HTTPException(404)

    @router.put("/{key}")
    def write(key: key_type, amount: int):
        return {entity: amount}

    return router
