"""What names its stay by its account alone (PID-18), while the stay has a number of its own (PV1-19)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from simulators.laboratory.reports import discrete
from terresante.feed.models import FeedItem
from terresante.interop.hl7v2.tests.messages import PV1, ZBE
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_following_stays import ENDS, MOVED, NO, YES, reads, with_visit
from terresante.interop.tests.test_results import reads as reads_results
from terresante.patients.merge_actions import merge_identities, unmerge_identities
from terresante.results.tests.factories import blood, reports
from tests.cast import shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits

SECRET = ZBE.replace("Cardio", "Psychiatrie").replace("4411", "6001")


class Told:
    """What a hospital tells, a message a minute: stays under a number and an account, letters under an account."""

    def __init__(self, cast, hospital):
        self.cast, self.hospital = cast, hospital
        self._number, self._began = 0, timezone.now() - timedelta(hours=3)

    def stay(self, trigger="A01", zbe=ZBE, *, record=None, ipp="P1", number="V1", account="A1"):
        self._number += 1
        pid = wire.person(record or self.cast.madeleine_record, f18=account).replace("P1^", f"{ipp}^")
        pv1 = PV1.replace("V1^", f"{number}^")
        at = self._began + timedelta(minutes=self._number)
        raw = wire.stamped(trigger, pid=pid, pv1=pv1, zbe=zbe, at=at, control_id=f"S{self._number}")
        wire.receive(self.hospital, raw)
        wire.apply()

    def letter(self, account="A1", *, record=None, ipp="P1", content=None):
        person = papers.whose(record or self.cast.madeleine_record, ipp=ipp)
        self._number += 1
        raw = content or papers.letter(person, str(self._number))
        self.sent(papers.mdm(person, "T02", raw, control_id=f"D{self._number}"), account)
        return papers.filed()[-1]

    def sent(self, raw, account):
        wire.receive(self.hospital, of_account(raw, account))
        wire.apply()
        wire.apply()


def of_account(raw, account):
    lines = raw.split(b"\r")
    place = next(index for index, line in enumerate(lines) if line.startswith(b"PID|"))
    fields = lines[place].split(b"|")
    fields += [b""] * (19 - len(fields))
    fields[18] = account.encode()
    lines[place] = b"|".join(fields)
    return b"\r".join(lines)


@pytest.fixture
def told(cast, hospital, madeleine):
    return Told(cast, hospital)


def read_by(cast, document):
    """By a physician of her circle, herself, and a physician with patients of his own."""
    return [
        reads(cast.actors[name], cast.madeleine_record, document) for name in ("amar", "madeleine", "brun")
    ]


@pytest.mark.parametrize("end", ENDS)
def test_a_letter_leaves_with_the_stay_of_its_account_and_comes_back_with_it(cast, told, end):
    away, back = ENDS[end]
    told.stay()
    letter = told.letter()
    assert (letter.visit_number, read_by(cast, letter)) == ("dossier A1", [YES, YES, NO])

    told.stay(*away)
    assert read_by(cast, letter) == [NO, NO, NO]

    told.stay(*back)
    assert read_by(cast, letter) == [YES, YES, NO]


def test_a_letter_of_the_account_of_a_secret_stay_is_no_more_read_than_it(cast, hospital, told):
    told.stay(zbe=SECRET)

    letter = told.letter()

    assert (letter.private_to_id, letter.is_kept_with_stay) == (hospital.organization_id, True)
    assert read_by(cast, letter) == [NO, NO, NO]


def test_results_of_the_account_of_a_secret_stay_are_no_more_read_than_it(cast, told):
    told.stay(zbe=SECRET)
    claire = papers.whose(cast.madeleine_record)

    told.sent(discrete(claire, control_id="Z1", at=timezone.now(), chapters=(blood(),)), "A1")

    (report,) = reports()
    for name in ("amar", "madeleine", "brun"):
        assert reads_results(cast.actors[name], cast.madeleine_record, report) == (False, 0, 0), name


def test_a_letter_that_came_before_the_stay_of_its_account_goes_with_it(cast, told):
    letter = told.letter()
    assert read_by(cast, letter) == [YES, YES, NO]

    told.stay(zbe=SECRET)

    assert read_by(cast, letter) == [NO, NO, NO]
    with walls_down():
        assert FeedItem.objects.get(object_id=letter.pk).private_to_id == letter.organization_id


def test_an_account_learned_later_of_a_secret_stay_takes_its_letters_along(cast, told):
    told.stay(zbe=SECRET, account="")
    letter = told.letter()
    assert read_by(cast, letter) == [YES, YES, NO]

    told.stay("A02", MOVED)

    assert read_by(cast, letter) == [NO, NO, NO]


def test_an_account_that_the_document_names_as_its_visit_is_found(cast, told):
    """Some write the account where a CDA names its encounter (componentOf)."""
    told.stay(zbe=SECRET)
    claire = papers.whose(cast.madeleine_record)
    raw = with_visit(papers.letter(claire, stay=(timezone.now(), timezone.now())), "A1")

    letter = told.letter("", content=raw)

    assert (letter.visit_number, read_by(cast, letter)) == ("A1", [NO, NO, NO])


def test_of_an_account_with_several_stays_one_that_is_secret_is_enough(cast, told):
    told.stay()
    told.stay(zbe=SECRET.replace("MV1^", "MV2^"), number="V2")

    assert read_by(cast, told.letter()) == [NO, NO, NO]


def test_of_an_account_with_several_stays_one_that_was_a_mistake_hides_nothing(cast, told):
    told.stay()
    letter = told.letter()
    told.stay("A11", ZBE.replace("INSERT", "CANCEL"))
    assert read_by(cast, letter) == [NO, NO, NO]

    told.stay(zbe=ZBE.replace("MV1^", "MV2^"), number="V2")

    assert read_by(cast, letter) == [YES, YES, NO]
    assert read_by(cast, told.letter()) == [YES, YES, NO]


def test_a_visit_number_names_its_stay_and_no_other_of_its_account(cast, told):
    told.stay()
    told.stay(zbe=SECRET.replace("MV1^", "MV2^"), number="V2")
    claire = papers.whose(cast.madeleine_record)
    raw = papers.mdm(claire, "T02", papers.letter(claire)).replace(b"PV1|1|N", PV1.encode())

    told.sent(raw, "A1")

    (letter,) = papers.filed()
    assert (letter.visit_number, read_by(cast, letter)) == ("V1", [YES, YES, NO])


def test_an_account_is_that_of_one_person_in_one_hospital(cast, hospital, told):
    """Léon's secret stay under the same account, and Madeleine's own in another hospital, hide nothing of hers."""
    wire.know(cast.leon_record, hospital, "P2")
    told.stay(zbe=SECRET, record=cast.leon_record, ipp="P2", number="V2")
    clinic = wire.connect("Clinique du Canal", authority="750000333", port=21002)
    wire.know(cast.madeleine_record, clinic)
    parts = PV1.split("|")
    parts[16] = "Y"
    pid = wire.person(cast.madeleine_record, f18="A1").replace("750000222", "750000333")
    wire.receive(clinic, wire.stamped("A01", pid=pid, pv1="|".join(parts)))
    wire.apply()

    letter = told.letter()
    his = told.letter(record=cast.leon_record, ipp="P2")

    assert read_by(cast, letter) == [YES, YES, NO]
    assert his.is_kept_with_stay


def test_a_merge_brings_a_letter_to_the_secret_stay_of_its_account_and_its_undoing_gives_it_back(
    cast, hospital, told
):
    with walls_down():
        rosalie = shared_record(cast.brun, "LEROUX", "ROSALIE", date(1939, 4, 2))
    wire.know(rosalie, hospital, "P2")
    letter = told.letter()
    told.stay(zbe=SECRET, record=rosalie, ipp="P2")
    hers = told.letter(record=rosalie, ipp="P2")
    assert reads(cast.amar, cast.madeleine_record, letter) == YES

    merge_id = merge_identities(
        cast.identito, cast.madeleine_record.patient_id, dead_id=rosalie.patient_id, reason="Même personne"
    )

    for document in (letter, hers):
        assert read_by(cast, document) == [NO, NO, NO]
    unmerge_identities(cast.identito, merge_id, reason="Deux personnes", to_dead=[], to_surviving=[])
    assert read_by(cast, letter) == [YES, YES, NO]
    assert reads(cast.brun, rosalie, hers) == NO
