"""What is printed: a typst template of an app, data passed as JSON, one PDF that keeps and that a screen reader reads.

`given("overview/emergency_sheet.typ", data, title="…", name="….pdf")` is the answer of a view. Nothing is fetched: the
fonts are those of the pages (`npm run build` unpacks them) and typst's own. What somebody wrote is a value of `data`,
never a part of the template: typst shows it as it is.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

_LOG = logging.getLogger(__name__)
# The templates and what they share; typst opens no file outside.
_ROOT = Path(__file__).resolve().parents[1]
_TEMPLATE = re.compile(r"(?P<app>[a-z_]+)/[a-z_]+\.typ")
# Both at once: kept for twenty years (ISO 19005-3), and read by who does not see (ISO 14289-1).
STANDARDS: "Final[list[typst.PDFStandard]]" = ["a-3a", "ua-1"]


def pdf(template: str, data: Mapping[str, Any], *, title: str) -> bytes:
    """Takes 0.1 to 0.5 s of processor for a page: never inside a transaction.

    A character that no font draws breaks both standards, not the page: it is then a PDF like another.
    """
    said = {"data": json.dumps({**data, "title": title})}
    compiler = typst.Compiler(
        _path(template), root=_ROOT, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=said
    )
    now = timezone.now().replace(microsecond=0)
    try:
        return _whole(compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=now))
    except typst.TypstError:
        _LOG.warning("%s is printed without its standards", template)
        return _whole(compiler.compile(format="pdf", timestamp=now))


def given(template: str, data: Mapping[str, Any], *, title: str, name: str) -> StreamingHttpResponse:
    """Shown in the browser under this file name; drawn once the transaction and its audit row are closed."""
    answer = StreamingHttpResponse(_drawn(template, data, title), content_type="application/pdf")
    answer.headers["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    return answer


def _drawn(template: str, data: Mapping[str, Any], title: str) -> Iterator[bytes]:
    yield pdf(template, data, title=title)


def _path(template: str) -> Path:
    asked = _TEMPLATE.fullmatch(template)
    if asked is None:
        raise ValueError(f"{template!r} is no template of an app")
    return _ROOT / asked["app"] / "templates" / template


@cache
def _fonts() -> typst.Fonts:
    folder = settings.FRONTEND_DIST / "fonts"
    return typst.Fonts(include_system_fonts=False, font_paths=[folder] if folder.is_dir() else [])


def _whole(made: bytes | list[bytes] | None) -> bytes:
    if not isinstance(made, bytes):
        raise TypeError("typst gives a PDF as one file")
    return made
