from fastapi import APIRouter

router = APIRouter(prefix="/tools")
shed = APIRouter()


@router.get("")
def list_tools():
    return []


@router.get("/{tool_id}")
def read_tool(tool_id: int):
    return {"id": tool_id}


@router.get("/broken")
def broken_tools():
    """Never reached: the path above takes it."""
    return []


@shed.get("/ladder")
def ladder():
    return {}
