from polls.endpoints import admin, beta, sections, votes
from polls.endpoints.lists import private_router, public_router as public

__all__ = ["admin", "beta", "sections", "votes"]

ALL_ROUTERS = [public, private_router]
ALL_ROUTERS.append(beta.early)
