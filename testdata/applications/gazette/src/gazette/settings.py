from starlette.config import Config
from starlette.datastructures import CommaSeparatedStrings, Secret

config = Config()

DEBUG = config("DEBUG", cast=bool, default=False)
SECRET = config("SECRET", cast=Secret)
ALLOWED_HOSTS = config("ALLOWED_HOSTS", cast=CommaSeparatedStrings, default="*")
VERSION = 1
API_PREFIX = "/api/v%d" % VERSION
