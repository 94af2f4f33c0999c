from fastapi import Query, WebSocketException, status


async def token_of_query(token: str | None = Query(default=None)) -> str:
    if token is None:
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    return token
