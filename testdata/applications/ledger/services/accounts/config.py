from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, AliasPath, BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Database(BaseModel):
    host: str
    port: int = 5432
    password: str | None = None


class Common(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ledger_", env_nested_delimiter="__", env_file=Path(".env"))

    log_level: str = "INFO"


class Settings(Common):
    db: Database
    token: str
    root_path: str = ""
    allowed: list[int] = Field(default_factory=list)
    region: str = Field("eu", alias="AWS_REGION")
    first_host: str = Field("", validation_alias=AliasChoices("FIRST", AliasPath("HOSTS", 0)))


class Limits(BaseSettings):
    model_config = SettingsConfigDict(case_sensitive=True)

    MaxTransfer: int = 1000
    daily: int = 5000


@lru_cache
def get_settings() -> Settings:
    return Settings()


limits = Limits()
