"""The platform's own settings, serving the bare views of the comparison instead of its pages."""

from config.settings import *  # noqa: F403 -- the same deployment, to the URLs and the middleware

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = []
