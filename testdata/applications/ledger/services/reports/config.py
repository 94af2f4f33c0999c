from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    reports_key: str
    prefix: str = "/reports"

    class Config:
        env_file = ".env"


settings = Settings()
