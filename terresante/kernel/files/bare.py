"""A JPEG or a PNG without what a camera or a program wrote around the picture: where, when, with what, by whom.

The picture stays byte for byte, with its colours and its way up. Nothing is decoded: segments (ITU T.81, B.1) and
chunks (PNG, W3C) that a reader needs are copied; all others are left out, known or not, and so is what follows the end
of the picture (a film, another picture with its own place).
"""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO
from zlib import crc32

from terresante.kernel.files.kinds import DAMAGED, FileKind, refused

_STEP = 1 << 20
_IN_MEMORY = 5_000_000
# Of a picture: beyond, it was made for who reads it to lose his time. A camera pads to a block of its card, no more.
_MOST_MARKERS, _MOST_PADDING, _MOST_CHUNKS = 4000, 4096, 100_000
# Inside the coded picture: a byte 0xFF that is neither data, nor a restart, nor padding. Never the whole padding, which
# would be tried again from each of its bytes.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_APP0, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
# Frames, tables, restarts: what decodes.
_DECODING = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0)})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_ORIENTATION = 0x0112
# Ancillary chunks that change how the picture looks; those it needs begin with a capital letter.
_LOOKS = frozenset(
    {
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"cICP",
        b"bKGD",
        b"pHYs",
        b"acTL",
        b"fcTL",
        b"fdAT",
    }
)


@contextmanager
def bare(content: IO[bytes], kind: FileKind) -> Iterator[IO[bytes]]:
    """What is kept of a received file: of a JPEG or a PNG, the picture alone; of another kind, what was sent.

    Raises Invalid for a picture of more pieces than any has.
    """
    content.seek(0)
    if kind not in (FileKind.JPEG, FileKind.PNG):
        yield content
        return
    with SpooledTemporaryFile(_IN_MEMORY) as kept:
        (_copy_jpeg if kind == FileKind.JPEG else _copy_png)(content, kept)
        kept.seek(0)
        yield kept


def _copy_jpeg(content: IO[bytes], kept: IO[bytes]) -> None:
    kept.write(content.read(2))
    for _ in range(_MOST_MARKERS):
        marker = _marker(content)
        if marker is None:
            return
        if marker in _ALONE:
            kept.write(bytes((0xFF, marker)))
            continue
        if marker in (_START, _END):
            kept.write(bytes((0xFF, _END)))
            return
        body = content.read(max(int.from_bytes(content.read(2)) - 2, 0))
        if (said := _segment(marker, body)) is not None:
            kept.write(bytes((0xFF, marker)) + (len(said) + 2).to_bytes(2) + said)
        if marker == _SCAN:
            _copy_scan(content, kept)
    raise refused(DAMAGED)


def _marker(content: IO[bytes]) -> int | None:
    """The next one; 0xFF may stand before it as padding. None at the end, or where there is no marker."""
    if content.read(1) != b"\xff":
        return None
    for _ in range(_MOST_PADDING):
        if (byte := content.read(1)) != b"\xff":
            return byte[0] if byte else None
    raise refused(DAMAGED)


def _segment(marker: int, body: bytes) -> bytes | None:
    if marker in _DECODING or (marker == _ICC and body.startswith(b"ICC_PROFILE\0")):
        return body
    if marker == _ADOBE and body.startswith(b"Adobe"):
        return body[:12]
    if marker == _APP0 and body.startswith(b"JFIF\0"):
        return body[:12].ljust(12, b"\0") + b"\0\0"  # without its thumbnail: perhaps of what was cut off
    if marker == _EXIF and body.startswith(b"Exif\0\0") and (way_up := _orientation(body[6:])) > 1:
        return b"Exif\0\0" + _tiff(way_up)
    return None


def _copy_scan(content: IO[bytes], kept: IO[bytes]) -> None:
    """Up to the next marker, where it leaves `content`."""
    while piece := content.read(_STEP):
        found = _NEXT_MARKER.search(piece)
        end = found.start() if found else len(piece)
        if found is None and piece.endswith(b"\xff") and len(piece) > 1:
            end -= 1  # the marker may be cut in two
        kept.write(piece[:end])
        content.seek(end - len(piece), 1)
        if found:
            return


def _copy_png(content: IO[bytes], kept: IO[bytes]) -> None:
    kept.write(content.read(8))
    for _ in range(_MOST_CHUNKS):
        if len(head := content.read(8)) < 8:
            return
        size, name = int.from_bytes(head[:4]) + 4, head[4:]
        if name == b"eXIf":
            body = content.read(size)
            if (way_up := _orientation(body)) > 1:
                kept.write(_chunk(b"eXIf", _tiff(way_up)))
        elif name[:1].isupper() or name in _LOOKS:
            kept.write(head)
            _copy(content, kept, size)
        else:
            content.seek(size, 1)
        if name == b"IEND":
            return
    raise refused(DAMAGED)


def _copy(content: IO[bytes], kept: IO[bytes], size: int) -> None:
    while size and (piece := content.read(min(size, _STEP))):
        kept.write(piece)
        size -= len(piece)


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + crc32(name + body).to_bytes(4)


def _orientation(tiff: bytes) -> int:
    """1 to 8, as EXIF says it in its first directory; 1 for none, or for what is not understood."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 1
    start = struct.unpack_from(f"{order}I", tiff, 4)[0]
    if start + 2 > len(tiff):
        return 1
    for number in range(struct.unpack_from(f"{order}H", tiff, start)[0]):
        place = start + 2 + 12 * number
        if place + 12 > len(tiff):
            break
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, place)
        if tag == _ORIENTATION:
            return value if 1 <= value <= 8 else 1
    return 1


def _tiff(way_up: int) -> bytes:
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, way_up, 0, 0)
