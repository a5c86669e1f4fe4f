"""`live` serves the streams; `everything` serves one origin from one process, for a demonstration."""

from typing import Any

from a2wsgi import WSGIMiddleware

from config.wsgi import application as pages  # sets Django up, which the streams need
from terresante.kernel.live.server import LiveServer

live = LiveServer()
_wsgi = WSGIMiddleware(pages, workers=64)  # type: ignore[arg-type]  # Django's response is such an iterable


async def everything(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan" or scope.get("path") == "/live":
        await live(scope, receive, send)
    else:
        await _wsgi(scope, receive, send)
