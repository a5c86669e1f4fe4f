import os

os.environ["TERRESANTE_TESTING"] = "1"

from config.settings import *  # noqa: F403 -- the environment decides what it reads

# Files of a test go with its process.
STORAGES["files"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}  # noqa: F405
# There is no collected folder to serve in a test, and whitenoise warns of it.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]  # noqa: F405
