"""The trail of what a structure sends is read by those who may know of it, and by nobody else of the circle."""

import pytest

from simulators.hospital.messages import Authority
from simulators.partner.resources import bundle
from terresante.care_team.queries.log import accesses_of
from terresante.interop.cda.tests import coded
from terresante.interop.fhir.tests import stage
from terresante.interop.tests import papers, wire
from terresante.kernel import rls
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits
IN_CODES = coded.passages(coded.ALLERGIES, coded.AT_DISCHARGE)


def read_in_log(cast, name, record):
    """Structures and acts of its page « Accès au dossier »."""
    actor = cast.actors[name]
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        page = accesses_of(actor, record.patient_id)
    return {(line.structure, code) for line in page.lines for code in line.codes}


def acts_in_trail():
    with walls_down():
        return set(AuditEntry.objects.filter(actor_kind="gateway").values_list("action", flat=True))


def test_what_a_psychiatric_hospital_offers_is_no_line_of_the_circle_s(cast):
    asylum = wire.connect("EPSM des Saules", authority="770000444", port=21003, is_psychiatric=True)
    wire.know(cast.madeleine_record, asylum)
    theirs = papers.whose(cast.madeleine_record, authority=Authority("EPSM", "770000444", "N"))

    wire.receive(asylum, papers.oru(theirs, papers.letter(theirs, passages=IN_CODES), code="11490-0"))
    wire.apply()

    assert {"document.write", "health.offer"} <= acts_in_trail()
    for name in ("amar", "ines", "colin"):
        assert not {one for one in read_in_log(cast, name, cast.madeleine_record) if "EPSM" in one[0]}, name
    # She knows of it herself.
    assert ("EPSM des Saules", "health.offer") in read_in_log(cast, "madeleine", cast.madeleine_record)


def test_what_a_masked_letter_offers_is_no_line_of_the_circle_s(cast, hospital, madeleine):
    claire = papers.whose(cast.madeleine_record)
    letter = papers.letter(claire, passages=IN_CODES)

    wire.receive(hospital, papers.oru(claire, letter, code="11490-0", told={"MASQUE_PS": "Y"}))
    wire.apply()

    assert {"document.write", "health.offer"} <= acts_in_trail()
    for name in ("amar", "madeleine"):
        acts = {code for _, code in read_in_log(cast, name, cast.madeleine_record)}
        assert not acts & {"document.write", "health.offer"}, name


@pytest.mark.parametrize(
    ("labels", "is_told"), [(("N", "N"), True), (("N", "MASQUE_PS"), True), (("MASQUE_PS",), False)]
)
def test_a_submission_of_masked_documents_is_a_line_of_its_structure_s(cast, labels, is_told):
    application = stage.ready(cast)
    sent = [stage.paper(cast, str(number), labels=(one,)) for number, one in enumerate(labels, start=1)]

    assert application.post(bundle(sent)).status == 200

    for name, reads in (("ines", True), ("colin", is_told), ("madeleine", is_told)):
        acts = {code for _, code in read_in_log(cast, name, cast.madeleine_record)}
        assert ("document.write" in acts) is reads, name
