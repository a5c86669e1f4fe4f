"""The built front-end: Vite's manifest gives each source its hashed file."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import orjson
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.templatetags.static import static

SPRITE = "icons/sprite.svg"


@cache
def manifest_path() -> Path:
    return Path(settings.BASE_DIR) / "frontend" / "dist" / ".vite" / "manifest.json"


def asset_url(source: str) -> str:
    """The page must still be served when the front-end is not built (tests, a first install): plain, then.

    What was built is read once: a process that serves pages is started after it.
    """
    try:
        return _url(manifest_path(), source)
    except FileNotFoundError:
        return static(source)


def built() -> Mapping[str, str]:
    """Each source and its file in `frontend/dist`. Raises FileNotFoundError."""
    return _built(manifest_path())


@lru_cache(maxsize=256)
def _url(manifest: Path, source: str) -> str:
    return static(_built(manifest).get(source, source))


@lru_cache(maxsize=8)
def _built(manifest: Path) -> Mapping[str, str]:
    entries = orjson.loads(manifest.read_bytes())
    return {source: entry["file"] for source, entry in entries.items()}


@register()
def front_end_is_built(**_kwargs: object) -> list[CheckMessage]:
    if manifest_path().exists():
        return []
    hint = "Run `npm ci && npm run build`."
    return [Warning("The front-end is not built: pages have no style.", hint=hint, id="ui.W001")]
