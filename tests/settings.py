import os

os.environ["TERRESANTE_TESTING"] = "1"

from config.settings import *  # noqa: F403 -- the environment decides what it reads
