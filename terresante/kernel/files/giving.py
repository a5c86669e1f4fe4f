"""The one way out for a received file: streamed after the transaction has closed, running nothing wherever it opens."""

import re

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from terresante.kernel.files import vault
from terresante.kernel.files.kinds import FileKind
from terresante.kernel.models import StoredFile

# Nothing of a file runs, whatever it is and whoever opens its address alone.
_SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
_TEXT = "text/plain; charset=utf-8"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def given(
    file: StoredFile, *, size: int, kind: str, name: str, as_attachment: bool = False
) -> StreamingHttpResponse:
    """The whole file. Raises NotFound when it no longer opens."""
    answer = StreamingHttpResponse(vault.read(file, size=size))
    answer.headers["Content-Length"] = str(size)
    return _guarded(answer, kind, name, as_attachment)


def given_content(content: bytes, *, kind: str, name: str) -> StreamingHttpResponse:
    """What was found inside a file, to be shown."""
    answer = StreamingHttpResponse([content])
    answer.headers["Content-Length"] = str(len(content))
    return _guarded(answer, kind, name, as_attachment=False)


def given_in_parts(
    request: HttpRequest, file: StoredFile, *, size: int, kind: str, name: str
) -> StreamingHttpResponse | HttpResponse:
    """The stretch that a player asks for (RFC 9110, 14: one range), or the whole file when it asks for none."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.groups() == ("", ""):
        answer = given(file, size=size, kind=kind, name=name)
        answer.headers["Accept-Ranges"] = "bytes"
        return answer
    first, last = asked.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    part = StreamingHttpResponse(vault.read(file, size=size, start=start, stop=stop), status=206)
    part.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    part.headers["Content-Length"] = str(stop - start)
    part.headers["Accept-Ranges"] = "bytes"
    return _guarded(part, kind, name, as_attachment=False)


def _guarded(
    answer: StreamingHttpResponse, kind: str, name: str, as_attachment: bool
) -> StreamingHttpResponse:
    answer.headers["Content-Type"] = _TEXT if kind == FileKind.TEXT else kind
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment, name) or "attachment"
    answer.headers["Content-Security-Policy"] = _SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
