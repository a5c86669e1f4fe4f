"""Reminders and silences: all those that are due, once each, whatever happens to the process."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.kernel.sealing import unseal
from terresante.patients.death_actions import clear_death
from terresante.patients.models import Patient
from terresante.telemonitoring import jobs
from terresante.telemonitoring.answering.links import address_of, reminder_token
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.enums import EndReason, ExpectedState
from terresante.telemonitoring.models import AnswerLink, Expected, FollowUp
from terresante.telemonitoring.tests.factories import expect, stored_follow_up
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits
SEVEN = timezone.now().replace(hour=6, minute=0, second=0, microsecond=0)


def at(hours: float):
    return SEVEN + timedelta(hours=hours)


@pytest.fixture
def follow_up(cast, watch):
    record = cast.madeleine_record
    with walls_down():
        row = stored_follow_up(
            record.patient_id, record.pk, watch.cell.organization_id, phone_of_respondent="+33639981234"
        )
        Expected.objects.filter(follow_up=row).delete()
    return row


@pytest.fixture
def morning(follow_up):
    with walls_down():
        return expect(follow_up, SEVEN)


def now(row):
    with walls_down():
        return type(row).objects.get(pk=row.pk)


def count(kind):
    with walls_down():
        return OutboxEvent.objects.filter(kind=kind).count()


def messages():
    with walls_down():
        return list(OutboundMessage.objects.filter(channel="sms"))


@pytest.mark.parametrize("role", ["patient", "carer"])
def test_a_questionnaire_is_asked_for_when_it_opens_and_at_midday_once_each(morning, sms, role):
    with walls_down():
        Expected.objects.update(role=role)
    assert jobs.remind_due(at(-1)) == 0
    assert jobs.remind_due(at(0)) == 1
    assert jobs.remind_due(at(1)) == 0
    assert jobs.remind_due(at(5)) == 1
    assert jobs.remind_due(at(9)) == 0

    assert (count("AnswerDue"), count("AnswerStillDue")) == (1, 1)
    texts = {unseal(bytes(one.body), context="outbound").decode() for one in messages()}
    with walls_down():
        link = AnswerLink.objects.get(follow_up_id=morning.follow_up_id)
    assert texts == {jobs.SMS.format(url=address_of(reminder_token(link.pk)))}
    assert [one.recipient for one in messages()] == ["+33639981234"] * 2


def told_by_account():
    dispatched()
    with walls_down():
        return OutboundMessage.objects.filter(channel="email").count()


def test_who_has_an_account_and_a_link_is_told_once(morning, sms):
    jobs.remind_due(at(0))

    assert (len(messages()), told_by_account()) == (1, 0)


@pytest.mark.parametrize("why", [{"revoked_at": SEVEN}, {"expires_at": SEVEN}, {"tries": 5}])
def test_a_link_that_opens_nothing_more_is_not_sent_again(morning, sms, why):
    with walls_down():
        AnswerLink.objects.filter(follow_up_id=morning.follow_up_id).update(**why)

    jobs.remind_due(at(0))

    (text,) = (unseal(bytes(one.body), context="outbound").decode() for one in messages())
    assert text == jobs.SMS_WITHOUT_LINK
    assert told_by_account() == 1


def test_a_patient_with_an_account_is_told_as_she_chose_and_by_the_same_words(cast, morning):
    jobs.remind_due(at(0))
    dispatched()

    with walls_down():
        (email,) = OutboundMessage.objects.filter(channel="email")
    text = email.subject + unseal(bytes(email.body), context="outbound").decode()
    assert email.recipient == "madeleine@example.org"
    assert "questionnaire" not in text.lower()


def test_what_is_answered_cancelled_or_of_a_professional_is_asked_of_nobody(follow_up, sms):
    with walls_down():
        expect(follow_up, SEVEN, role="professional")
        for state in (ExpectedState.CANCELLED, ExpectedState.MISSED):
            expect(follow_up, SEVEN, state=state, next_reminder_at=None, next_colour_at=None)

    jobs.remind_due(at(0))

    assert count("AnswerDue") == 0
    assert messages() == []


@pytest.mark.parametrize("death", [{"is_deceased": True}, {"deceased_on": SEVEN.date()}])
def test_nobody_is_reminded_of_somebody_who_has_died(morning, sms, death):
    with walls_down():
        Patient.objects.filter(pk=morning.patient_id).update(**death)

    assert jobs.remind_due(at(0)) == 1

    assert (count("AnswerDue"), messages()) == (0, [])


def test_reminders_go_on_for_somebody_who_was_said_dead_by_mistake(cast, follow_up, morning, sms):
    with walls_down():
        Patient.objects.filter(pk=morning.patient_id).update(is_deceased=True)
        expect(follow_up, at(24))
    jobs.remind_due(at(0))
    assert messages() == []

    clear_death(cast.identito, morning.patient_id, reason="Erreur de l’hôpital")
    jobs.remind_due(at(24))

    assert (count("AnswerDue"), len(messages())) == (1, 1)


def test_what_was_not_filled_is_missed_once_the_next_one_opens(follow_up, morning, sms):
    jobs.remind_due(at(0))
    with walls_down():
        tomorrow = expect(follow_up, at(24))
    jobs.remind_due(at(24))

    assert now(morning).state == ExpectedState.MISSED
    assert now(tomorrow).state == ExpectedState.WAITING
    assert now(follow_up).next_due_at == tomorrow.opens_at


def test_a_silence_has_its_last_colour_before_the_next_one_makes_it_missed(follow_up):
    """The evening of D7 opens at the very hour when the morning turns red; or the worker was down."""
    with walls_down():
        morning = expect(follow_up, timezone.now() - timedelta(hours=12))
        evening = expect(follow_up, timezone.now() - timedelta(minutes=1))

    assert jobs.remind() == 1

    assert (now(morning).state, now(evening).state) == (ExpectedState.MISSED, ExpectedState.WAITING)
    assert (now(follow_up).colour, now(follow_up).silence_colour) == ("red", "red")


def test_a_silence_turns_grey_then_orange_then_red_at_its_hours(follow_up, morning):
    seen = []
    for hour in (4, 5, 6, 7, 11, 12):
        done = jobs.colour_due(at(hour))
        row = now(follow_up)
        seen.append((hour, done, row.colour, row.late))

    assert seen == [
        (4, 0, "grey", False),
        (5, 1, "grey", True),
        (6, 0, "grey", True),
        (7, 1, "orange", True),
        (11, 1, "red", True),
        (12, 0, "red", True),
    ]
    row = now(follow_up)
    assert row.reason["kind"] == "silence"
    assert row.reason["expected"] == str(morning.pk)
    assert row.colour_since == at(11)
    # Grey it was before anybody answered: only what the board shows otherwise is told.
    assert count("FollowUpChanged") == 2
    with walls_down():
        assert AuditEntry.objects.filter(action="follow_up.colour").count() == 3


def test_a_worker_that_was_down_gives_the_colour_of_the_hour_at_once(follow_up, morning):
    assert jobs.colour_due(at(30)) == 1
    assert jobs.colour_due(at(31)) == 0
    assert now(follow_up).colour == "red"


def test_a_silence_does_not_hide_a_worse_answer(follow_up, morning):
    with walls_down():
        FollowUp.objects.filter(pk=follow_up.pk).update(
            colour="red", answer_colour="red", reason={"kind": "answer"}, colour_since=at(0)
        )

    jobs.colour_due(at(7))

    row = now(follow_up)
    assert (row.colour, row.silence_colour, row.late) == ("red", "orange", True)
    assert row.reason == {"kind": "answer"}
    assert row.colour_since == at(0)


def test_a_suspended_or_ended_follow_up_is_silent_about_nothing(cast, follow_up, morning):
    with walls_down():
        FollowUp.objects.filter(pk=follow_up.pk).update(state="suspended")
    assert jobs.colour_due(at(30)) == 0
    assert jobs.remind_due(at(30)) == 0
    with walls_down():
        FollowUp.objects.filter(pk=follow_up.pk).update(state="active")
    course_actions.end(cast.amar, cast.madeleine_record.pk, follow_up.pk, reason=EndReason.TERM)
    assert jobs.colour_due(at(30)) == 0


def test_a_process_killed_at_any_instant_does_nothing_twice(monkeypatch, follow_up, morning, sms):
    """Killed before its transaction ends, nothing of it was done; killed after, it finds nothing to do."""

    class Killed(Exception):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    for step in ("_expected", "_changed"):
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(jobs, step, dies)
            jobs.colour_due(at(7))
        assert now(follow_up).colour == "grey"
        assert now(morning).silence == ""
        assert count("FollowUpChanged") == 0
    assert jobs.colour_due(at(7)) == 1
    assert jobs.colour_due(at(7)) == 0
    assert count("FollowUpChanged") == 1

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(jobs, "queue_each_sms", dies)
        jobs.remind_due(at(0))
    assert (count("AnswerDue"), messages()) == (0, [])
    assert [jobs.remind_due(at(0)), jobs.remind_due(at(0))] == [1, 0]
    assert (count("AnswerDue"), len(messages())) == (1, 1)


def test_a_follow_up_that_somebody_holds_waits_for_the_next_round(follow_up, morning):
    """Nobody waits for anybody: the row is held by another connection, as an answer would."""
    found: list[int] = []
    with rls.acting(Actor.job("tests")):
        rls.open_record(follow_up.patient_id)
        FollowUp.objects.select_for_update().get(pk=follow_up.pk)

        def other() -> None:
            try:
                found.append(jobs.colour_due(at(7)))
            finally:
                connection.close()

        thread = Thread(target=other)
        thread.start()
        thread.join(20)
    assert found == [0]
    assert jobs.colour_due(at(7)) == 1


def test_nobody_but_a_job_runs_them(cast, follow_up, morning):
    for actor in (cast.amar, cast.dpo, cast.madeleine):
        with rls.acting(actor), transaction.atomic():
            assert jobs._named("SELECT * FROM colour_silences(%s, 9)", at(30)) == []
            assert jobs._named("SELECT * FROM remind_due_answers(%s, 9)", at(30)) == []
    assert now(morning).silence == ""
