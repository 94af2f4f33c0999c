from typing import Annotated, Literal

from pydantic import AliasChoices, Field, PostgresDsn, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

INSECURE = "changeme"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_prefix="SHOP_", extra="ignore")

    project_name: str = "Bookshop"
    environment: Literal["local", "staging", "production"] = "local"
    api_version: int = 2
    secret_key: SecretStr
    first_password: str = INSECURE
    database_url: str = Field(validation_alias="DATABASE_URL")
    redis_url: str = Field(default="redis://localhost:6379/0", validation_alias=AliasChoices("REDIS_URL", "SHOP_CACHE"))
    cors_origins: Annotated[list[str], NoDecode] = ["http://localhost:5173"]
    page_size: int = Field(default=20, le=100, description="rows of a page")
    sentry_dsn: PostgresDsn | None = None

    @property
    def api_prefix(self) -> str:
        return f"/api/v{self.api_version}"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def split_origins(cls, value: str | list[str]) -> list[str]:
        if isinstance(value, str):
            return [origin.strip() for origin in value.split(",")]
        return value

    @model_validator(mode="after")
    def refuse_insecure(self) -> "Settings":
        if self.environment == "production" and self.first_password == INSECURE:
            raise ValueError("first_password is not set")
        return self


settings = Settings()
