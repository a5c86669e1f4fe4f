import re

import pytest

from terresante.care_team.enums import Confidentiality
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.tests.factories import filed, sent_file, url
from terresante.feed.models import FeedItem
from terresante.kernel.ids import new_id
from tests.cast import login
from tests.costs import blocks_of, queries_of, tags_of
from tests.walls import counted, walls_down

pytestmark = pytest.mark.commits


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


def test_a_line_says_neither_its_type_twice_nor_what_goes_without_saying(client, cast):
    label = DocumentType.TRANSFER_NOTE.label
    document = filed(cast.amar, cast.madeleine_record, label.upper())
    filed(cast.amar, cast.madeleine_record, "Lettre", level=Confidentiality.STRUCTURE)
    login(client, cast.amar)

    lines = client.get(url(cast.madeleine_record)).content.decode()
    page = client.get(url(cast.madeleine_record, f"{document.pk}/")).content.decode()

    assert lines.count(f"{label} du ") == 1 and "Visible par la personne" not in lines
    assert "seulement</li>" in lines and "PDF, 1\u00a0ko" in lines
    assert "Visible par la personne" in page and "PDF, 1" not in page
