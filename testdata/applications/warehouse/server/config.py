import os
from dataclasses import dataclass, field
from os import environ, getenv as env


class Config:
    DEBUG = os.getenv("DEBUG", "false").lower() == "true"
    API_PREFIX = "/api"
    JWT_SECRET = os.environ["JWT_SECRET"]
    JWT_ALGORITHM = "HS256"
    DATABASE_URL: str = env("DATABASE_URL", "sqlite:///warehouse.db")
    PAGE_SIZE = int(environ.get("PAGE_SIZE", 25))


class DevelopmentConfig(Config):
    RELOAD = True


@dataclass
class Mail:
    host: str = field(default_factory=lambda: os.getenv("SMTP_HOST", "localhost"))
    password: str | None = os.environ.get("SMTP_PASSWORD")


class Cache:
    def __init__(self) -> None:
        self.url = os.getenv("REDIS_URL") or "redis://localhost:6379/0"
        self.seconds = int(os.getenv("CACHE_SECONDS", "60"))


RELEASE = os.getenv("RELEASE", "unknown")
config = DevelopmentConfig() if os.getenv("APP_ENV", "development") == "development" else Config()
mail = Mail()
cache = Cache()
