"""« Retour à domicile »: read from the letter each time, under its reading limits, beside the record."""

import pytest
from django.urls import reverse

from terresante.documents.models import DocumentReference
from terresante.health_record.tests.factories import added, treatment
from terresante.interop.cda.tests import coded, letters
from terresante.interop.tests import papers, wire
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.wording import french
from tests.cast import login
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


@pytest.fixture
def hospital(cast):
    sender = wire.connect()
    wire.know(cast.madeleine_record, sender)
    return sender


def send(cast, hospital, *sections, **changes):
    person = papers.whose(cast.madeleine_record)
    told = changes.pop("told", None)
    raw = papers.letter(person, passages=coded.passages(*(sections or coded.EVERY)), **changes)
    wire.receive(hospital, papers.oru(person, raw, code="11490-0", told=told))
    wire.apply()
    with walls_down():
        return DocumentReference.objects.get()


def opened(client, actor, record, document=None):
    login(client, actor)
    keys = [record.pk] if document is None else [record.pk, document.pk]
    name = "overview:discharge" if document is None else "overview:discharge_of"
    return client.get(reverse(name, args=keys))


def test_the_letter_is_read_beside_the_treatments_of_the_record(client, cast, hospital):
    added(cast.amar, cast.madeleine_record, treatment("Furosémide 20 mg", dosage="1 le matin"))
    added(cast.amar, cast.madeleine_record, treatment("Metformine 500 mg", dosage="1 le soir"))
    document = send(cast, hospital, coded.STOPPED, coded.AT_DISCHARGE, coded.FOLLOW_UP)

    page = opened(client, cast.ines, cast.madeleine_record, document).content.decode()

    for said in (
        "Ibuprofène 400 mg",
        "La lettre dit : modifié",
        "Change : le dossier dit 1 le matin",
        "Nouveau : absent du dossier",
        "Metformine 500 mg",
        "Bilan sanguin",
        "La lettre ne dit rien des résultats attendus.",
        "La lettre ne dit rien des allergies",
        "dont la page dit s’il est signé électroniquement, fait foi",
        "Hôpital Saint-Martin",
        "À intégrer",
    ):
        assert french(said) in page, said
    assert reverse("documents:one", args=[cast.madeleine_record.pk, document.pk]) in page
    with walls_down():
        assert AuditEntry.objects.filter(action="document.open", object_id=document.pk).count() == 1


def test_the_latest_letter_opens_from_the_record_and_its_absence_is_said(client, cast, hospital):
    page = opened(client, cast.amar, cast.madeleine_record).content.decode()
    assert "Aucune lettre de sortie" in page

    send(cast, hospital)
    page = opened(client, cast.amar, cast.madeleine_record).content.decode()

    assert "Furosémide 40 mg" in page and "Aucune lettre" not in page


def test_a_letter_that_is_only_its_paper_leads_to_it(client, cast, hospital):
    person = papers.whose(cast.madeleine_record)
    raw = papers.letter(person, passages=(), pdf=letters.PDF)
    wire.receive(hospital, papers.oru(person, raw, code="11490-0"))
    wire.apply()

    assert (
        "ne se lit que comme un document" in opened(client, cast.amar, cast.madeleine_record).content.decode()
    )


def test_it_opens_to_who_may_open_the_document_and_to_nobody_else(client, cast, hospital):
    document = send(cast, hospital)

    for name in ("amar", "ines", "colin"):
        assert opened(client, cast.actors[name], cast.madeleine_record, document).status_code == 200, name
    # A doctor with his own patients, by this record and by his own; a social worker of the circle.
    assert opened(client, cast.brun, cast.madeleine_record, document).status_code == 404
    assert opened(client, cast.brun, cast.leon_record, document).status_code == 404
    assert opened(client, cast.samira, cast.madeleine_record, document).status_code in (403, 404)


def test_what_is_masked_is_not_read_here_either(client, cast, hospital):
    document = send(cast, hospital, told={"MASQUE_PS": "Y"})

    assert opened(client, cast.amar, cast.madeleine_record, document).status_code == 404
    page = opened(client, cast.amar, cast.madeleine_record).content.decode()
    assert "Aucune lettre de sortie" in page and "Furosémide" not in page
