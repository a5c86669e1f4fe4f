"""The bytes: how they are given, how large they may be."""

import io
import tracemalloc
from urllib.parse import quote

import pytest

from terresante.documents.tests.factories import filed, filed_rows, form, pdf, sent_file, url
from terresante.kernel.files.kinds import LARGEST
from terresante.kernel.models import AuditEntry
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def audited(actor, action):
    with walls_down():
        return AuditEntry.objects.filter(user_id=actor.user_id, action=action, outcome="done").count()


def test_what_is_given_runs_nothing_wherever_it_is_opened(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    login(client, cast.ines)

    for end, way in (("contenu/", "inline"), ("telecharger/", "attachment")):
        answer = client.get(url(cast.madeleine_record, f"{document.pk}/{end}"))
        assert answer.headers["Content-Disposition"].startswith(way)
        assert (
            answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_text_is_given_as_text(client, cast):
    login(client, cast.amar)
    text = "<b>Relevé</b> du matin".encode()
    client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file(text, "relevé.txt")))
    (row,) = filed_rows()

    answer = client.get(url(cast.madeleine_record, f"{row.pk}/contenu/"))

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_name_is_served_encoded_and_never_as_a_header_of_its_own(client, cast):
    login(client, cast.amar)
    name = 'Bilan "é"; filename=x.exe.pdf'
    client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file(name=name)))
    (row,) = filed_rows()

    given = client.get(url(cast.madeleine_record, f"{row.pk}/telecharger/")).headers["Content-Disposition"]

    assert given == f"attachment; filename*=utf-8''{quote(row.file_name)}"


def test_opening_and_downloading_each_leave_their_line(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    login(client, cast.ines)
    page = url(cast.madeleine_record, f"{document.pk}/")

    client.get(page)
    assert (audited(cast.ines, "document.read"), audited(cast.ines, "document.open")) == (1, 0)
    client.get(f"{page}contenu/")
    client.get(f"{page}telecharger/")

    assert (audited(cast.ines, "document.open"), audited(cast.ines, "document.download")) == (1, 1)
    with walls_down():
        row = AuditEntry.objects.get(action="document.download")
    assert (row.object_id, row.patient_id) == (document.pk, document.patient_id)


class Body(io.RawIOBase):
    """A multipart body as a network brings it: `size` bytes of one file, never whole in memory."""

    def __init__(self, fields, name, size):
        named = '--sep\r\nContent-Disposition: form-data; name="{}"'
        parts = [f"{named.format(key)}\r\n\r\n{value}\r\n" for key, value in fields.items()]
        parts.append(f'{named.format("sent")}; filename="{name}"\r\n\r\n')
        self.head, self.tail = "".join(parts).encode() + pdf(), b"\r\n--sep--\r\n"
        self.left = size - len(pdf())
        self.size = len(self.head) + self.left + len(self.tail)

    def readable(self):
        return True

    def read(self, size=-1):
        if self.head:
            piece, self.head = self.head[:size], self.head[size:] if size > 0 else b""
            return piece
        if self.left:
            piece = bytes(min(size, self.left))
            self.left -= len(piece)
            return piece
        piece, self.tail = self.tail, b""
        return piece


def send_large(client, address, size):
    body = Body(form(title="Très lourd"), "lourd.pdf", size)
    return client.generic("POST", address, **multipart(body.size), **{"wsgi.input": body})


def multipart(size):
    return {"CONTENT_TYPE": "multipart/form-data; boundary=sep", "CONTENT_LENGTH": str(size)}


@pytest.mark.long
def test_a_hundred_megabytes_come_in_and_go_out_in_flat_memory(client, cast):
    login(client, cast.amar)
    client.get(url(cast.madeleine_record, "deposer/"))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert send_large(client, url(cast.madeleine_record, "deposer/"), LARGEST).status_code == 302
        _, received = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        (row,) = filed_rows()
        answer = client.get(url(cast.madeleine_record, f"{row.pk}/telecharger/"))
        given = sum(len(chunk) for chunk in answer.streaming_content)
        _, sent = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert given == row.size == LARGEST
    # In bytes: a dozen chunks of one mebibyte at most, whatever the size of the file.
    assert received - before < 16 << 20 and sent - before < 16 << 20


@pytest.mark.long
def test_one_byte_more_than_the_largest_is_refused_with_a_sentence(client, cast):
    login(client, cast.amar)

    answer = send_large(client, url(cast.madeleine_record, "deposer/"), LARGEST + 1)

    assert answer.status_code == 422 and "dépasse 100 Mo" in answer.content.decode()
    address = url(cast.madeleine_record, "deposer/")
    assert client.generic("POST", address, **multipart(2 * LARGEST)).status_code == 400
