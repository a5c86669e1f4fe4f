"""Photographs as a telephone would take them, drawn: of no real person and no real home, yet telling where and when in
their EXIF, as real ones do. Small, the same each time.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

_SIZE = (960, 720)
_GPS, _MAKE, _MODEL = 0x8825, 0x010F, 0x0110
Pen = ImageDraw.ImageDraw


def photograph(form: str) -> bytes:
    """A JPEG; raises KeyError for a form that nobody drew."""
    picture = Image.new("RGB", _SIZE, "#d8cfc4")
    _DRAWN[form](ImageDraw.Draw(picture))
    out = BytesIO()
    picture.filter(ImageFilter.GaussianBlur(3)).save(out, "JPEG", quality=80, exif=_told())
    return out.getvalue()


def message() -> bytes:
    """Four seconds of a voice that nobody has: tones through filters, recorded once by a browser (WebM, Opus)."""
    return (Path(__file__).parent / "data" / "message.webm").read_bytes()


def _told() -> Image.Exif:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = "Simulé", "Téléphone de démonstration"
    exif.get_ifd(_GPS).update({1: "N", 2: (48.0, 48.0, 0.0), 3: "E", 4: (2.0, 26.0, 0.0)})
    return exif


def _bruise(pen: Pen) -> None:
    pen.rounded_rectangle((-80, 190, 1040, 560), 160, fill="#e3b896")
    for inset, colour in ((0, "#c9ad5d"), (34, "#a8806a"), (70, "#7b4a68"), (112, "#5b3159")):
        pen.ellipse((330 + inset, 250 + inset * 0.7, 660 - inset, 490 - inset * 0.7), fill=colour)
    _ruler(pen, 610)


def _fridge(pen: Pen) -> None:
    pen.rectangle((60, 20, 900, 720), fill="#f4f7f8")
    for shelf in (220, 420, 620):
        pen.rectangle((80, shelf, 880, shelf + 10), fill="#b7c4ca")
    pen.rounded_rectangle((150, 330, 250, 418), 14, fill="#fafafa", outline="#8aa", width=4)
    pen.rectangle((150, 350, 250, 385), fill="#5b8fc7")
    for egg in (560, 640, 720):
        pen.ellipse((egg, 552, egg + 62, 620), fill="#e0b48c", outline="#a97c55", width=3)


def _pillbox(pen: Pen) -> None:
    pen.rounded_rectangle((60, 180, 900, 560), 30, fill="#7aa7d9")
    for day in range(7):
        for moment in range(3):
            left, top = 92 + day * 114, 210 + moment * 112
            pen.rounded_rectangle((left, top, left + 96, top + 94), 10, fill="#eef5fc")
            if day < 3 or (day, moment) == (4, 1):
                continue
            pen.ellipse((left + 14, top + 30, left + 44, top + 60), fill="#ffffff", outline="#99a", width=3)
            pen.rounded_rectangle((left + 52, top + 34, left + 86, top + 54), 10, fill="#d9798a")


def _ruler(pen: Pen, top: int) -> None:
    """In centimetres: what says how large a wound is."""
    pen.rectangle((180, top, 800, top + 70), fill="#fdfdf5", outline="#555", width=3)
    for mark in range(61):
        pen.line(
            (200 + mark * 9.5, top, 200 + mark * 9.5, top + (36 if mark % 10 == 0 else 18)),
            fill="#333",
            width=2,
        )


_DRAWN: dict[str, Callable[[Pen], None]] = {"bruise": _bruise, "fridge": _fridge, "pillbox": _pillbox}
