"""An access ends by itself while a page that it opened stays on a screen: its reader hears it, and nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now
from django.utils import timezone

from terresante.care_team import actions, jobs
from terresante.care_team.actions.hand_over import Proposal, answer_hand_over, propose_hand_over
from terresante.care_team.enums import Sector
from terresante.care_team.models import HandOverItem
from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel.actor import ActorKind
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, HandlerCursor, OutboxEvent
from terresante.overview.tests.test_closed_live import REASON, member, refusals
from terresante.overview.tests.test_merged_live import asked, told
from terresante.patients.enums import DelegationBasis
from tests.cast import join, professional, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
KIND = "RecordClosed"


@pytest.fixture(autouse=True)
def looked_once(cast):
    """What ends from now on is told."""
    jobs.tell_of_endings()


def ends(row, **columns):
    """Its last moment is now."""
    with walls_down():
        type(row).objects.filter(pk=row.pk).update(**columns or {"expires_at": Now()})


def closings():
    with walls_down():
        return OutboxEvent.objects.filter(kind=KIND).count()


def handed_over(cast):
    """To Dr Zoé, by Dr Amar, who reads on."""
    with walls_down():
        practice = Organization.objects.get(pk=cast.amar.organization_id)
        zoe = professional("zoe", Profession.DOCTOR, practice)
    given = member(cast.madeleine_record, cast.amar)
    assert zoe.person_id is not None
    proposal = Proposal(giver_id=cast.amar.person_id, taker_id=zoe.person_id, periods=[given.pk])
    key = propose_hand_over(cast.amar, proposal)
    with walls_down():
        items = list(HandOverItem.objects.filter(hand_over_id=key).values_list("pk", flat=True))
    answer_hand_over(zoe, key, items=items, accepts=True)
    return given


def secretary_of(physician):
    return replace(
        physician,
        name="Secrétaire",
        person_id=new_id(),
        principal_id=physician.person_id,
        correlation_id=new_id(),
    )


def test_a_period_that_ends_closes_the_page_of_its_member_and_of_nobody_else(client, cast):
    record = cast.madeleine_record
    assert asked(client, cast.ines, record) == (200, "")
    jobs.tell_of_endings()
    assert closings() == 0

    ends(member(record, cast.ines))
    jobs.tell_of_endings()

    connected = (cast.amar, cast.ines, cast.colin, cast.jules, cast.madeleine, cast.dpo)
    assert told(KIND, *connected) == (record.patient_id, [cast.ines.name])
    assert asked(client, cast.ines, record)[0] == 404
    assert refusals(cast.ines) == 0


def test_a_period_that_ends_is_heard_by_who_acts_for_its_member(cast):
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
    secretary = secretary_of(cast.amar)

    ends(member(cast.leon_record, cast.amar))
    jobs.tell_of_endings()

    assert told(KIND, cast.amar, secretary, cast.brun)[1] == [cast.amar.name, "Secrétaire"]


def test_a_structure_that_was_there_for_a_time_hears_it_whoever_works_there(cast):
    with walls_down():
        here = join(cast.leon_record, organization_id=cast.amar.organization_id)

    ends(here)
    jobs.tell_of_endings()

    assert told(KIND, cast.amar, cast.ines, cast.brun, cast.jules)[1] == [cast.amar.name, cast.ines.name]


def test_what_is_restricted_tells_the_circle_of_nobody(cast):
    hidden = member(cast.madeleine_record, cast.ines)
    ends(hidden, expires_at=Now(), sector=Sector.PSYCHIATRY)
    jobs.tell_of_endings()

    assert told(KIND, cast.amar, cast.colin, cast.ines, cast.madeleine)[1] == [cast.ines.name]


def test_an_emergency_that_ends_is_heard_by_who_opened_it_where_he_opened_it(client, cast):
    """Bad: a secretary, or his other structure, learns of a person whom they never had."""
    record = cast.madeleine_record
    opened = actions.open_in_emergency(cast.urgentiste, record.patient_id, reason=REASON)
    assert asked(client, cast.urgentiste, record) == (200, "")
    elsewhere = replace(
        cast.urgentiste, name="Ailleurs", organization_id=cast.brun.organization_id, correlation_id=new_id()
    )
    connected = (cast.amar, cast.urgentiste, elsewhere, secretary_of(cast.urgentiste), cast.dpo)

    ends(opened)
    jobs.tell_of_endings()

    assert told(KIND, *connected) == (record.patient_id, [cast.urgentiste.name])
    assert asked(client, cast.urgentiste, record)[0] == 404
    assert refusals(cast.urgentiste) == 0


def test_what_one_reads_after_a_hand_over_ends_for_oneself_alone(client, cast):
    record = cast.madeleine_record
    given = handed_over(cast)
    connected = (cast.amar, secretary_of(cast.amar), cast.ines)
    # Who acted for the giver reads no more from the hand-over on: that one is told at once, and the giver reads on.
    assert told(KIND, *connected) == (record.patient_id, [cast.amar.name, "Secrétaire"])
    assert asked(client, cast.amar, record) == (200, "")

    ends(given, reads_until=Now())
    jobs.tell_of_endings()

    assert told(KIND, *connected) == (record.patient_id, [cast.amar.name])
    assert asked(client, cast.amar, record)[0] == 404


def days_ago(days):
    """It was last looked at then."""
    with walls_down():
        moment = (timezone.now() - timedelta(days=days)).timestamp()
        HandlerCursor.objects.filter(handler=jobs.ENDINGS).update(position=int(moment) * 1_000_000)


def test_the_last_day_of_a_delegation_closes_the_pages_of_the_relative_whoever_he_acts_for_since(cast):
    yesterday = timezone.localdate() - timedelta(days=1)
    with walls_down():
        claire = represented_by(
            cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP, valid_until=yesterday
        )
        other = represented_by(cast.madeleine_record, "Odile", DelegationBasis.CARER)
    since = replace(
        claire, name="Claire, pour elle", kind=ActorKind.PATIENT, person_id=new_id(), correlation_id=new_id()
    )
    days_ago(3)

    jobs.tell_of_endings()

    heard = told(KIND, claire, since, other, cast.madeleine, cast.amar)
    assert heard == (cast.madeleine_record.patient_id, [claire.name, since.name])
    assert closings() == 1


def test_a_parent_whose_child_has_grown_up_hears_it(cast):
    with walls_down():
        parent = represented_by(cast.madeleine_record, "Paul", DelegationBasis.PARENTAL)
        type(cast.madeleine_record.patient).objects.filter(pk=cast.madeleine_record.patient_id).update(
            birth_date=timezone.localdate().replace(day=1) - timedelta(days=18 * 366)
        )
    days_ago(100)

    jobs.tell_of_endings()

    assert told(KIND, parent, cast.amar)[1] == [parent.name]


def test_what_ended_is_told_once(cast):
    ends(member(cast.madeleine_record, cast.ines))
    for _ in range(3):
        jobs.tell_of_endings()

    assert closings() == 1


def test_who_was_taken_out_before_his_end_hears_of_it_once(cast):
    left = member(cast.madeleine_record, cast.ines)
    actions.remove_member(cast.amar, cast.madeleine_record.pk, left.pk)
    ends(left)
    jobs.tell_of_endings()

    assert closings() == 1


def test_a_worker_killed_while_it_told_tells_it_all_the_same(cast, monkeypatch):
    ends(member(cast.madeleine_record, cast.ines))

    def killed(actor, event):
        raise DatabaseError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "emit", killed)
        with pytest.raises(DatabaseError):
            jobs.tell_of_endings()
    assert closings() == 0

    jobs.tell_of_endings()

    assert told(KIND, cast.ines)[1] == [cast.ines.name]


def test_nothing_is_written_in_the_trail_for_it(cast):
    ends(member(cast.madeleine_record, cast.ines))
    with walls_down():
        before = AuditEntry.objects.count()
    jobs.tell_of_endings()
    with walls_down():
        assert AuditEntry.objects.count() == before
