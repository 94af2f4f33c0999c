from enum import Enum

from pydantic_settings import BaseSettings


class Paths:
    ROOT = ""
    API = ROOT + "/api"


class Section(str, Enum):
    OPEN = "open"
    CLOSED = "closed"


PREFIXES = {"votes": "/votes", "polls": "/polls"}


class Settings(BaseSettings):
    extras_version: str = "v9"
    API_STR: str = "/api"
    WEBHOOK_PATH: str = "/hooks/vote"


settings = Settings()
