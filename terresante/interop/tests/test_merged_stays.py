"""What was sent of a stay is no more read than it when two identities become one, and as before once they are two."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from simulators.laboratory.reports import discrete
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.interop.hl7v2.tests.messages import PV1, ZBE
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_following_stays import MOVED, NO, YES, reads
from terresante.interop.tests.test_results import reads as reads_results
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.desk_queries import rows_since
from terresante.patients.merge_actions import merge_identities, sweep_merges, unmerge_identities
from terresante.results.tests.factories import blood, reports
from tests.cast import login, shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits

SECRET = ZBE.replace("Cardio", "Psychiatrie").replace("4411", "6001")


@pytest.fixture
def rosalie(cast, hospital, madeleine):
    """Madeleine entered once more: followed by Dr Brun, whom the hospital knows her by P2. `madeleine` is P1."""
    with walls_down():
        record = shared_record(cast.brun, "LEROUX", "ROSALIE", date(1939, 4, 2))
    wire.know(record, hospital, "P2")
    return record


class Told:
    """What the hospital tells under one number or the other."""

    def __init__(self, cast, hospital, rosalie):
        self.hospital, self.records = hospital, {"P1": cast.madeleine_record, "P2": rosalie}
        self._number = 0

    def stay(self, number, trigger="A01", zbe=SECRET):
        self._number += 1
        pid = wire.person(self.records[number]).replace("P1^", f"{number}^")
        wire.receive(self.hospital, wire.stamped(trigger, pid=pid, zbe=zbe, control_id=f"S{self._number}"))
        wire.apply()

    def letter(self, number):
        person = papers.whose(self.records[number], ipp=number)
        self._sent(papers.mdm(person, "T02", papers.letter(person)))
        return papers.filed()[-1]

    def results(self, number):
        person = papers.whose(self.records[number], ipp=number)
        self._sent(discrete(person, control_id="Z1", at=timezone.now(), chapters=(blood(),)))
        return reports()[-1]

    def _sent(self, raw):
        wire.receive(self.hospital, raw.replace(b"PV1|1|N", PV1.encode()))
        wire.apply()
        wire.apply()


@pytest.fixture
def told(cast, hospital, rosalie):
    return Told(cast, hospital, rosalie)


def merged(cast, rosalie):
    return merge_identities(
        cast.identito, cast.madeleine_record.patient_id, dead_id=rosalie.patient_id, reason="Même personne"
    )


def undone(cast, merge_id, **given):
    given = {"to_dead": [], "to_surviving": []} | given
    unmerge_identities(cast.identito, merge_id, reason="Deux personnes", **given)


def by_door(actor, record, document):
    client = Client()
    with walls_down():
        login(client, actor)
    return client.get(f"/dossiers/{record.pk}/documents/{document.pk}/").status_code


def reader_of(cast, rosalie, number):
    """Whose circle knew the letter, and its record."""
    return (cast.amar, cast.madeleine_record) if number == "P1" else (cast.brun, rosalie)


@pytest.mark.parametrize(("sent_of", "stays_at"), [("P1", "P2"), ("P2", "P1")])
def test_a_letter_is_hidden_by_the_secret_stay_that_a_merge_brings_and_comes_back(
    cast, rosalie, told, sent_of, stays_at
):
    letter = told.letter(sent_of)
    told.stay(stays_at)
    reader, record = reader_of(cast, rosalie, sent_of)
    assert reads(reader, record, letter) == YES

    merge_id = merged(cast, rosalie)

    for actor in (cast.amar, cast.brun, cast.ines, cast.madeleine):
        assert reads(actor, cast.madeleine_record, letter) == NO
    assert by_door(cast.amar, cast.madeleine_record, letter) == 404
    undone(cast, merge_id)
    assert reads(reader, record, letter) == YES
    assert by_door(reader, record, letter) == 200
    other = cast.brun if reader == cast.amar else cast.amar
    assert reads(other, record, letter) == NO


@pytest.mark.parametrize(("sent_of", "stays_at"), [("P1", "P2"), ("P2", "P1")])
def test_results_are_hidden_by_it_too(cast, rosalie, told, sent_of, stays_at):
    report = told.results(sent_of)
    told.stay(stays_at)
    reader, record = reader_of(cast, rosalie, sent_of)
    assert reads_results(reader, record, report) == (True, 2, 1)

    merge_id = merged(cast, rosalie)

    for actor in (cast.amar, cast.brun, cast.madeleine):
        assert reads_results(actor, cast.madeleine_record, report) == (False, 0, 0)
    undone(cast, merge_id)
    assert reads_results(reader, record, report) == (True, 2, 1)


def test_a_letter_comes_back_with_its_stay_though_two_were_merged(cast, rosalie, told):
    letter = told.letter("P1")
    told.stay("P2", zbe=ZBE)
    told.stay("P2", "A02", MOVED)
    merged(cast, rosalie)
    assert reads(cast.amar, cast.madeleine_record, letter) == NO

    told.stay("P2", "A12", MOVED.replace("INSERT", "CANCEL"))

    assert reads(cast.amar, cast.madeleine_record, letter) == YES


def test_an_ordinary_stay_that_a_merge_brings_hides_nothing(cast, rosalie, told):
    letter = told.letter("P1")
    told.stay("P2", zbe=ZBE)

    merged(cast, rosalie)

    assert reads(cast.amar, cast.madeleine_record, letter) == YES
    assert reads(cast.brun, cast.madeleine_record, letter) == YES


def test_a_letter_that_came_since_is_given_to_who_has_no_such_stay(cast, rosalie, told):
    told.stay("P1")
    merge_id = merged(cast, rosalie)
    letter = told.letter("P2")
    assert letter.is_kept_with_stay
    with rls.acting(cast.identito):
        asked = [row.row_id for row in rows_since(merge_id)]

    undone(cast, merge_id, to_dead=asked)

    assert reads(cast.brun, rosalie, letter) == YES
    assert reads(cast.amar, cast.madeleine_record, letter) == NO


def test_a_letter_that_was_being_written_while_two_were_merged_is_hidden_as_it_follows(cast, rosalie, told):
    told.stay("P1")
    merged(cast, rosalie)
    letter = told.letter("P2")
    with walls_down():
        # As its sender would have written it, who had read that the number was Rosalie's, and ended after the merge.
        row = {"patient_id": rosalie.patient_id, "private_to": None}
        FeedItem.objects.filter(object_id=letter.pk).update(**row)
        DocumentReference.objects.filter(pk=letter.pk).update(**row, record=rosalie, is_kept_with_stay=False)

    with rls.acting(Actor.job("tests")):
        assert sweep_merges() > 0

    for actor in (cast.amar, cast.brun, cast.madeleine):
        assert reads(actor, cast.madeleine_record, letter) == NO
