from fastapi import APIRouter, Depends

from clinic.guards import ApiKey, require_role


def make_router(kind: str) -> APIRouter:
    router = APIRouter(tags=[kind])
    optional_key = ApiKey("visits", optional=True)

    @router.get("/today")
    def visits_today(key=Depends(optional_key)):
        return []

    def cancel_visit(visit_id: int, user: str = Depends(require_role("desk", "doctor"))):
        return {"cancelled": visit_id}

    router.add_api_route(path="/{visit_id}", endpoint=cancel_visit, methods=["DELETE"])
    return router
