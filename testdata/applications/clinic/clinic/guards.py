from typing import Annotated

from fastapi import Depends, Header, HTTPException, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

header_scheme = APIKeyHeader(name="X-API-Key", auto_error=False)
bearer = HTTPBearer(auto_error=False)


class ApiKey:
    """A dependency that is an object: `Depends(ApiKey("area"))`."""

    def __init__(self, area: str, optional: bool = False) -> None:
        self.area = area
        self.optional = optional

    def __call__(self, key: Annotated[str | None, Depends(header_scheme)]) -> str | None:
        if key is None and not self.optional:
            raise HTTPException(status_code=403, detail=f"no key for {self.area}")
        return key


def require_tenant(x_tenant: str = Header()) -> str:
    """Demands a header, of which nothing is checked: no credential."""
    return x_tenant


async def user_with_scopes(
    scopes: SecurityScopes, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    if credentials is None:
        raise HTTPException(401, headers={"WWW-Authenticate": f'Bearer scope="{scopes.scope_str}"'})
    return credentials.credentials


def require_role(*roles: str):
    def checker(user: str = Security(user_with_scopes, scopes=["me"])) -> str:
        if user not in roles:
            raise HTTPException(403, "wrong role")
        return user

    return checker


Doctor = Annotated[str, Security(user_with_scopes, scopes=["doctor"])]
