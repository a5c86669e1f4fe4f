"""A photograph made small enough for a page, with nothing in it but its points: it is drawn again from them. The pages
of a scan, drawn again as a PDF.
"""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms, ImageOps

from terresante.kernel.errors import Conflict
from terresante.kernel.files.kinds import refused

# Long edges, in points: one reads a wound or a pill box at full screen, one finds it again in a list.
LARGE, SMALL = 2048, 320
# Beyond, decoding costs a worker more memory (4 bytes a point) than a page deserves; telephones make 12 to 50 millions.
MOST_PIXELS = 64_000_000
_FORMATS = ("JPEG", "PNG")
# Of a process: 250 kB of a PNG may be 64 million points, half a gigabyte and seconds of a processor while it is drawn.
# Of those that wait for their turn, each holds a thread: few do.
AT_ONCE, WAITING, PATIENCE_SECONDS = 2, 6, 30.0
_drawing = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)
_BUSY = "Beaucoup de photos arrivent au même moment : joignez de nouveau la vôtre dans une minute."
_HUGE = "Cette photo dépasse 64 millions de points : prenez-la avec une définition moindre, puis joignez-la de nouveau."
_DAMAGED = "Cette photo est abîmée : ouvrez-la sur votre appareil, puis joignez-en une copie."
# Of a scan: its pages, the points of all of them, and a sheet of A4 at 300 points an inch.
MOST_PAGES, MOST_SCANNED = 60, 60_000_000
_SCANNED = ("JPEG", "PNG", "TIFF")
_RESOLUTION, _SHEET = 300.0, (2480, 3508)
_HUGE_SCAN = "Cette image dépasse 60 pages, ou 60 millions de points : convertissez-la en PDF."
# What Pillow raises on files that somebody damaged.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError),
    *(ZeroDivisionError, struct.error, ImageCms.PyCMSError),
)
# Ours is said by `MOST_PIXELS`, with a sentence.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Photograph:
    """Two JPEG of the same picture, and the size of the large one in points."""

    large: bytes
    small: bytes
    width: int
    height: int


def photograph(content: IO[bytes]) -> Photograph:
    """The way up first, then sRGB, then the size; raises Invalid for what does not open or is too large, Conflict when
    too many others are being drawn: the caller holds no connection meanwhile.

    The same file gives the same bytes, with one version of Pillow.
    """
    with _in_turn():
        return _photograph(content)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Conflict(_BUSY)
    try:
        if not _drawing.acquire(timeout=PATIENCE_SECONDS):
            raise Conflict(_BUSY)
        try:
            yield
        finally:
            _drawing.release()
    finally:
        _places.release()


def _photograph(content: IO[bytes]) -> Photograph:
    content.seek(0)
    try:
        with Image.open(content, formats=_FORMATS) as sent:
            if sent.width * sent.height > MOST_PIXELS:
                raise refused(_HUGE)
            # A JPEG is decoded at a half, a quarter or an eighth: never more points than needed.
            sent.draft("RGB", (LARGE, LARGE))
            large = _plain(ImageOps.exif_transpose(_fewer(sent)))
    except (OSError, SyntaxError, ValueError, ImageCms.PyCMSError) as error:
        raise refused(_DAMAGED) from error
    large.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    small = large.copy()
    small.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
    return Photograph(_jpeg(large, 85), _jpeg(small, 75), large.width, large.height)


def _fewer(sent: Image.Image) -> Image.Image:
    """A huge PNG with no more than a few times the points needed, before each step of `_plain` makes a copy of it."""
    times = max(sent.width, sent.height) // LARGE
    return sent.reduce(times) if times > 1 and sent.mode in ("L", "LA", "RGB", "RGBA") else sent


def _plain(picture: Image.Image) -> Image.Image:
    """On white where it is transparent; its colour profile applied, and gone."""
    profile = picture.info.get("icc_profile")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        picture = Image.alpha_composite(white, seen)
    if picture.mode != "CMYK":
        picture = picture.convert("RGB")
    picture = _srgb(picture, profile).convert("RGB")
    picture.info.clear()
    return picture


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):  # a profile of other colours than the picture's: shown without it
        return picture
    return made or picture


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def check_scan(content: bytes) -> None:
    """Raises Invalid for what `scan_as_pdf` would not draw."""
    for _ in _pages(content):
        pass


def scan_as_pdf(content: bytes) -> bytes:
    """A picture, or the pages of a TIFF, as a PDF. Raises Invalid for what does not open or is too large."""
    out = BytesIO()
    try:
        pages = [_drawn(page) for page in _pages(content)]
        pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=_RESOLUTION)
    except _BROKEN as error:
        raise refused(_DAMAGED) from error
    return out.getvalue()


def _pages(content: bytes) -> Iterator[Image.Image]:
    """Each page in turn, decoded; one alone of what is no TIFF. Raises Invalid."""
    points = 0
    try:
        with Image.open(BytesIO(content), formats=_SCANNED) as sent:
            for number in range(MOST_PAGES + 1 if sent.format == "TIFF" else 1):
                try:
                    sent.seek(number)
                except EOFError:
                    return
                points += sent.width * sent.height
                if points > MOST_SCANNED or number == MOST_PAGES:
                    raise refused(_HUGE_SCAN)
                sent.load()
                yield sent
    except _BROKEN as error:
        raise refused(_DAMAGED) from error


def _drawn(page: Image.Image) -> Image.Image:
    """Black and white stays so, unless it is made smaller; anything else is in colours."""
    seen = ImageOps.exif_transpose(page)
    is_large = seen.width > _SHEET[0] or seen.height > _SHEET[1]
    if seen.mode in ("1", "L"):
        drawn = seen.convert("L") if is_large else seen.copy()
    else:
        drawn = _plain(seen)
    drawn.info.clear()
    drawn.thumbnail(_SHEET, Image.Resampling.LANCZOS)
    return drawn
