"""A letter and the first message of its secret stay, by two doors in the same instant: whichever ends first, the letter
is no more read than the stay. Two real transactions, one of which waits for the other.
"""

from functools import partial

import pytest

from simulators.hospital.messages import Authority
from simulators.partner.resources import document_reference
from terresante.interop import applying, filing
from terresante.interop.fhir.tests import stage
from terresante.interop.hl7v2.tests.messages import PV1
from terresante.interop.tests import papers, wire
from tests.beside import SECONDS, Beside, pause

pytestmark = pytest.mark.commits

ADMISSIONS, LETTERS = "750000999", "750000998"
SECRET = "|".join([*PV1.split("|")[:16], "Y", *PV1.split("|")[17:]])


class Doors:
    """A practice that admits by one software, and writes letters by another or by its application (FHIR)."""

    def __init__(self, cast):
        self.cast = cast
        self.application = stage.ready(cast)
        self.admissions = wire.connect("Cabinet des Lilas", authority=ADMISSIONS, port=21009)
        self.letters = wire.connect("Cabinet des Lilas", authority=LETTERS, port=21010)
        for record, number in ((cast.madeleine_record, "P1"), (cast.leon_record, "P2")):
            wire.know(record, self.admissions, number)
            wire.know(record, self.letters, number)

    def tells(self, record, number, visit):
        """A secret stay."""
        pid = wire.person(record).replace("750000222", ADMISSIONS).replace("P1^", f"{number}^")
        pv1 = SECRET.replace("V1^", f"{visit}^")
        wire.receive(self.admissions, wire.stamped("A01", pid=pid, pv1=pv1, control_id=f"A{number}{visit}"))

    def writes(self, record, number, visit):
        """A letter of that visit, by MLLP."""
        person = papers.whose(record, ipp=number, authority=Authority("LETTRES", LETTERS, "N"))
        raw = papers.mdm(person, "T02", papers.letter(person, number[1:]), control_id=f"L{number}")
        named = PV1.replace("V1^", f"{visit}^").encode()
        wire.receive(self.letters, raw.replace(b"PV1|1|N", named))

    def posts(self):
        resource = document_reference(stage.paper(self.cast))
        resource["context"]["encounter"] = [{"identifier": {"value": "V1"}}]
        assert self.application.post(resource).status == 201


@pytest.fixture
def doors(cast):
    return Doors(cast)


@pytest.fixture
def paused(monkeypatch):
    return partial(pause, monkeypatch)


def one_after_the_other(paused, where, first, second):
    done, go = paused(*where)
    one = Beside(first)
    assert done.wait(SECONDS)
    other = Beside(second)
    other.waits_or_ends()
    go.set()
    one.ends()
    other.ends()


WRITTEN, ADMITTED = (filing, "file_results"), (applying, "follow_stay")


def kept():
    return [
        (one.visit_number, one.is_kept_with_stay, one.private_to_id is not None) for one in papers.filed()
    ]


@pytest.mark.parametrize("where", [WRITTEN, ADMITTED], ids=["letter first", "stay first"])
def test_a_letter_by_fhir_and_its_stay_in_the_same_instant(doors, cast, paused, where):
    doors.tells(cast.madeleine_record, "P1", "V1")
    acts = [doors.posts, wire.apply]

    one_after_the_other(paused, where, *(acts if where is WRITTEN else reversed(acts)))

    assert kept() == [("V1", True, True)]


def test_a_letter_by_mllp_and_its_stay_in_the_same_instant(doors, cast, paused):
    doors.writes(cast.madeleine_record, "P1", "V1")

    def admit():
        doors.tells(cast.madeleine_record, "P1", "V1")
        wire.apply()

    one_after_the_other(paused, WRITTEN, wire.apply, admit)

    assert kept() == [("V1", True, True)]


def test_a_stay_and_its_letter_by_mllp_in_the_same_instant(doors, cast, paused):
    doors.tells(cast.madeleine_record, "P1", "V1")

    def write():
        doors.writes(cast.madeleine_record, "P1", "V1")
        wire.apply()

    one_after_the_other(paused, ADMITTED, wire.apply, write)

    assert kept() == [("V1", True, True)]


def test_two_batches_that_want_the_same_visits_crosswise_do_not_wait_for_each_other(doors, cast, paused):
    """Letters of Madeleine then Léon, stays of Léon then Madeleine: each batch asks for all of its own at once."""
    persons = [(cast.madeleine_record, "P1", "V1"), (cast.leon_record, "P2", "V2")]
    for told in persons:
        doors.writes(*told)

    def admit():
        for told in reversed(persons):
            doors.tells(*told)
        wire.apply()

    one_after_the_other(paused, WRITTEN, wire.apply, admit)

    assert sorted(kept()) == [("V1", True, True), ("V2", True, True)]
