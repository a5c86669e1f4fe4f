"""`live` serves the streams; `everything` serves one origin from one process, for a demonstration."""

import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_pages = get_wsgi_application()

from terresante.kernel.live.server import LiveServer  # noqa: E402 -- needs Django set up

live = LiveServer()
_wsgi = WSGIMiddleware(_pages, workers=16)  # type: ignore[arg-type]  # Django's response is such an iterable


async def everything(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan" or scope.get("path") == "/live":
        await live(scope, receive, send)
    else:
        await _wsgi(scope, receive, send)
