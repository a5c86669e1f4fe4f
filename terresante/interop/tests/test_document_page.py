"""A CDA received by a wire, on the pages of whoever reads it: its sections, its paper, its original."""

import re

import pytest
from django.urls import reverse

from simulators.hospital.documents import Passage
from terresante.interop.cda.tests import letters
from terresante.interop.tests import papers, wire
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry
from terresante.terminology.actions import load_set
from terresante.terminology.tests import lists
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

HOSTILE = "<paragraph>&lt;script&gt;alert(1)&lt;/script&gt;</paragraph><script>alert(2)</script>"


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


@pytest.fixture
def filed(cast, hospital, claire):
    def send(**changes):
        wire.receive(hospital, papers.oru(claire, papers.letter(claire, **changes)))
        wire.apply()
        (document,) = papers.filed()
        return document

    return send


def page(client, document, query=""):
    return client.get(reverse("documents:one", args=[document.record_id, document.pk]) + query)


def body(answer):
    return b"".join(answer.streaming_content)


def test_its_sections_are_read_on_the_page_and_its_original_is_one_click_away(cast, client, filed):
    document = filed(pdf=letters.PDF, recipients=(letters.RECIPIENT,), stay=(letters.AT, letters.AT))
    login(client, cast.amar)

    shown = page(client, document).content.decode()
    given = client.get(reverse("documents:download", args=[document.record_id, document.pk]))

    assert "<h3>Motif d’hospitalisation</h3>" in shown and "<h4>Antécédents</h4>" in shown
    assert '<th scope="col">Médicament</th>' in shown and ">Paracétamol</td>" in shown
    assert "Validé par" in shown and "Dr Paul MARTEL" in shown
    assert "Anne SAULNIER" in shown and "12\u00a0mars 2026" in shown
    assert "Télécharger l’original" in shown and "data-viewer=" not in shown
    assert body(given) == papers.content(document)
    assert (
        given.headers["Content-Type"] == "text/xml" and "attachment" in given.headers["Content-Disposition"]
    )


def test_its_type_is_said_once_unless_its_list_has_another_word_for_it(cast, client, filed):
    document = filed()
    login(client, cast.amar)
    for day, label, times in (
        ("2026-01-15", document.get_type_display(), 0),
        ("2026-01-16", "CR de sortie", 1),
    ):
        published = lists.svs((document.type, label), name="JDV_J07-XdsTypeCode-CISIS", day=day)
        load_set(Actor.job("tests"), content=published, file_name="types.xml")
        shown = page(client, document).content.decode()

        assert shown.count("<dt>Type de document</dt>") == times
        assert "<dt>Type</dt>" in shown


def test_the_paper_it_carries_is_shown_beside(cast, client, filed):
    document = filed(pdf=letters.PDF)
    login(client, cast.amar)

    shown = page(client, document, "?copie").content.decode()
    given = client.get(reverse("documents:content", args=[document.record_id, document.pk]))

    assert 'data-viewer="application/pdf"' in shown and "Paracétamol" not in shown
    assert body(given) == letters.PDF
    assert given.headers["Content-Type"] == "application/pdf"
    assert "sandbox" in given.headers["Content-Security-Policy"]


def test_a_document_that_is_only_a_paper_is_shown_as_one(cast, client, filed):
    document = filed(passages=(), pdf=letters.PDF)
    login(client, cast.amar)

    assert 'data-viewer="application/pdf"' in page(client, document).content.decode()


def test_a_document_without_a_paper_gives_none(cast, client, filed):
    document = filed()
    login(client, cast.amar)

    answer = client.get(reverse("documents:content", args=[document.record_id, document.pk]))

    assert answer.status_code == 404


def test_reading_it_leaves_a_line_in_the_trail(cast, client, filed):
    document = filed()
    login(client, cast.amar)
    page(client, document)

    with walls_down():
        done = AuditEntry.objects.filter(object_id=document.pk, user_id=cast.amar.user_id)
        assert set(done.values_list("action", flat=True)) == {"document.read", "document.open"}


def test_nothing_of_the_sender_runs_or_leads_out(cast, client, filed):
    document = filed(passages=(Passage("1-1", HOSTILE.replace("<", "‹"), HOSTILE),))
    login(client, cast.amar)

    shown = page(client, document).content.decode()

    assert "&lt;script&gt;alert(1)" in shown
    assert not re.search(r"<script[^>]*>\s*alert", shown)
    assert "exemple.invalid" not in shown


def test_the_patient_reads_the_same_in_her_own_space(cast, client, filed):
    document = filed(pdf=letters.PDF)
    login(client, cast.madeleine)

    shown = client.get(reverse("portal:document", args=[document.pk])).content.decode()

    assert ">Paracétamol</td>" in shown and "copie PDF" in shown


def test_a_physician_of_other_patients_opens_neither_page_nor_paper_nor_original(cast, client, filed):
    document = filed(pdf=letters.PDF)
    login(client, cast.brun)

    for name in ("documents:one", "documents:content", "documents:download"):
        assert client.get(reverse(name, args=[document.record_id, document.pk])).status_code == 404


def test_once_withdrawn_nothing_of_it_is_shown(cast, client, filed, hospital, claire):
    document = filed(pdf=letters.PDF)
    wire.receive(hospital, papers.mdm(claire, "T04", papers.letter(claire), control_id="D2"))
    wire.apply()
    login(client, cast.amar)

    shown = page(client, document).content.decode()

    assert "Document retiré" in shown and "Paracétamol" not in shown
    assert client.get(reverse("documents:content", args=[document.record_id, document.pk])).status_code == 403


def test_the_page_asks_the_database_as_much_for_a_cda_as_for_a_file(
    cast, client, filed, django_assert_max_num_queries
):
    document = filed(
        passages=tuple(Passage("1-1", f"Section {n}", "<list><item>a</item></list>") for n in range(60))
    )
    login(client, cast.amar)
    page(client, document)

    with django_assert_max_num_queries(45):
        shown = page(client, document).content.decode()

    assert shown.count("<h3>Section") == 60


def test_a_physician_of_another_structure_does_not_withdraw_what_was_sent(cast, client, filed):
    document = filed()
    login(client, cast.amar)

    assert "Retirer (erreur)" not in page(client, document).content.decode()
