"""The platform as an application of a telephone: its manifest, its service worker, the page without network.

The worker (frontend/pwa/worker.ts) keeps what `shell()` lists and nothing else. Its text changes when that does: a
browser compares it at each page and takes the new one.
"""

from functools import cache
from hashlib import sha256
from pathlib import PurePosixPath

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from terresante.kernel.screens import public
from terresante.kernel.ui.assets import asset_url, built

_WORKER = "pwa/worker.ts"
# Of the tokens (frontend/styles/_tokens.scss): the bar and the ground of the light theme.
THEME, GROUND = "#083c47", "#f4f7f8"
# A browser that reads WOFF2, as every one that has service workers, never asks the older form.
_NOT_KEPT = (".woff", ".png")


@public(reason="a browser asks it before anybody logs in, without cookies")
def manifest(request: HttpRequest) -> HttpResponse:
    """https://www.w3.org/TR/appmanifest/"""
    told = {
        "id": "/",
        "name": "Terr-eSanté",
        "short_name": "Terr-eSanté",
        "description": "Coordonner les soins autour de la personne",
        "lang": "fr",
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": THEME,
        "background_color": GROUND,
        "icons": [
            _icon("icons/app-192.png", 192),
            _icon("icons/app-512.png", 512),
            _icon("icons/app-maskable-512.png", 512, "maskable"),
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@public(reason="a browser asks it by itself; it is the same for everybody")
def worker(request: HttpRequest) -> HttpResponse:
    """Raises Http404 where the front-end is not built."""
    response = HttpResponse(_worker_text(), content_type="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@public(reason="kept by every browser, shown without network: nobody's page")
def offline(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_offline_page())


def shell() -> list[str]:
    """Every file that the worker keeps, all named by a hash of their content."""
    files = (name for source, name in built().items() if source != _WORKER)
    return sorted(
        f"{settings.STATIC_URL}{name}" for name in files if PurePosixPath(name).suffix not in _NOT_KEPT
    )


@cache
def _worker_text() -> str:
    try:
        code = (settings.FRONTEND_DIST / built()[_WORKER]).read_text()
    except (FileNotFoundError, KeyError) as error:
        raise Http404 from error
    kept = {"offline": reverse("offline"), "files": shell(), "icon": asset_url("icons/app-192.png")}
    version = sha256(orjson.dumps(kept) + _offline_page().encode()).hexdigest()[:16]
    return f"const KEPT_SHELL = {orjson.dumps({**kept, 'version': version}).decode()};\n{code}"


@cache
def _offline_page() -> str:
    return render_to_string("offline.html")


def _icon(source: str, size: int, purpose: str = "any") -> dict[str, str]:
    return {"src": asset_url(source), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
