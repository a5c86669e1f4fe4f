"""What a camera wrote around a picture does not stay: where it was taken, when, with what, by whom."""

import io
import random
import struct
import threading
import time
from zlib import crc32

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.files import pictures
from terresante.kernel.files.bare import bare
from terresante.kernel.files.kinds import FileKind, kind_of
from terresante.kernel.files.pictures import (
    AT_ONCE,
    LARGE,
    MOST_PAGES,
    SMALL,
    WAITING,
    check_scan,
    photograph,
    scan_as_pdf,
)

_GPS, _ARTIST, _ORIENTATION, _SOFTWARE = 0x8825, 0x013B, 0x0112, 0x0131
SECRETS = (b"Canon of nobody", b"Camille", b"48.7933", b"rue de Paris", b"GPS")


def drawn(width: int = 60, height: int = 40) -> Image.Image:
    """Red at the left, blue at the right: turned, it is seen."""
    picture = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height), fill="red")
    return picture


def telling(way_up: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[_ARTIST], exif[_SOFTWARE], exif[_ORIENTATION] = "Camille", "Canon of nobody", way_up
    exif.get_ifd(_GPS).update({1: "N", 2: (48.0, 47.0, 36.0), 3: "E", 4: (2.0, 21.0, 0.0), 29: "GPS 2026"})
    return exif


def camera_jpeg(way_up: int = 1, size: tuple[int, int] = (60, 40), **how) -> bytes:
    """With EXIF and its place, XMP, a comment, and another picture after the end, as telephones write."""
    out = io.BytesIO()
    xmp = b"<x:xmpmeta><exif:GPSLatitude>48.7933</exif:GPSLatitude></x:xmpmeta>"
    drawn(*size).save(out, "JPEG", exif=telling(way_up), xmp=xmp, comment=b"5 rue de Paris", **how)
    return out.getvalue() + b"MotionPhoto GPS 48.7933"


def camera_png(way_up: int = 1) -> bytes:
    out, words = io.BytesIO(), PngImagePlugin.PngInfo()
    words.add_text("Author", "Camille")
    words.add_itxt("XML:com.adobe.xmp", "48.7933", zip=False)
    drawn().save(out, "PNG", exif=telling(way_up), pnginfo=words, dpi=(300, 300))
    return out.getvalue() + b"rue de Paris"


def kept(content: bytes, kind: FileKind = FileKind.JPEG) -> bytes:
    with bare(io.BytesIO(content), kind) as file:
        return file.read()


def points(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB").tobytes()


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"quality": 100, "subsampling": 0}])
def test_a_jpeg_keeps_its_points_and_nothing_else(how):
    sent = camera_jpeg(**how)
    assert all(secret in sent for secret in SECRETS)

    left = kept(sent)

    assert not [secret for secret in SECRETS if secret in left]
    assert points(left) == points(sent) and left.endswith(b"\xff\xd9")
    with Image.open(io.BytesIO(left)) as picture:
        assert not picture.getexif() and not picture.info.get("comment") and "xmp" not in picture.info


def test_a_png_keeps_its_points_and_nothing_else():
    sent = camera_png()
    assert all(secret in sent for secret in (b"Camille", b"48.7933", b"Canon of nobody", b"rue de Paris"))

    left = kept(sent, FileKind.PNG)

    assert not [secret for secret in SECRETS if secret in left]
    assert points(left) == points(sent)
    with Image.open(io.BytesIO(left)) as picture:
        assert not picture.getexif() and round(picture.info["dpi"][0]) == 300


@pytest.mark.parametrize("way_up", range(1, 9))
def test_what_is_bare_still_knows_its_way_up(way_up):
    for content, kind in ((camera_jpeg(way_up), FileKind.JPEG), (camera_png(way_up), FileKind.PNG)):
        with Image.open(io.BytesIO(kept(content, kind))) as picture:
            assert picture.getexif().get(_ORIENTATION, 1) == way_up
            assert set(picture.getexif()) <= {_ORIENTATION}


def test_made_bare_twice_it_is_the_same():
    once = kept(camera_jpeg(6))
    assert kept(once) == once


def test_colours_stay_with_their_profile():
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawn().save(out, "JPEG", icc_profile=profile, exif=telling())
    with Image.open(io.BytesIO(kept(out.getvalue()))) as picture:
        assert picture.info["icc_profile"] == profile


def test_a_thumbnail_of_what_was_cut_off_does_not_stay():
    app0 = b"\xff\xe0" + (16 + 3).to_bytes(2) + b"JFIF\0\x01\x02\x00\x00\x01\x00\x01\x01\x01cut"
    sent = b"\xff\xd8" + app0 + camera_jpeg()[2:]
    assert b"cut" in sent and b"cut" not in kept(sent)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\x00",
        b"\xff\xd8\xff\xe1\x00\x00",
        b"\xff\xd8\xff\xff\xff\xff",
    ],
)
def test_a_broken_jpeg_ends(content):
    assert len(kept(content)) <= len(content) + 4


def test_every_cut_of_a_jpeg_ends_and_tells_nothing():
    sent = camera_jpeg()
    for end in range(2, len(sent), 7):
        assert not [secret for secret in SECRETS if secret in kept(sent[:end])]


def test_a_text_is_kept_as_it_was_sent():
    assert kept(b"GPS 48.7933", FileKind.TEXT) == b"GPS 48.7933"


@pytest.mark.parametrize("way_up", range(1, 9))
def test_a_photograph_is_turned_upright_made_small_and_told_nothing_of(way_up):
    turned = way_up >= 5
    sent = camera_jpeg(way_up, size=(3000, 1500))

    made = photograph(io.BytesIO(sent))

    assert (made.width, made.height) == ((LARGE // 2, LARGE) if turned else (LARGE, LARGE // 2))
    for content in (made.large, made.small):
        assert not [secret for secret in SECRETS if secret in content]
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "JPEG" and not picture.getexif() and "icc_profile" not in picture.info
            assert picture.mode == "RGB"
    with Image.open(io.BytesIO(made.small)) as picture:
        assert max(picture.size) == SMALL
        red, _, blue = picture.convert("RGB").tobytes()[:3]
        assert (red > blue) == (way_up in (1, 4, 5, 6)), way_up


def test_a_small_picture_is_not_made_larger():
    made = photograph(io.BytesIO(camera_jpeg()))
    assert (made.width, made.height) == (60, 40)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_every_png_becomes_a_photograph_on_white(mode):
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, "PNG")
    made = photograph(io.BytesIO(out.getvalue()))
    with Image.open(io.BytesIO(made.large)) as picture:
        assert picture.mode == "RGB"
        if mode in ("RGBA", "LA"):
            assert picture.getpixel((1, 1)) == (255, 255, 255)


def test_a_cmyk_photograph_is_shown_in_rgb():
    out = io.BytesIO()
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(out, "JPEG")
    with Image.open(io.BytesIO(photograph(io.BytesIO(out.getvalue())).large)) as picture:
        assert picture.mode == "RGB"


def test_the_same_photograph_gives_the_same_bytes():
    sent = camera_jpeg(3)
    assert photograph(io.BytesIO(sent)) == photograph(io.BytesIO(sent))


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xda", b"GIF89a", b"", camera_jpeg()[:300], b"\x89PNG\r\n\x1a\n"]
)
def test_what_does_not_open_is_refused_with_what_to_do(content):
    with pytest.raises(Invalid, match="abîmée"):
        photograph(io.BytesIO(content))


def test_a_photograph_that_would_fill_the_memory_is_refused_before_it_is_decoded():
    head = struct.pack(">II5B", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", crc32(b"IHDR" + head))
    with pytest.raises(Invalid, match="64 millions"):
        photograph(io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + bytes(4)))


def scanned(form: str, *sizes: tuple[int, int], mode: str = "L") -> bytes:
    out, pages = io.BytesIO(), [Image.new(mode, size) for size in sizes]
    more = {"save_all": True, "append_images": pages[1:]} if form == "TIFF" else {}
    pages[0].save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_the_pages_of_a_scan_are_those_of_a_paper(mode):
    paper = scan_as_pdf(scanned("TIFF", (60, 40), (40, 60), mode=mode))

    assert paper.startswith(b"%PDF-") and paper.count(b"/Type /Page\n") == 2
    assert b"Camille" not in scan_as_pdf(camera_jpeg())


DAMAGED = {
    "cut short": camera_jpeg()[:400],
    "no picture": b"%PDF-1.4",
    "a page of too many points": scanned("TIFF", (3000, 2000)),
    "too many pages": scanned("TIFF", *[(8, 8)] * (MOST_PAGES + 1)),
    "another kind of picture": b"GIF89a" + b"\0" * 40,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_scan_that_does_not_open_or_is_too_large_is_refused(content, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_SCANNED", 1_000_000)
    for read in (check_scan, scan_as_pdf):
        with pytest.raises(Invalid):
            read(content)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_scan_damaged_anywhere_is_drawn_or_refused():
    chance = random.Random("scans")  # a reproducible damage
    sources = (scanned("TIFF", (60, 40), (40, 60)), camera_jpeg(), camera_png())
    for _ in range(300):
        raw = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        try:
            assert scan_as_pdf(bytes(raw)).startswith(b"%PDF-")
        except Invalid as refusal:
            assert refusal.sentence


def test_two_photographs_at_once_are_drawn_and_the_others_are_asked_to_come_back(monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.01)
    asked, going_on = threading.Semaphore(0), threading.Event()
    at_work = pictures._photograph

    def slowly(content):
        asked.release()
        going_on.wait(30)
        return at_work(content)

    monkeypatch.setattr(pictures, "_photograph", slowly)
    drawers = [threading.Thread(target=photograph, args=(io.BytesIO(camera_jpeg()),)) for _ in range(AT_ONCE)]
    for drawer in drawers:
        drawer.start()
    try:
        assert all(asked.acquire(timeout=30) for _ in drawers)
        with pytest.raises(Conflict, match="dans une minute"):
            photograph(io.BytesIO(camera_jpeg()))
    finally:
        going_on.set()
        for drawer in drawers:
            drawer.join()
    assert photograph(io.BytesIO(camera_jpeg())).width == 60


def test_few_wait_for_their_turn(monkeypatch):
    """Each holds a thread: sixty photographs of one account held all of them, half a minute."""
    monkeypatch.setattr(pictures, "_places", threading.BoundedSemaphore(AT_ONCE + WAITING))
    for _ in range(AT_ONCE + WAITING):
        pictures._places.acquire()

    with pytest.raises(Conflict, match="dans une minute"):
        photograph(io.BytesIO(camera_jpeg()))

    pictures._places.release()
    assert photograph(io.BytesIO(camera_jpeg())).width == 60


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "P"])
def test_a_huge_png_is_made_smaller_before_it_is_copied(mode, monkeypatch):
    seen, plain = [], pictures._plain

    def watched(picture):
        seen.append(picture.size)
        return plain(picture)

    monkeypatch.setattr(pictures, "_plain", watched)
    out = io.BytesIO()
    drawn(5 * LARGE, 40).convert(mode).save(out, "PNG")

    made = photograph(out)

    # Colours of a palette are not averaged: they are a quarter of the memory.
    assert seen == [(5 * LARGE, 40) if mode == "P" else (LARGE, 8)]
    assert (made.width, made.height) == (LARGE, 8)


# Each of these held a processor, and every page of its process, for minutes or hours. In seconds of a processor: one
# is a hundred times what they take now.
PADDED = b"\xff\xd8\xff\xda\x00\x02" + b"\xff" * 100_000 + b"\x00"
CHUNKS = b"\x89PNG\r\n\x1a\n" + (bytes(4) + b"tEXt" + bytes(4)) * 200_000


def test_padding_inside_a_picture_is_read_once():
    began = time.process_time()
    assert kept(PADDED).endswith(b"\xff\x00")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8" + b"\xff\xd0" * 5000, FileKind.JPEG),
        (b"\xff\xd8" + b"\xff" * 5000 + b"\xd9", FileKind.JPEG),
        (b"\xff\xd8" + b"\xff\xe1\x00\x02" * 5000, FileKind.JPEG),
        (CHUNKS, FileKind.PNG),
    ],
)
def test_a_picture_of_more_pieces_than_any_has_is_refused(content, kind):
    with pytest.raises(Invalid, match="abîmée"):
        kept(content, kind)


@pytest.mark.parametrize("piece", [b"\xff", b"\xff\xd0", b"\xff\xe1\x00\x02"])
def test_the_frame_of_a_picture_is_not_looked_for_without_end(piece):
    content = (
        b"\xff\xd8\xff" + piece[1:] + piece * 30_000 + b"\xff\xc0\x00\x0b\x08\x00\x28\x00\x3c\x01" + bytes(3)
    )
    with pytest.raises(Invalid, match="abîmée"):
        kind_of(io.BytesIO(content), name="photo.jpg", size=len(content))
