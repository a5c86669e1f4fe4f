"""What is taken for a recording, by its content alone, and how long it lasts."""

import io
import struct

import pytest

from simulators.region.pictures import message, photograph
from terresante.kernel.errors import Invalid
from terresante.kernel.files.sounds import LARGEST_SOUND, SoundKind, sound_of


def element(key: int, body: bytes) -> bytes:
    return key.to_bytes((key.bit_length() + 7) // 8) + (0x10000000 | len(body)).to_bytes(4) + body


def webm(
    *, kind: bytes = b"webm", types: tuple[int, ...] = (2,), codec: bytes = b"A_OPUS", last: int = 3_000
) -> bytes:
    tracks = b"".join(element(0xAE, element(0x83, bytes([one])) + element(0x86, codec)) for one in types)
    block = element(0xA3, b"\x81" + struct.pack(">h", 500) + b"\x80opus")
    cluster = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" + element(0xE7, last.to_bytes(4)) + block
    segment = (
        b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"  # as browsers write, before they know its size
    )
    return element(0x1A45DFA3, element(0x4282, kind)) + segment + element(0x1654AE6B, tracks) + cluster


def page(body: bytes, *, granule: int = 0, stream: int = 1, first: bool = False) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, 2 * first, granule, stream, 0, 0, 1)
    return head + bytes([len(body)]) + body


def ogg(seconds: int = 12, *, more: bytes = b"") -> bytes:
    opus = page(b"OpusHead" + bytes(11), first=True)
    return opus + more + page(b"sound", granule=seconds * 48_000)


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def mp4(seconds: int = 20, handlers: tuple[bytes, ...] = (b"soun",)) -> bytes:
    head = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, seconds * 1000) + bytes(80))
    tracks = b"".join(
        box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + one + bytes(12)))) for one in handlers
    )
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", head + tracks) + box(b"mdat", b"aac")


def mp3(frames: int = 500, *, tag: bytes = b"") -> bytes:
    """Of 128 kbit/s and 44.1 kHz: 417 bytes and 26 ms each."""
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def found(content: bytes):
    file = io.BytesIO(content)
    sound = sound_of(file, size=len(content))
    assert file.tell() == 0
    return sound.kind, sound.seconds


@pytest.mark.parametrize(
    ("content", "kind", "seconds"),
    [
        (message(), SoundKind.WEBM, 4),
        (webm(), SoundKind.WEBM, 4),
        (webm(codec=b"A_VORBIS"), SoundKind.WEBM, 4),
        (ogg(), SoundKind.OGG, 12),
        (mp4(), SoundKind.MP4, 20),
        (mp4(seconds=0), SoundKind.MP4, 0),
        (mp3(), SoundKind.MP3, 14),
        (mp3(tag=b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)), SoundKind.MP3, 14),
        (mp3() + b"TAG" + bytes(125), SoundKind.MP3, 14),
    ],
)
def test_what_browsers_and_telephones_record_is_taken_with_its_length(content, kind, seconds):
    assert found(content) == (kind, seconds)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4",
        b"<html><script>",
        photograph("fridge"),
        webm(types=(2, 1)),
        webm(types=(1,)),
        webm(types=()),
        webm(kind=b"matroska"),
        webm(codec=b"A_MS/ACM"),
        message()[:60],
        ogg(more=page(b"\x80theora" + bytes(30), stream=2, first=True)),
        ogg(more=page(b"OpusHead" + bytes(11), stream=2, first=True)),
        ogg() + b"<html>",
        mp4(handlers=(b"soun", b"vide")),
        mp4(handlers=(b"vide",)),
        mp4(handlers=()),
        mp4()[:40],
        mp3(frames=2),
        mp3() + b"MZ\x90\x00",
        b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128) + b"<html>",
        b"RIFF\x00\x00\x00\x00WAVE",
    ],
)
def test_anything_else_is_refused(content):
    with pytest.raises(Invalid, match="pas un enregistrement"):
        found(content)


@pytest.mark.parametrize("content", [ogg(301), mp4(301), webm(last=301_000), mp3(12_000)])
def test_more_than_five_minutes_is_refused(content):
    with pytest.raises(Invalid, match="cinq minutes"):
        found(content)


def test_what_does_not_say_how_long_it_lasts_is_bounded_by_its_size():
    with pytest.raises(Invalid, match="cinq minutes"):
        sound_of(io.BytesIO(mp4(0)), size=LARGEST_SOUND + 1)


def test_every_cut_of_a_recording_ends():
    for content in (message()[:900], ogg(), mp4(), mp3(8)):
        for end in range(len(content)):
            try:
                found(content[:end])
            except Invalid:
                continue


def without_end(depth: int) -> bytes:
    held = box(b"hdlr", bytes(8) + b"soun" + bytes(12))
    for _ in range(depth):
        held = box(b"trak", held)
    return box(b"ftyp", b"M4A \0\0\0\0") + held


@pytest.mark.parametrize(
    "content",
    [
        without_end(3000),
        mp4().replace(struct.pack(">II", 1000, 20_000), struct.pack(">II", 0, 20_000)),
        webm() + element(0x4489, struct.pack(">d", float("inf"))),
        webm() + element(0x4489, struct.pack(">d", float("nan"))) + element(0x2AD7B1, b"\xff" * 8),
        webm() + b"\xec\x80" * 200_001,
    ],
    ids=["nested", "no scale", "infinite", "no number", "empty elements"],
)
def test_a_recording_made_to_break_who_reads_it_is_refused_with_a_sentence(content):
    with pytest.raises(Invalid):
        found(content)
