"""The built front-end: Vite's manifest gives each source its hashed file."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import orjson
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.templatetags.static import static

SPRITE = "icons/sprite.svg"


def manifest_path() -> Path:
    return Path(settings.BASE_DIR) / "frontend" / "dist" / ".vite" / "manifest.json"


def asset_url(source: str) -> str:
    """The page must still be served when the front-end is not built (tests, a first install): plain, then."""
    built = _manifest().get(source)
    return static(built or source)


@lru_cache(maxsize=1)
def _read(path: Path, changed: float) -> Mapping[str, str]:
    entries = orjson.loads(path.read_bytes())
    return {source: entry["file"] for source, entry in entries.items()}


def _manifest() -> Mapping[str, str]:
    path = manifest_path()
    try:
        changed = path.stat().st_mtime
    except FileNotFoundError:
        return {}
    return _read(path, changed)


@register()
def front_end_is_built(**_kwargs: object) -> list[CheckMessage]:
    if manifest_path().exists():
        return []
    hint = "Run `npm ci && npm run build`."
    return [Warning("The front-end is not built: pages have no style.", hint=hint, id="ui.W001")]
