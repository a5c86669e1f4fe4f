"""What is filed, and what is refused at the door."""

from hashlib import sha256

import pytest
from django.db import connection

from simulators.clamd.daemon import EICAR, running
from terresante.documents.enums import DocumentType
from terresante.documents.tests.factories import filed, filed_rows, form, pdf, png, sent_file, url
from terresante.kernel import ports
from terresante.kernel.files import vault
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.models import AuditEntry, StoredFile
from terresante.kernel.tests.test_pictures import SECRETS, camera_jpeg, camera_png
from terresante.kernel.ui.wording import french
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


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


def test_a_version_without_a_file_or_with_a_wrong_one_is_said(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    login(client, cast.amar)
    page = url(cast.madeleine_record, f"{document.pk}/remplacer/")
    sent = {"dated_on": document.dated_on.isoformat()}

    assert "Choisissez le fichier" in client.post(page, sent).content.decode()
    wrong = client.post(page, {**sent, "sent": sent_file(b"MZ", "a.pdf")})
    assert wrong.status_code == 422 and "programme" in wrong.content.decode()
    assert len(filed_rows()) == 1


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


def test_a_form_sent_empty_tells_of_the_file_too(client, cast):
    login(client, cast.amar)

    answer = client.post(url(cast.madeleine_record, "deposer/"), form(type=""))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choisissez au moins un fichier" in page and "Choisissez le type du document" in page
