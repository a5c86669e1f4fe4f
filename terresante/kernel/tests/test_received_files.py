"""What is taken, what is refused, and with what sentence: by the content, whatever the name says."""

import io
import struct
import zlib

import pytest

from terresante.kernel.errors import Invalid
from terresante.kernel.files import kinds, pdf
from terresante.kernel.files.kinds import FileKind, kind_of
from terresante.kernel.files.receiving import shown_name

PLAIN_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def png(width: int = 2, height: int = 2) -> bytes:
    head = struct.pack(">II5B", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + chunk


def jpeg(width: int = 2, height: int = 2, exif: int = 0) -> bytes:
    before = b"\xff\xe1" + struct.pack(">H", exif + 2) + bytes(exif) if exif else b""
    return b"\xff\xd8" + before + b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + bytes(3)


def pdf_with(inside: bytes) -> bytes:
    return PLAIN_PDF.replace(b"endobj", b"endobj\n3 0 obj" + inside + b"endobj")


def object_stream(objects: bytes, filter_name: bytes = b"/FlateDecode", size: int | None = None) -> bytes:
    packed = zlib.compress(objects)
    head = b"<</Type/ObjStm/N 1/First 4/Filter%s/Length %d>>" % (filter_name, size or len(packed))
    return pdf_with(head + b"stream\r\n" + packed + b"\nendstream ")


def taken(content: bytes, name: str) -> FileKind:
    file = io.BytesIO(content)
    kind = kind_of(file, name=name, size=len(content))
    assert file.tell() == 0
    return kind


def sentence(content: bytes, name: str) -> str:
    with pytest.raises(Invalid) as error:
        kind_of(io.BytesIO(content), name=name, size=len(content))
    assert error.value.fields == {"sent": error.value.sentence}
    return error.value.sentence


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (PLAIN_PDF, "lettre.PDF", FileKind.PDF),
        (PLAIN_PDF, "sans-extension", FileKind.PDF),
        (jpeg(), "photo.jpeg", FileKind.JPEG),
        (jpeg(exif=60_000), "photo.jpg", FileKind.JPEG),
        (png(), "tracé.png", FileKind.PNG),
        ("Relevé à 8 h : 12,4".encode(), "relevé.txt", FileKind.TEXT),
        (b"\xef\xbb\xbfavec marque", "a.txt", FileKind.TEXT),
        (object_stream(b"1 0 <</Type/Page>>"), "a.pdf", FileKind.PDF),
    ],
)
def test_a_pdf_an_image_and_a_text_are_taken(content, name, kind):
    assert taken(content, name) == kind


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.pdf", "vide"),
        (PLAIN_PDF, "photo.jpg", "du type PDF"),
        (jpeg(), "lettre.pdf", "du type JPEG"),
        (b"@echo off", "a.bat", "du type Texte"),
        (b"alert(1)", "a.js", "du type Texte"),
        (b"texte", "sans-extension", "du type Texte"),
        (b"MZ\x90\x00", "lettre.pdf", "programme"),
        (b"\x7fELF", "lettre.pdf", "programme"),
        (b"#!/bin/sh", "a.txt", "programme"),
        (b"<!DOCTYPE html><p>", "a.txt", "page ou un programme"),
        (b"  \n<svg xmlns='x'/>", "a.png", "page ou un programme"),
        (b"bonjour <SCRIPT>alert(1)</SCRIPT>", "a.txt", "page ou un programme"),
        (b"PK\x03\x04word/document.xml", "a.docx", "enregistrez-le en PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.doc", "enregistrez-le en PDF"),
        (b"\x00\x00\x00\x18ftypheic", "IMG_1.HEIC", "Le plus compatible"),
        (b"\x00\x00\x00\x18ftypmp42", "film.mp4", "pas accepté"),
        (b"II*\x00", "fax.tif", "TIFF"),
        (b"a\x00b", "a.txt", "pas accepté"),
        ("é".encode("latin-1") * 9, "a.txt", "pas accepté"),
        (b"\xff\xd8\xff\xda", "a.jpg", "abîmée"),
        (jpeg(60_000, 60_000), "a.jpg", "trop grande"),
        (png(100_000, 100_000), "a.png", "trop grande"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(content, name, said):
    assert said in sentence(content, name)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (b"<</S/JavaScript/JS(app.alert(1))>>", "programme"),
        (b"<</S/J#61va#53cript/JS(x)>>", "programme"),
        (b"<</S/Launch/F(cmd.exe)>>", "programme"),
        (b"<</S/SubmitForm>>", "envoie"),
        (b"<</Type/EmbeddedFile>>", "pièce jointe"),
        (b"<</Subtype/RichMedia>>", "animé"),
        (b"<</XFA [(a) 1 0 R]>>", "formulaire"),
        (b"<</Encrypt 5 0 R>>", "protégé"),
    ],
)
def test_a_pdf_that_runs_or_hides_something_is_refused_also_inside_an_object_stream(inside, said):
    assert said in sentence(pdf_with(inside), "a.pdf")
    if b"Encrypt" not in inside:
        assert said in sentence(object_stream(b"1 0 " + inside), "a.pdf")
        spread = object_stream(bytes(2 * pdf._WINDOW - 9) + inside)
        assert said in sentence(spread, "a.pdf")


def test_what_runs_is_found_across_the_windows_of_a_large_pdf():
    for place in (pdf._WINDOW - 6, pdf._WINDOW + pdf._OVERLAP - 6, 3 * pdf._WINDOW - 3):
        assert "programme" in sentence(b"%PDF-1.4" + bytes(place) + b"/S/JavaScript", "a.pdf")


@pytest.mark.parametrize("filter_name", [b"[/ASCII85Decode/FlateDecode]", b"/LZWDecode"])
def test_objects_packed_otherwise_are_refused_unread(filter_name):
    assert "ne peut pas être examiné" in sentence(object_stream(b"x", filter_name), "a.pdf")


def test_a_bomb_in_an_object_stream_is_not_opened_whole(monkeypatch):
    monkeypatch.setattr(pdf, "_MOST_INFLATED", 4 << 20)

    assert "ne peut pas être examiné" in sentence(object_stream(bytes(64 << 20)), "a.pdf")


def test_a_pdf_made_of_object_streams_alone_is_not_looked_through_whole(monkeypatch):
    """Two megabytes of them took ten seconds of a processor, of anybody who asks for an account."""
    assert pdf._MOST_STREAMS == 20_000
    monkeypatch.setattr(pdf, "_MOST_STREAMS", 3)
    stream = b"3 0 obj<</Type/ObjStm/Length 1>>stream\nx\nendstream endobj "

    assert taken(PLAIN_PDF + 3 * stream, "a.pdf") == FileKind.PDF
    assert "ne peut pas être examiné" in sentence(PLAIN_PDF + 4 * stream, "a.pdf")


def test_a_file_beyond_a_hundred_megabytes_is_refused_by_its_size():
    with pytest.raises(Invalid, match="100 Mo"):
        kind_of(io.BytesIO(PLAIN_PDF), name="a.pdf", size=kinds.LARGEST + 1)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (r"C:\Users\x\lettre.pdf", "lettre.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", "document"),
        ("x" * 300 + ".pdf", "x" * 111 + "…xxxx.pdf"),
    ],
)
def test_the_name_shown_is_one_line_and_no_path(sent, shown):
    assert shown_name(sent) == shown
