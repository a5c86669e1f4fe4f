"""What answers make of the board: in any order, any number of times, and after the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.models import OutboxEvent, ParkedEvent
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.tests.factories import answered
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.enums import EndReason, ExpectedState
from terresante.telemonitoring.models import Alert, Expected, FollowUp
from terresante.telemonitoring.tests.factories import expected_of, followed, pathway
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits
WELL = {"temperature": 37, "sommeil": "bon"}
TIRED = {"temperature": 37, "sommeil": "mauvais"}
FEVER = {"temperature": 40, "sommeil": "bon"}


@pytest.fixture
def version():
    return pathway()


@pytest.fixture
def follow_up(cast, watch, version):
    """Begun three days ago."""
    row = followed(cast.amar, cast.madeleine_record, watch.cell, version).follow_up
    with walls_down():
        Expected.objects.filter(follow_up=row).delete()
        today = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        for ago in (3, 2, 1, 0):
            opens = today - timedelta(days=ago)
            Expected.objects.create(
                patient_id=row.patient_id,
                follow_up=row,
                step="matin",
                form="quotidien",
                role="patient",
                opens_at=opens,
                grey_at=opens + timedelta(hours=5),
            )
    return row


def says(cast, version, follow_up, answers, *, ago=timedelta(0), **said):
    """By telephone, written down by the nurse of the circle."""
    return answered(
        cast.ines,
        cast.madeleine_record,
        version,
        follow_up_id=follow_up.pk,
        answers=answers,
        source=ResponseSource.PHONE,
        authored_at=timezone.now() - ago,
        **said,
    )


def told(*responses):
    """As the dispatcher hands them over."""
    return [
        QuestionnaireAnswered(
            patient_id=one.patient_id,
            object_id=one.pk,
            follow_up_id=one.follow_up_id,
            occurrence_id=one.occurrence_id,
            colour=str(one.colour),
        )
        for one in responses
    ]


def handle(*responses):
    with rls.acting(Actor.job("tests")):
        colouring.update_from(told(*responses))


def seen(follow_up) -> FollowUp:
    with walls_down():
        return FollowUp.objects.get(pk=follow_up.pk)


def shown(follow_up):
    now = seen(follow_up)
    return {name: getattr(now, name) for name in (*colouring.COLUMNS, "severity", "colour_since")}


def test_an_answer_is_on_the_board_once_its_event_is_handled(cast, follow_up, version):
    """Through the outbox and the dispatcher, as in the worker."""
    fever = says(cast, version, follow_up, FEVER)
    dispatched()

    now = seen(follow_up)
    assert (now.colour, now.severity) == ("red", 3)
    assert now.last_answer_at == fever.authored_at
    assert now.reason["fired"][0]["rule"] == "temperature"
    assert (now.reason["pathway"], now.reason["version"]) == ("essai-suivi", 1)
    assert now.to_confirm_until == fever.received_at + timedelta(minutes=15)
    with walls_down():
        assert OutboxEvent.objects.filter(kind="FollowUpChanged", payload__colour="red").count() == 1
        assert not ParkedEvent.objects.exists()
    assert expected_of(follow_up)[-1].response_id == fever.pk


def test_the_same_event_twice_and_the_other_order_end_alike(cast, follow_up, version):
    fever = says(cast, version, follow_up, FEVER, ago=timedelta(hours=2))
    well = says(cast, version, follow_up, WELL)

    handle(well)
    handle(fever, well)
    once = shown(follow_up)
    handle(fever)
    handle(well)

    assert once["colour"] == "green"
    assert shown(follow_up) == once
    assert [point[1] for point in once["trend"]["points"]] == [40, 37]


def test_an_answer_of_another_day_takes_the_place_of_that_day(cast, follow_up, version):
    """A telephone that was offline two days: its answer is late, not today's."""
    late = says(cast, version, follow_up, TIRED, ago=timedelta(days=2))
    handle(late)

    days = expected_of(follow_up)
    assert [one.response_id for one in days] == [None, late.pk, None, None]
    assert seen(follow_up).next_due_at == days[0].opens_at


def test_what_names_its_occurrence_answers_it(cast, follow_up, version):
    first = expected_of(follow_up)[0]
    row = says(cast, version, follow_up, WELL, occurrence_id=first.pk)
    handle(row)
    handle(row)

    assert [one.state for one in expected_of(follow_up)] == [
        ExpectedState.ANSWERED,
        *[ExpectedState.WAITING] * 3,
    ]


def test_a_correction_takes_the_place_of_what_it_corrects(cast, follow_up, version):
    fever = says(cast, version, follow_up, FEVER)
    handle(fever)
    corrected = says(cast, version, follow_up, WELL, replaces=fever.pk)
    handle(fever, corrected)

    assert seen(follow_up).colour == "green"
    assert [one.response_id for one in expected_of(follow_up)][-1] == corrected.pk


def test_an_answer_of_a_closed_follow_up_is_kept_and_changes_nothing(cast, follow_up, version):
    handle(says(cast, version, follow_up, WELL))
    course_actions.end(cast.amar, cast.madeleine_record.pk, follow_up.pk, reason=EndReason.TERM)
    before = shown(follow_up)

    late = says(cast, version, follow_up, FEVER)
    handle(late)

    assert shown(follow_up) == before
    with walls_down():
        assert type(late).objects.filter(pk=late.pk).exists()


def test_the_alert_of_a_follow_up_that_ends_is_closed_with_it(cast, follow_up, version):
    handle(says(cast, version, follow_up, FEVER))
    with walls_down():
        assert Alert.objects.get().state == "new"

    record = cast.madeleine_record
    course_actions.end(cast.amar, record.pk, follow_up.pk, reason=EndReason.HOSPITALISED)

    with walls_down():
        alert = Alert.objects.get()
    assert (alert.state, alert.outcome, alert.closed_by_id) == ("closed", "hospitalised", cast.amar.user_id)
    assert alert.climbs_at is None


def test_an_answer_ends_a_silence(cast, follow_up, version):
    with walls_down():
        Expected.objects.filter(follow_up=follow_up).update(silence="red")
        FollowUp.objects.filter(pk=follow_up.pk).update(colour="red", silence_colour="red", late=True)

    for days in (3, 2, 1, 0):
        handle(says(cast, version, follow_up, WELL, ago=timedelta(days=days)))

    now = seen(follow_up)
    assert (now.colour, now.silence_colour, now.late) == ("green", "", False)


def test_answers_of_other_patients_are_not_read_by_the_way(cast, watch, follow_up, version):
    """An event that names a follow-up of somebody else changes nothing of it."""
    other = followed(cast.brun, cast.leon_record, watch.cell, version).follow_up
    row = says(cast, version, follow_up, FEVER)
    forged = QuestionnaireAnswered(
        patient_id=row.patient_id, object_id=row.pk, follow_up_id=other.pk, colour="red"
    )
    with rls.acting(Actor.job("tests")):
        colouring.update_from([forged, *told(row)])

    assert seen(other).colour == "grey"
    assert seen(follow_up).colour == "red"
