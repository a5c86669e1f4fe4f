import io
import re
import tracemalloc
from hashlib import sha256
from urllib.parse import quote

import pytest
from django.db import connection

from simulators.clamd.daemon import EICAR, running
from terresante.care_team.enums import Confidentiality
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.tests.factories import filed, form, pdf, png, sent_file
from terresante.feed.models import FeedItem
from terresante.kernel import ports
from terresante.kernel.files import vault
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.files.kinds import LARGEST
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, StoredFile
from terresante.kernel.tests.test_pictures import SECRETS, camera_jpeg, camera_png
from terresante.kernel.ui.wording import french
from tests.cast import login
from tests.costs import blocks_of, queries_of, tags_of
from tests.walls import counted, walls_down

pytestmark = pytest.mark.commits


def url(record, rest=""):
    return f"/dossiers/{record.pk}/documents/{rest}"


def filed_rows():
    with walls_down():
        return list(DocumentReference.objects.order_by("title"))


def audited(actor, action):
    with walls_down():
        return AuditEntry.objects.filter(user_id=actor.user_id, action=action, outcome="done").count()


def test_a_document_is_filed_then_listed_then_given_byte_for_byte(client, cast):
    content = pdf()
    login(client, cast.amar)
    page = client.get(url(cast.madeleine_record, "deposer/")).content.decode()
    assert "Qui verra ceci" in page and 'enctype="multipart/form-data"' in page and "DAC Est" in page

    answer = client.post(
        url(cast.madeleine_record, "deposer/"), form(title="Lettre", sent=sent_file(content)), follow=True
    )

    shown = answer.content.decode()
    assert french("« Lettre » est au dossier") in shown and "Note de transfert du" in shown
    (document,) = filed_rows()
    given = client.get(url(cast.madeleine_record, f"{document.pk}/contenu/"))
    assert b"".join(given.streaming_content) == content


def test_an_image_is_filed_without_the_place_the_date_and_the_device_that_took_it(client, cast):
    login(client, cast.amar)
    files = [sent_file(camera_jpeg(6), "IMG.jpg"), sent_file(camera_png(), "scan.png")]
    client.post(url(cast.madeleine_record, "deposer/"), form(sent=files))

    rows = filed_rows()
    assert len(rows) == 2
    for row in rows:
        for end in ("contenu/", "telecharger/"):
            answer = client.get(url(cast.madeleine_record, f"{row.pk}/{end}"))
            content = b"".join(answer.streaming_content)
            assert not [secret for secret in SECRETS if secret in content]
            assert (sha256(content).hexdigest(), len(content)) == (row.sha256, row.size)
    again = client.post(
        url(cast.madeleine_record, "deposer/"), form(sent=sent_file(camera_jpeg(6), "IMG.jpg"))
    )
    assert again.status_code == 422 and "déjà dans le dossier" in again.content.decode()


def test_several_files_are_filed_each_under_its_own_name(client, cast):
    login(client, cast.amar)
    files = [sent_file(name="CR_cardio-2026.pdf"), sent_file(png(), "tracé.png")]

    answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=files), follow=True)

    assert "2 documents sont au dossier" in answer.content.decode()
    assert [row.title for row in filed_rows()] == ["CR cardio 2026", "tracé"]


def test_one_file_that_is_refused_leaves_the_others(client, cast):
    login(client, cast.amar)
    files = [sent_file(), sent_file(b"PK\x03\x04", "rapport.docx"), sent_file(b"", "vide.pdf")]

    answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=files))

    page = answer.content.decode()
    assert answer.status_code == 422 and french("« courrier » est au dossier") in page
    assert (
        french("« rapport.docx »") in page
        and "enregistrez-le en PDF" in page
        and french("« vide.pdf »") in page
    )
    assert len(filed_rows()) == 1
    with walls_down():
        assert StoredFile.objects.count() == 1


def test_a_form_that_is_wrong_puts_nothing_away(client, cast):
    login(client, cast.amar)
    for wrong in ({"type": "x"}, {"dated_on": "hier"}, {"title": "x" * 121}, {"type": ""}):
        answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file(), **wrong))
        assert answer.status_code == 422 and "field-error" in answer.content.decode(), wrong
    assert client.post(url(cast.madeleine_record, "deposer/"), form()).status_code == 422
    with walls_down():
        assert not StoredFile.objects.exists()


def test_nothing_is_put_away_for_who_may_not_file_here(client, cast):
    for name, status in (("brun", 404), ("madeleine", 403)):
        login(client, cast.actors[name])
        answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file()))
        assert answer.status_code == status, name
    with walls_down():
        assert not StoredFile.objects.exists()


def test_the_island_is_answered_in_json(client, cast):
    login(client, cast.amar)
    asked = {"headers": {"Accept": "application/json"}}
    address = url(cast.madeleine_record, "deposer/")

    done = client.post(address, form(sent=sent_file()), **asked)
    refused = client.post(address, form(sent=sent_file(b"MZ", "a.pdf")), **asked)

    (row,) = filed_rows()
    assert done.json() == {"title": "Lettre", "url": url(cast.madeleine_record, f"{row.pk}/")}
    assert refused.status_code == 422 and "programme" in refused.json()["refusal"]


def test_the_panel_follows_the_choices_without_javascript(client, cast):
    login(client, cast.colin)
    address = url(cast.madeleine_record, "deposer/")

    everybody = client.post(address, form(recompute="1")).content.decode()
    few = client.post(
        address, form(recompute="1", type=DocumentType.SOCIAL_DOCUMENT.value, level="structure")
    ).content.decode()

    assert "3\u00a0membres sur 3, et la patiente" in everybody and "1\u00a0membre sur 3" in few
    assert "Verront le document" in everybody
    fragment = client.get(url(cast.madeleine_record, "destinataires/"), {"type": "11490-0"}).content.decode()
    assert "<html" not in fragment and "ne lit pas" not in fragment.split("Ne verront")[0]
    assert client.get(url(cast.madeleine_record, "destinataires/"), {"type": "x"}).status_code == 200


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

    assert (
        given == f"attachment; filename*=utf-8''{quote(row.file_name, safe='!#$&+-.^_`|~')}"
        or "utf-8''" in given
    )
    assert "\n" not in given


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


def test_a_document_is_unread_until_its_page_is_opened(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    login(client, cast.ines)
    listed = client.get(url(cast.madeleine_record)).content.decode()
    assert listed.count("Non lu</span>") == 1
    assert client.get(url(cast.madeleine_record)).content.decode().count("Non lu</span>") == 1

    client.get(url(cast.madeleine_record, f"{document.pk}/"))

    assert "Non lu</span>" not in client.get(url(cast.madeleine_record)).content.decode()
    assert (
        "Aucun document non lu" in client.get(url(cast.madeleine_record), {"vue": "non-lus"}).content.decode()
    )


def test_a_new_version_is_unread_and_its_page_tells_the_history(client, cast):
    document = filed(cast.amar, cast.madeleine_record, "Ordonnance")
    login(client, cast.amar)
    page = url(cast.madeleine_record, f"{document.pk}/")
    sent = {"sent": sent_file(), "dated_on": document.dated_on.isoformat(), "written_by": ""}

    answer = client.post(f"{page}remplacer/", sent, follow=True)

    shown = answer.content.decode()
    assert "est remplacé" in shown and "Version 2" in shown and "Version 1" in shown
    login(client, cast.ines)
    listed = client.get(url(cast.madeleine_record)).content.decode()
    assert listed.count("Non lu</span>") == 1
    # Two versions were told of: one document is to be read, as its tab, its list and the bar of a telephone say.
    assert re.findall(r'<span class="counter">(\d+)', listed) == ["1", "1", "1"]
    assert "Lire la version en vigueur" in client.get(page).content.decode()
    assert "Non lu</span>" not in client.get(url(cast.madeleine_record)).content.decode()


def test_a_version_without_a_file_or_with_a_wrong_one_is_said(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    login(client, cast.amar)
    page = url(cast.madeleine_record, f"{document.pk}/remplacer/")
    sent = {"dated_on": document.dated_on.isoformat()}

    assert "Choisissez le fichier" in client.post(page, sent).content.decode()
    wrong = client.post(page, {**sent, "sent": sent_file(b"MZ", "a.pdf")})
    assert wrong.status_code == 422 and "programme" in wrong.content.decode()
    assert len(filed_rows()) == 1


def test_sharing_and_withdrawing_ask_first(client, cast):
    document = filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE)
    login(client, cast.amar)
    page = url(cast.madeleine_record, f"{document.pk}/")

    assert "Partager «" in client.get(f"{page}partage/").content.decode()
    assert (
        "est maintenant visible"
        in client.post(f"{page}partage/", {"shared": "yes"}, follow=True).content.decode()
    )
    assert client.post(f"{page}partage/", {"shared": "yes"}).status_code == 409
    assert client.post(f"{page}retirer/", {"reason": " "}).status_code == 422
    assert "est retiré" in client.post(f"{page}retirer/", {"reason": "Doublon"}, follow=True).content.decode()


def test_a_document_is_found_by_what_its_line_says_whatever_accents_and_endings(client, cast):
    record = cast.madeleine_record
    filed(cast.amar, record, "Échographie cardiaque")
    filed(cast.amar, record, "Suite du séjour", written_by="Dr Hélène Pélissier")
    filed(cast.amar, record, "Échographie interne", level=Confidentiality.STRUCTURE)
    filed(cast.jules, cast.leon_record, "Échographie de Léon")

    def found(actor, words, of=record, **more):
        login(client, actor)
        page = client.get(url(of), {"q": words, **more})
        assert page.status_code == 200
        shown = page.content.decode().split("<main")[1]
        titles = ("Échographie cardiaque", "Suite du séjour", "Échographie interne", "Échographie de Léon")
        return {title for title in titles if title in shown}

    assert found(cast.colin, "echographies") == {"Échographie cardiaque"}
    assert found(cast.amar, "échographie") == {"Échographie cardiaque", "Échographie interne"}
    assert found(cast.colin, "pelissier sejours") == {"Suite du séjour"}
    assert found(cast.colin, "notes transfert card") == {"Échographie cardiaque"}
    assert found(cast.colin, "échographie pélissier") == set()
    assert found(cast.colin, "cardiaque", vue="retires") == set()
    assert found(cast.colin, "!!") == set()
    # Jules finds in his own patient's record; in this one he finds no page.
    assert found(cast.jules, "échographie", of=cast.leon_record) == {"Échographie de Léon"}
    assert client.get(url(record), {"q": "échographie"}).status_code == 404


def test_the_list_costs_the_same_with_five_hundred_documents(client, cast):
    for number in range(25):
        filed(cast.amar, cast.madeleine_record, f"Document {number}")
    login(client, cast.ines)
    client.get(url(cast.madeleine_record))
    few = queries_of(client, url(cast.madeleine_record))
    with walls_down():
        one = DocumentReference.objects.first()
        attributes = {
            field.attname: getattr(one, field.attname)
            for field in DocumentReference._meta.concrete_fields
            if field.name not in ("id", "set_id")
        }
        DocumentReference.objects.bulk_create(
            [DocumentReference(**attributes, id=new_id(), set_id=new_id()) for _ in range(500)]
        )
    counted(DocumentReference, FeedItem)

    assert queries_of(client, url(cast.madeleine_record)) == few <= 30
    assert blocks_of(client, url(cast.madeleine_record)) < 3000


def test_a_document_more_is_drawn_at_once(client, cast):
    """Bad: a tag for each of its words. Twenty documents took half of the page."""
    filed(cast.amar, cast.madeleine_record)
    login(client, cast.ines)
    client.get(url(cast.madeleine_record))
    few = tags_of(client, url(cast.madeleine_record))
    for number in range(10):
        filed(cast.amar, cast.madeleine_record, f"Document {number}")

    assert tags_of(client, url(cast.madeleine_record)) - few <= 3 * 10


def test_what_a_line_says_is_shown_letter_by_letter(client, cast):
    document = filed(cast.amar, cast.madeleine_record, "<i>T</i>", level=Confidentiality.STRUCTURE)
    with walls_down():
        DocumentReference.objects.update(
            author_name="<i>A</i>", author_role="<i>R</i>", organization_name="<i>O</i>"
        )
    login(client, cast.amar)

    for page in (url(cast.madeleine_record), url(cast.madeleine_record, f"{document.pk}/")):
        shown = client.get(page).content.decode()
        assert "<i>" not in shown
        assert "&lt;i&gt;O&lt;/i&gt; seulement" in shown and "&lt;i&gt;T&lt;/i&gt;" in shown


@pytest.fixture
def antivirus(monkeypatch):
    def bind(address):
        monkeypatch.setattr(ports.bound, "antivirus", Clamd(address))

    return bind


def test_an_infected_file_is_refused_and_traced(client, cast, antivirus):
    login(client, cast.amar)
    with running() as address:
        antivirus(address)
        answer = client.post(
            url(cast.madeleine_record, "deposer/"), form(sent=sent_file(pdf() + EICAR, "facture.pdf"))
        )
        clean = client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file()))

    assert answer.status_code == 422 and "malveillant" in answer.content.decode()
    assert clean.status_code == 302 and len(filed_rows()) == 1
    with walls_down():
        row = AuditEntry.objects.get(outcome="refused")
        assert row.action == "document.write" and row.detail == {"virus": "Eicar-Test-Signature"}
        assert StoredFile.objects.count() == 1


def test_the_status_page_says_whether_an_antivirus_looks_at_files(client, antivirus, tmp_path):
    assert "antivirus: none" in client.get("/readyz").content.decode()
    with running() as address:
        antivirus(address)
        assert "antivirus: answers" in client.get("/readyz").content.decode()
    antivirus(str(tmp_path / "nowhere"))
    assert "antivirus: does not answer, no file is taken" in client.get("/readyz").content.decode()


def test_a_file_is_examined_and_put_away_without_a_connection(client, cast, monkeypatch):
    held: list[bool] = []
    put = vault.put

    class Slow:
        def found_in(self, content):
            held.append(connection.connection is not None)
            return ""

    def slow_put(file, content):
        held.append(connection.connection is not None)
        return put(file, content)

    monkeypatch.setattr(ports.bound, "antivirus", Slow())
    monkeypatch.setattr(vault, "put", slow_put)
    login(client, cast.amar)
    answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file()))

    assert (answer.status_code, held) == (302, [False, False])


def test_without_its_antivirus_nothing_is_taken(client, cast, antivirus, tmp_path):
    antivirus(str(tmp_path / "nowhere"))
    login(client, cast.amar)

    answer = client.post(url(cast.madeleine_record, "deposer/"), form(sent=sent_file()))

    assert answer.status_code == 422 and "antivirus ne répond pas" in answer.content.decode()
    with walls_down():
        assert not StoredFile.objects.exists()


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
