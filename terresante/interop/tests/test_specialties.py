"""What tells of a restricted care, in what a hospital sends: the name of a unit, its declared code, a specialty."""

from dataclasses import replace

import pytest
from django.utils import timezone

from simulators.laboratory.reports import discrete
from terresante.directory.models import Organization, Unit
from terresante.interop.cda.tests import letters
from terresante.interop.tests import papers
from terresante.interop.tests.test_documents import reads, send
from terresante.results.tests.factories import blood, reports
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def claire(cast, hospital, madeleine):
    """Known to the hospital under P1."""
    return papers.whose(cast.madeleine_record)


IN_UNIT = (
    b"<componentOf><encompassingEncounter><location><healthCareFacility><location><name>%s</name></location>"
    b"</healthCareFacility></location>"
)


@pytest.mark.parametrize(
    ("unit", "sector", "is_private"),
    [
        ("Unité de psychiatrie adulte", "psychiatry", False),
        ("Addictologie, hôpital de jour", "addictology", False),
        ("Centre d’orthogénie", "", True),
        ("Cardiologie", "", False),
    ],
)
@pytest.mark.parametrize("said_by", ["the document", "its message"])
def test_a_letter_of_a_unit_whose_name_tells_is_kept_as_its_stay_would_be(
    cast, hospital, claire, unit, sector, is_private, said_by
):
    raw = papers.letter(claire, stay=(letters.AT, letters.AT))
    if said_by == "the document":
        raw = raw.replace(b"<componentOf><encompassingEncounter>", IN_UNIT % unit.encode())
    message = papers.mdm(claire, "T02", raw)
    if said_by == "its message":
        message = message.replace(b"PV1|1|N", f"PV1|1|N|{unit}".encode())

    assert send(hospital, message) == ["AA"]

    (letter,) = papers.filed()
    assert (letter.sector, letter.private_to_id is not None) == (sector, is_private)
    assert reads(cast.amar, cast.madeleine_record, letter) is (not sector and not is_private)
    assert not reads(cast.brun, cast.madeleine_record, letter)


@pytest.mark.parametrize(
    ("declared", "sector", "is_private"),
    [("psychiatry", "psychiatry", False), ("abortion", "", True), ("ordinary", "", False)],
)
def test_a_letter_and_results_of_a_unit_declared_by_its_code_are_kept_as_its_stay_would_be(
    cast, hospital, claire, declared, sector, is_private
):
    """The message gives the code alone (PV1-3); an administrator has said what it is."""
    with walls_down():
        name = "Unité 7"
        Unit.objects.create(
            organization_id=hospital.organization_id, code="7300", name=name, sensitivity=declared
        )
        other = Organization.objects.create(name="Clinique du Canal", kind="private_hospital", source="local")
        Unit.objects.create(organization=other, code="7301", name=name, sensitivity="psychiatry")
    letter = papers.mdm(claire, "T02", papers.letter(claire))
    sent = discrete(claire, control_id="Z1", at=timezone.now(), chapters=(blood(),))
    elsewhere = papers.mdm(claire, "T02", papers.letter(claire, "2"), control_id="D2")

    for raw in (letter, sent):
        assert send(hospital, raw.replace(b"PV1|1|N", b"PV1|1|N|7300^12^A")) == ["AA"]
    send(hospital, elsewhere.replace(b"PV1|1|N", b"PV1|1|N|7301"))

    first, second = papers.filed()
    for row in (first, *reports()):
        assert (row.sector, row.private_to_id is not None) == (sector, is_private)
    assert reads(cast.amar, cast.madeleine_record, first) is (declared == "ordinary")
    assert not reads(cast.brun, cast.madeleine_record, first)
    assert reads(cast.amar, cast.madeleine_record, second)


@pytest.mark.parametrize(
    ("code", "sector"),
    [("G15_10/SM42", "psychiatry"), ("G15_10/CAPA16", "addictology"), ("G15_10/SM26", "")],
)
def test_a_letter_whose_author_is_told_by_the_code_of_his_specialty_is_of_its_sector(
    cast, hospital, claire, code, sector
):
    raw = papers.letter(claire, author=replace(letters.letter().author, role=code))

    send(hospital, papers.mdm(claire, "T02", raw))

    (letter,) = papers.filed()
    assert letter.sector == sector
    assert reads(cast.amar, cast.madeleine_record, letter) is not bool(sector)
