"""What a received recording is, and how long it lasts, read from its content (as `kinds` for documents).

What a browser records (WebM or Ogg with Opus, MP4 with AAC) and what a telephone's recorder makes (M4A, MP3). One
track, of sound: nothing that shows or runs. Nothing is decoded, and nothing left out: what its tags say stays.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.db.models import TextChoices

from terresante.kernel.files.kinds import refused

# In bytes: five minutes of what a telephone records at its best (256 kbit/s).
LARGEST_SOUND = 10_000_000
LONGEST_SECONDS = 300
# Five minutes of the shortest packets of Opus (2.5 ms), and what stands around: beyond, it is no recording.
_MOST_PARTS = 200_000
_NO_SOUND = "Ce n’est pas un enregistrement sonore : joignez un fichier M4A, MP3, OGG ou WebM, sans image."
_TOO_LONG = "Ce message dure plus de cinq minutes : partagez-le en plusieurs notes."


class SoundKind(TextChoices):
    WEBM = "audio/webm", "WebM"
    OGG = "audio/ogg", "Ogg"
    MP4 = "audio/mp4", "M4A"
    MP3 = "audio/mpeg", "MP3"


ENDS = {SoundKind.WEBM: "webm", SoundKind.OGG: "ogg", SoundKind.MP4: "m4a", SoundKind.MP3: "mp3"}
ACCEPTED_SOUNDS = "audio/webm,audio/ogg,audio/mp4,audio/mpeg,.webm,.ogg,.oga,.opus,.m4a,.mp4,.mp3"


@dataclass(frozen=True, slots=True)
class Sound:
    """`seconds` is 0 when the file does not say it: its size then bounds it."""

    kind: SoundKind
    seconds: int


def sound_of(content: IO[bytes], *, size: int) -> Sound:
    """Leaves the content at its beginning. Raises Invalid for anything else, or longer than five minutes."""
    if size > LARGEST_SOUND:
        raise refused(_TOO_LONG)
    content.seek(0)
    held = content.read(LARGEST_SOUND)
    content.seek(0)
    try:
        sound = _found(held)
    except (struct.error, ArithmeticError, RecursionError, IndexError, ValueError) as error:
        raise refused(_NO_SOUND) from error
    if sound is None:
        raise refused(_NO_SOUND)
    if sound.seconds > LONGEST_SECONDS:
        raise refused(_TOO_LONG)
    return sound


def _found(held: bytes) -> Sound | None:
    if held.startswith(b"\x1a\x45\xdf\xa3"):
        return _webm(held)
    if held.startswith(b"OggS"):
        return _ogg(held)
    if held[4:8] == b"ftyp":
        return _mp4(held)
    return _mp3(held)


# --- WebM (RFC 8794): elements of an identifier, a size, a body.
_EBML, _DOC_TYPE = 0x1A45DFA3, 0x4282
_INFO, _SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _TRACK, _TRACK_TYPE, _CODEC = 0x1654AE6B, 0xAE, 0x83, 0x86
_SEGMENT, _CLUSTER, _GROUP, _AT, _SIMPLE, _BLOCK = 0x18538067, 0x1F43B675, 0xA0, 0xE7, 0xA3, 0xA1
_OPENED = frozenset({_EBML, _SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _GROUP})
_OF_SOUND = 2


def _webm(held: bytes) -> Sound | None:
    scale, ends, types, codecs, document = 1_000_000, [0.0], [], [], b""
    cluster = 0
    for key, body in _elements(held):
        if key == _DOC_TYPE:
            document = body.rstrip(b"\0")
        elif key == _SCALE:
            scale = int.from_bytes(body)
        elif key == _DURATION:
            ends.append(struct.unpack(">f" if len(body) == 4 else ">d", body)[0])
        elif key == _TRACK_TYPE:
            types.append(int.from_bytes(body))
        elif key == _CODEC:
            codecs.append(body.rstrip(b"\0"))
        elif key == _AT:
            cluster = int.from_bytes(body)
        elif key in (_SIMPLE, _BLOCK):
            ends.append(cluster + struct.unpack_from(">h", body, 1)[0])
    if document != b"webm" or types != [_OF_SOUND] or codecs[0] not in (b"A_OPUS", b"A_VORBIS"):
        return None
    return Sound(SoundKind.WEBM, _rounded(max(ends) * scale / 1e9))


def _elements(held: bytes) -> Iterator[tuple[int, bytes]]:
    """In their order; those that hold others are walked through, of known size or not."""
    at, parts = 0, 0
    while at < len(held):
        parts += 1
        if parts > _MOST_PARTS:
            raise ValueError("too many elements")
        key, at = _number(held, at, keeps_mark=True)
        size, at = _number(held, at, keeps_mark=False)
        if key in _OPENED:
            continue
        yield key, held[at : at + size]
        at += size


def _number(held: bytes, at: int, *, keeps_mark: bool) -> tuple[int, int]:
    length = 9 - held[at].bit_length()
    if length > 8:
        raise ValueError("no length is longer than eight bytes")
    value = int.from_bytes(held[at : at + length])
    return (value if keeps_mark else value & ((1 << 7 * length) - 1)), at + length


# --- Ogg (RFC 3533): pages; the position of the last one is the length, at 48 kHz for Opus (RFC 7845).
def _ogg(held: bytes) -> Sound | None:
    at, last, streams, rate = 0, 0, set(), 0
    while at < len(held):
        if held[at : at + 4] != b"OggS":
            return None
        granule, stream = struct.unpack_from("<qI", held, at + 6)
        count = held[at + 26]
        body = at + 27 + count
        if held[at + 5] & 2:  # the first page of a stream says what it is
            streams.add(stream)
            if held[body : body + 8] == b"OpusHead":
                rate = 48_000
            elif held[body : body + 7] == b"\x01vorbis":
                rate = struct.unpack_from("<I", held, body + 12)[0]
            else:
                return None
        last = max(last, granule)
        at = body + sum(held[at + 27 : body])
    return Sound(SoundKind.OGG, _rounded(last / rate)) if len(streams) == 1 and rate else None


# --- MP4 (ISO 14496-12): boxes of a size, a name, a body.
_HOLDING = frozenset({b"moov", b"trak", b"mdia", b"mvex"})


def _mp4(held: bytes) -> Sound | None:
    handlers, seconds = [], 0.0
    for name, body in _boxes(held, 0, len(held)):
        if name == b"hdlr":
            handlers.append(body[8:12])
        elif name == b"mvhd":
            scale, length = struct.unpack_from(">IQ" if body[0] else ">II", body, 20 if body[0] else 12)
            seconds = max(seconds, length / scale)
    return Sound(SoundKind.MP4, _rounded(seconds)) if handlers == [b"soun"] else None


def _boxes(held: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= end:
        size, name, head = int.from_bytes(held[at : at + 4]), held[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(held[at + 8 : at + 16]), 16
        stop = end if size == 0 else at + size
        if (size and size < head) or stop > end:
            raise ValueError("a box goes beyond what holds it")
        if name in _HOLDING:
            yield from _boxes(held, at + head, stop)
        else:
            yield name, held[at + head : stop]
        at = stop


# --- MP3 (ISO 11172-3, 13818-3, layer III): frames one after the other, each of which says its length.
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_LAYER_3 = 1
# Fewer may be met by chance in something else.
_FEWEST_FRAMES = 4


def _mp3(held: bytes) -> Sound | None:
    at, frames, seconds = 0, 0, 0.0
    if held.startswith(b"ID3"):
        size = 0
        for byte in held[6:10]:
            size = size << 7 | byte & 0x7F
        at = 10 + size
    while at + 4 <= len(held) and held[at] == 0xFF and held[at + 1] & 0xE0 == 0xE0:
        version, layer = held[at + 1] >> 3 & 3, held[at + 1] >> 1 & 3
        bits, rate, padding = held[at + 2] >> 4, held[at + 2] >> 2 & 3, held[at + 2] >> 1 & 1
        if layer != _LAYER_3 or version == 1 or bits in (0, 15) or rate == 3:
            return None
        samples, hertz = (1152 if version == 3 else 576), _RATES[version][rate]
        at += samples // 8 * _KBITS[version == 3][bits] * 1000 // hertz + padding
        frames, seconds = frames + 1, seconds + samples / hertz
    if frames < _FEWEST_FRAMES or held[at : at + 3] not in (b"", b"TAG", b"APE"):
        return None
    return Sound(SoundKind.MP3, _rounded(seconds))


def _rounded(seconds: float) -> int:
    return int(seconds + 0.999)
