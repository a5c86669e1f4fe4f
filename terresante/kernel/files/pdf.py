"""Whether a PDF carries something that runs, or something hidden. Pure; ISO 32000-1 is the source of the names.

The names looked for are long: in compressed data they do not appear by chance, so that no structure is trusted, which a
forged file would bend. Each of their characters may be written `#xx` (7.3.5). Objects may stand compressed inside
object streams (7.5.7): these are inflated, within a limit, and looked through too.
"""

import re
import zlib
from collections.abc import Iterator
from typing import IO

_WINDOW = 1 << 20
# Of a dictionary and the names around it; windows overlap by as much.
_OVERLAP = 1 << 12
# Of all object streams together, once inflated: a bomb is refused, not opened. A producer puts a hundred objects or two
# in each; a file made of the name of a stream alone held a processor for minutes.
_MOST_INFLATED, _MOST_STREAMS = 64 << 20, 20_000

_SCRIPT = "Ce PDF contient un programme, ou une action qui se lance à l’ouverture"
_AGAIN = "imprimez-le en PDF depuis votre lecteur, puis déposez cette copie."
_SENTENCES = {
    b"JavaScript": f"{_SCRIPT} : {_AGAIN}",
    b"Launch": f"{_SCRIPT} : {_AGAIN}",
    b"ImportData": f"{_SCRIPT} : {_AGAIN}",
    b"SubmitForm": f"Ce PDF envoie ce qu’on y saisit à un autre site : {_AGAIN}",
    b"RichMedia": f"Ce PDF contient un contenu animé : {_AGAIN}",
    b"EmbeddedFile": "Ce PDF contient une pièce jointe : déposez-la à part, et le PDF sans elle.",
}
_LOCKED = (
    "Ce PDF est protégé (mot de passe ou restrictions) : il ne peut être ni examiné ni affiché. "
    "Ouvrez-le, imprimez-le en PDF sans protection, puis déposez cette copie."
)
_FORM = f"Ce PDF est un formulaire dynamique (XFA), que les navigateurs n’affichent pas : {_AGAIN}"
_DAMAGED = f"Ce PDF ne peut pas être examiné, une partie en est abîmée ou inhabituelle : {_AGAIN}"


def _spelled(name: bytes) -> bytes:
    """A pattern of the name, each character of which may be written in hexadecimal."""
    return b"".join(b"(?:%s|#%02x|#%02X)" % (re.escape(bytes([sign])), sign, sign) for sign in name)


# What follows a slash is looked at before the names are tried: a file may be made of slashes.
_FIRST = b"(?=[#%s])" % bytes({name[0] for name in _SENTENCES})
_NAMES = re.compile(b"/%s(?:%s)" % (_FIRST, b"|".join(b"(%s)" % _spelled(name) for name in _SENTENCES)))
_XFA = re.compile(rb"/%s\s*(?:\[|\d+\s+\d+\s+R|<<)" % _spelled(b"XFA"))
_ENCRYPT = re.compile(rb"/%s\s*(?:\d+\s+\d+\s+R|<<)" % _spelled(b"Encrypt"))
_OBJECT_STREAM = re.compile(b"/" + _spelled(b"ObjStm"))
_STREAM = re.compile(rb"stream\r?\n")
# Filters of a stream that may be undone here: none, or one FlateDecode.
_OTHER_FILTERS = re.compile(rb"/(?:LZW|ASCIIHex|ASCII85|RunLength|DCT|JPX|JBIG2|CCITT|Crypt|LZ|AHx|A85|RL)")


def why_refused(content: IO[bytes]) -> str:
    """'' for a PDF that only shows; else the sentence that says why not, and what to do."""
    streams, inflated = 0, 0
    for place, window in _windows(content):
        if why := _in_names(window):
            return why
        for found in _OBJECT_STREAM.finditer(window):
            streams += 1
            if streams > _MOST_STREAMS:
                return _DAMAGED
            size, why = _in_object_stream(content, place + found.start(), _MOST_INFLATED - inflated)
            inflated += size
            if why:
                return why
    return ""


def _windows(content: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(place, bytes), each beginning before the end of the former one."""
    place = 0
    while True:
        content.seek(place)
        window = content.read(_WINDOW + _OVERLAP)
        yield place, window
        if len(window) < _WINDOW + _OVERLAP:
            return
        place += _WINDOW


def _in_names(window: bytes) -> str:
    if found := _NAMES.search(window):
        return list(_SENTENCES.values())[(found.lastindex or 1) - 1]
    if _ENCRYPT.search(window):
        return _LOCKED
    return _FORM if _XFA.search(window) else ""


def _in_object_stream(content: IO[bytes], place: int, most: int) -> tuple[int, str]:
    """(bytes inflated, why the PDF is refused) of the stream whose dictionary says /ObjStm at `place`."""
    start = max(0, place - _OVERLAP)
    content.seek(start)
    around = content.read(2 * _OVERLAP)
    opened = _STREAM.search(around, place - start)
    if opened is None:
        return 0, _DAMAGED
    dictionary = around[around.rfind(b"obj", 0, place - start) + 3 : opened.start()]
    if _OTHER_FILTERS.search(dictionary):
        return 0, _DAMAGED
    if b"Flate" not in dictionary and b"/Fl" not in dictionary:
        # Not compressed: it was read as it stands.
        return 0, ""
    return _inflated(content, start + opened.end(), most)


def _inflated(content: IO[bytes], place: int, most: int) -> tuple[int, str]:
    content.seek(place)
    inflater, size, before = zlib.decompressobj(), 0, b""
    waiting = content.read(_OVERLAP)
    while not inflater.eof:
        if not waiting or size > most:
            return size, _DAMAGED
        try:
            piece = inflater.decompress(waiting, _WINDOW)
        except zlib.error:
            return size, _DAMAGED
        size += len(piece)
        if why := _in_names(before + piece):
            return size, why
        before = piece[-_OVERLAP:]
        waiting = inflater.unconsumed_tail or content.read(_OVERLAP)
    return size, ""
