"""What a received file is, read from its content: its name and the type a browser declares prove nothing.

Four kinds are taken, each of which a browser shows without running anything. Everything else is refused with a sentence
that says what to do instead.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO

from django.db.models import TextChoices

from terresante.kernel.errors import Invalid
from terresante.kernel.files import pdf

# In bytes. deploy/Caddyfile refuses larger bodies before they are spooled.
LARGEST = 100 * 1000 * 1000
_STEP = 1 << 20
# Beyond, a browser spends its memory on one image (ten times a good scan of an A4 page).
_MOST_PIXELS = 120_000_000
# Before the frame of a JPEG, padding included: no camera writes as many.
_MOST_MARKERS = 20_000
DAMAGED = "Cette image est abîmée : ouvrez-la sur votre appareil, puis déposez-en une copie."


class FileKind(TextChoices):
    PDF = "application/pdf", "PDF"
    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    TEXT = "text/plain", "Texte"
    # Of a gateway only, which has read it before: never found in what a person sends.
    XML = "text/xml", "XML"


EXTENSIONS = {
    FileKind.PDF: ("pdf",),
    FileKind.JPEG: ("jpg", "jpeg", "jpe", "jfif"),
    FileKind.PNG: ("png",),
    FileKind.TEXT: ("txt", "text"),
    FileKind.XML: ("xml",),
}
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.txt,application/pdf,image/jpeg,image/png,text/plain"

_OFFICE = "C’est un document de bureautique ou une archive : enregistrez-le en PDF, puis déposez le PDF."
_HEIC = (
    "C’est une photo HEIC, que les navigateurs n’affichent pas. Sur iPhone : Réglages, Appareil photo, Formats, "
    "« Le plus compatible » ; puis reprenez la photo, ou exportez-la en JPEG."
)
_ACTIVE = "C’est une page ou un programme : déposez un PDF, une image JPEG ou PNG, ou un texte simple."
_TIFF = "C’est une image TIFF, que les navigateurs n’affichent pas : enregistrez-la en PDF ou en JPEG."
_OTHER = "Ce type de fichier n’est pas accepté : déposez un PDF, une image JPEG ou PNG, ou un texte simple."
_REFUSED = (
    (b"PK", _OFFICE),
    (b"\xd0\xcf\x11\xe0", _OFFICE),
    (b"{\\rtf", _OFFICE),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
    (b"MZ", _ACTIVE),
    (b"\x7fELF", _ACTIVE),
    (b"#!", _ACTIVE),
)
_MARKUP = re.compile(rb"<(!doctype|\?xml|\?php|html|head|body|script|svg|iframe|!--)", re.IGNORECASE)


def kind_of(content: IO[bytes], *, name: str, size: int) -> FileKind:
    """Reads the whole content, step by step; leaves it at its beginning. Raises Invalid, on the field `sent`."""
    if size == 0:
        raise refused(
            "Ce fichier est vide : vérifiez qu’il s’ouvre sur votre appareil, puis déposez-le de nouveau."
        )
    if size > LARGEST:
        raise refused(
            "Ce fichier dépasse 100 Mo : réduisez sa définition, ou partagez-le en plusieurs fichiers."
        )
    content.seek(0)
    try:
        found = _found(content, content.read(4096))
    finally:
        content.seek(0)
    extension = PurePath(name).suffix.lower().lstrip(".")
    if extension not in EXTENSIONS[found] and (extension or found == FileKind.TEXT):
        raise refused(
            f"Son nom finit par « .{extension} » alors que son contenu est du type {found.label} : "
            "redonnez-lui son vrai nom, après avoir vérifié d’où il vient."
        )
    return found


def refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"sent": sentence})


def _found(content: IO[bytes], start: bytes) -> FileKind:
    if start.startswith(b"%PDF-"):
        if why := pdf.why_refused(content):
            raise refused(why)
        return FileKind.PDF
    if start.startswith(b"\xff\xd8\xff"):
        _refuse_huge(_jpeg_size(content))
        return FileKind.JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n") and start[12:16] == b"IHDR":
        _refuse_huge((int.from_bytes(start[16:20]), int.from_bytes(start[20:24])))
        return FileKind.PNG
    if start[4:8] == b"ftyp":
        raise refused(_HEIC if start[8:12] in (b"heic", b"heix", b"mif1", b"hevc") else _OTHER)
    for beginning, sentence in _REFUSED:
        if start.startswith(beginning):
            raise refused(sentence)
    if _MARKUP.search(start):
        raise refused(_ACTIVE)
    content.seek(0)
    if not _is_text(content):
        raise refused(_OTHER)
    return FileKind.TEXT


def _refuse_huge(size: tuple[int, int]) -> None:
    if 0 in size:
        raise refused(DAMAGED)
    if size[0] * size[1] > _MOST_PIXELS:
        raise refused("Cette image est trop grande pour être affichée : réduisez sa définition.")


def _jpeg_size(content: IO[bytes]) -> tuple[int, int]:
    """(width, height), from the frame header; (0, 0) when there is none. Segments are those of ITU T.81, B.1."""
    content.seek(2)
    for _ in range(_MOST_MARKERS):
        marker = content.read(2)
        if marker[:1] != b"\xff" or len(marker) < 2:
            break
        if marker[1] == 0xFF:
            content.seek(-1, 1)
            continue
        if marker[1] in (0x01, *range(0xD0, 0xD9)):
            continue
        length = int.from_bytes(content.read(2))
        if marker[1] in range(0xC0, 0xD0) and marker[1] not in (0xC4, 0xC8, 0xCC):
            frame = content.read(5)
            return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])
        if length < 2 or marker[1] == 0xDA:
            break
        content.seek(length - 2, 1)
    return 0, 0


def _is_text(content: IO[bytes]) -> bool:
    """UTF-8 without control characters other than tabulations and ends of line."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces(content):
            if re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f]", decoder.decode(piece)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_STEP):
        yield piece
