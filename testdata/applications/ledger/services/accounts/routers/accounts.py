from fastapi import APIRouter

router = APIRouter()


@router.get("/")
@router.get("", include_in_schema=False)
def list_accounts(limit: int = 50):
    return []


@router.get("/{account_id}")
def read_account(account_id: int):
    return {"id": account_id}
