"""The papers of the stories, as files: a PDF written by hand (ISO 32000-1, one standard font, no compression) and the
trace of an electrocardiogram as a PNG. Small, the same for the same day, and they name only invented people.
"""

import struct
import zlib
from math import exp, sin
from textwrap import wrap

from simulators.region.model import Paper

_WIDTH, _HEIGHT, _MARGIN, _SIZE, _LEADING = 595, 842, 64, 11, 16
_LINES_A_PAGE = 40
_COLUMNS = 84


def content_of(paper: Paper) -> tuple[str, bytes]:
    """(file name, content)."""
    name = paper.title.replace(" ", "_").replace("’", "_").replace("\u00a0", "_")
    if paper.form == "png":
        return f"{name}.png", trace()
    if paper.form == "txt":
        return f"{name}.txt", paper.text.encode()
    return f"{name}.pdf", pdf(paper)


def pdf(paper: Paper) -> bytes:
    lines = _lines(paper)
    pages = [lines[start : start + _LINES_A_PAGE] for start in range(0, len(lines), _LINES_A_PAGE)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Lang(fr-FR)>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        font,
    ]
    for number, page in enumerate(pages):
        objects += [_page(5 + 2 * number), _drawn(page, f"{number + 1}/{len(pages)}")]
    return _file(objects)


def _lines(paper: Paper) -> list[tuple[int, str]]:
    """(size, words); an empty line for each empty line of the text."""
    lines = [(_SIZE, line) for line in paper.letterhead] + [(_SIZE, ""), (15, paper.title), (_SIZE, "")]
    for line in paper.text.split("\n"):
        lines += [(_SIZE, piece) for piece in wrap(line, _COLUMNS) or [""]]
    return [*lines, (_SIZE, ""), (_SIZE, paper.signature)]


def _page(content: int) -> bytes:
    box = f"[0 0 {_WIDTH} {_HEIGHT}]"
    return f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Resources<</Font<</F1 3 0 R>>>>/Contents {content} 0 R>>".encode()


def _drawn(lines: list[tuple[int, str]], folio: str) -> bytes:
    top = _HEIGHT - _MARGIN
    drawn = [
        _text(size, _MARGIN, top - number * _LEADING, words)
        for number, (size, words) in enumerate(lines)
        if words
    ]
    content = b"\n".join([*drawn, _text(9, _WIDTH - _MARGIN, 36, folio)])
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def _text(size: int, x: int, y: int, words: str) -> bytes:
    said = words.encode("cp1252", "replace")
    for sign in (b"\\", b"(", b")"):
        said = said.replace(sign, b"\\" + sign)
    return b"BT /F1 %d Tf %d %d Td (%s) Tj ET" % (size, x, y, said)


def _file(objects: list[bytes]) -> bytes:
    written, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(written))
    )


def trace(width: int = 1200, height: int = 420) -> bytes:
    """Twelve beats of one lead over a millimetre grid, in grey."""
    rows = [
        bytearray(205 if y % 20 == 0 else 235 if y % 4 == 0 else 250 for _ in range(width))
        for y in range(height)
    ]
    for row in rows:
        for x in range(0, width, 20):
            row[x] = 205
    before = height // 2
    for x in range(width):
        y = height // 2 - round(150 * _beat((x % 97) / 97) + 4 * sin(x / 9))
        for drawn in range(min(y, before) - 1, max(y, before) + 2):
            rows[drawn][x] = 20
        before = y
    return _png(width, height, b"".join(b"\0" + bytes(row) for row in rows))


def _beat(moment: float) -> float:
    """The wave of a beat, from 0 to 1: QRS, then T; no P wave, as in a fibrillation."""
    return _wave(moment, 0.3, 0.012) - 0.25 * _wave(moment, 0.33, 0.015) + 0.2 * _wave(moment, 0.6, 0.06)


def _wave(moment: float, middle: float, width: float) -> float:
    return exp(-(((moment - middle) / width) ** 2))


def _png(width: int, height: int, rows: bytes) -> bytes:
    parts = (
        (b"IHDR", struct.pack(">II5B", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
