"""A follow-up begins, moves, stops, goes on, ends; and who is in the circle meanwhile."""

import hashlib
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from terresante.care_team.actions import NewMember, add_member
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.kernel.sealing import unseal
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.actions import enrol
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.course import date_actions, link_actions
from terresante.telemonitoring.enums import EndReason, ExpectedState, FollowUpState, Respondent
from terresante.telemonitoring.models import AnswerLink, FollowUp
from terresante.telemonitoring.tests.factories import (
    SURGERY,
    cell_of,
    expected_of,
    followed,
    new_follow_up,
    pathway,
)
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def reaches(actor, record) -> bool:
    with rls.acting(actor):
        try:
            open_record(actor, record.pk)
        except NotFound:
            return False
        return True


def kept(follow_up) -> FollowUp:
    with walls_down():
        return FollowUp.objects.select_related("membership").get(pk=follow_up.pk)


def test_enrolment_writes_the_schedule_brings_the_cell_in_and_gives_two_secrets(cast, watch, sms):
    assert not reaches(watch.operator, cast.madeleine_record)

    enrolled = followed(cast.amar, cast.madeleine_record, watch.cell)

    assert reaches(watch.operator, cast.madeleine_record)
    assert not reaches(watch.other_operator, cast.madeleine_record)
    expected = expected_of(enrolled.follow_up)
    assert len(expected) == 21
    assert {one.state for one in expected} == {ExpectedState.WAITING}
    now = kept(enrolled.follow_up)
    assert now.next_due_at == expected[0].opens_at
    assert now.membership is not None
    assert now.membership.expires_at > expected[-1].red_at
    with walls_down():
        assert AuditEntry.objects.filter(action="follow_up.enrol", object_id=now.pk).count() == 1
        assert OutboxEvent.objects.filter(kind="FollowUpStarted", patient_id=now.patient_id).count() == 1


def test_the_link_leaves_alone_and_no_secret_is_kept(cast, watch, sms):
    enrolled = followed(cast.amar, cast.madeleine_record, watch.cell)

    assert enrolled.secrets is not None
    with walls_down():
        link, message = AnswerLink.objects.get(), OutboundMessage.objects.get(channel="sms")
    text = unseal(bytes(message.body), context="outbound").decode()
    token = enrolled.secrets.url.rstrip("/").rpartition("/")[2]
    assert message.recipient == "+33639981234"
    assert enrolled.secrets.url in text
    assert enrolled.secrets.code not in text
    assert not any(
        word in text.lower() for word in ("suivi d", "covid", "malad", "essai", "leroux", "symptôm")
    )
    assert len(token) >= 43
    stored = {link.token_hash, link.code_hash}
    assert not stored & {
        token,
        enrolled.secrets.code,
        hashlib.sha256(enrolled.secrets.code.encode()).hexdigest(),
    }


def test_a_number_is_sent_ten_links_a_day_at_most_and_a_printed_one_is_still_given(cast, sms):
    given = followed(cast.amar, cast.madeleine_record, cell_of(cast.amar.organization_id))
    again = partial(link_actions.make_link, cast.amar, cast.madeleine_record.pk, given.follow_up.pk)
    for _ in range(9):
        again()
    with pytest.raises(Conflict, match="Dix liens"):
        again()

    assert again(phone="").link.sent_to == ""
    assert again(phone="06 39 98 56 78").link.sent_to == "+33639985678"


def test_a_form_sent_twice_begins_one_follow_up_and_another_content_is_refused(cast, watch):
    wanted = new_follow_up(pathway(), watch.cell)
    first = enrol(cast.amar, cast.madeleine_record.pk, wanted)
    again = enrol(cast.amar, cast.madeleine_record.pk, wanted)

    assert again.follow_up.pk == first.follow_up.pk
    assert again.secrets is None
    assert len(expected_of(first.follow_up)) == 21
    with pytest.raises(Conflict):
        enrol(cast.brun, cast.leon_record.pk, wanted)


def test_who_enrols_is_the_pathway_s_to_say_and_the_circle_s(cast, watch):
    """Same profession, other circle; another profession, same circle; the cell, before it is in."""
    version = pathway()
    for actor, error in (
        (cast.brun, NotFound),
        (cast.jules, NotFound),
        (cast.colin, Refused),
        (cast.samira, Refused),
        (watch.operator, NotFound),
        (cast.madeleine, Refused),
    ):
        with pytest.raises(error):
            followed(actor, cast.madeleine_record, watch.cell, version)
    with walls_down():
        assert not FollowUp.objects.exists()


def test_what_the_form_gets_wrong_is_said_on_its_fields(cast, watch):
    far = timezone.localdate() + timedelta(days=4000)
    for wrong, field in (
        ({"anchor_on": far}, "anchor_on"),
        ({"phone": "12"}, "phone"),
        ({"respondent": Respondent.CARER}, "carer_name"),
    ):
        with pytest.raises(Invalid) as refused:
            followed(cast.amar, cast.madeleine_record, watch.cell, **wrong)
        assert field in refused.value.fields


def test_after_the_end_the_cell_s_next_request_is_refused_and_the_link_is_closed(cast, watch, sms):
    follow_up = followed(cast.amar, cast.madeleine_record, watch.cell).follow_up

    course_actions.end(
        watch.operator, cast.madeleine_record.pk, follow_up.pk, reason=EndReason.RECOVERED, words="va bien"
    )

    assert not reaches(watch.operator, cast.madeleine_record)
    with pytest.raises(NotFound):
        course_actions.suspend(watch.operator, cast.madeleine_record.pk, follow_up.pk, words="Vacances")
    with pytest.raises(Conflict):
        course_actions.suspend(cast.amar, cast.madeleine_record.pk, follow_up.pk, words="Vacances")
    assert kept(follow_up).state == FollowUpState.ENDED
    assert {one.state for one in expected_of(follow_up)} == {ExpectedState.CANCELLED}
    with walls_down():
        assert AnswerLink.objects.get().revoked_at is not None


def test_a_structure_that_was_in_the_circle_before_stays_in_it(cast, watch):
    record = cast.madeleine_record
    add_member(cast.amar, record.pk, member=NewMember(organization_id=watch.cell.organization_id))
    follow_up = followed(cast.amar, record, watch.cell).follow_up

    course_actions.end(cast.amar, record.pk, follow_up.pk, reason=EndReason.TERM)

    assert reaches(watch.operator, record)


def test_of_two_follow_ups_of_a_cell_the_last_one_to_end_closes_the_door(cast, watch):
    record = cast.madeleine_record
    first = followed(cast.amar, record, watch.cell).follow_up
    second = followed(cast.amar, record, watch.cell).follow_up

    course_actions.end(cast.amar, record.pk, first.pk, reason=EndReason.TERM)
    assert reaches(watch.operator, record)
    course_actions.end(cast.amar, record.pk, second.pk, reason=EndReason.TERM)
    assert not reaches(watch.operator, record)


def test_a_moved_surgery_is_expected_at_its_new_dates_and_the_person_is_told(cast, watch):
    surgery = timezone.localdate() + timedelta(days=9)
    version = pathway("chirurgie", schedule=SURGERY)
    follow_up = followed(cast.amar, cast.madeleine_record, watch.cell, version, anchor_on=surgery).follow_up
    before = expected_of(follow_up)

    moved = date_actions.move_anchor(
        cast.amar, cast.madeleine_record.pk, follow_up.pk, anchor_on=surgery + timedelta(days=30)
    )

    after = expected_of(follow_up)
    waiting = [one for one in after if one.state == ExpectedState.WAITING]
    assert [one.state for one in after if one.pk in {row.pk for row in before}] == [
        ExpectedState.CANCELLED
    ] * 3
    assert [(one.opens_at - old.opens_at).days for one, old in zip(waiting, before, strict=True)] == [
        30,
        30,
        30,
    ]
    assert moved.next_due_at == waiting[0].opens_at
    with walls_down():
        period = CareTeamParticipant.objects.get(organization_id=watch.cell.organization_id)
        assert period.expires_at > waiting[-1].grey_at
        assert OutboxEvent.objects.filter(kind="FollowUpMoved").count() == 1
    with pytest.raises(Conflict):
        date_actions.move_anchor(cast.amar, cast.madeleine_record.pk, follow_up.pk, anchor_on=moved.anchor_on)
    with pytest.raises(NotFound):
        date_actions.move_anchor(cast.brun, cast.leon_record.pk, follow_up.pk, anchor_on=surgery)


BIRTH = """step;questionnaire;from;to;times;remind;grey;orange;red;role;anchor;until
matin;quotidien;D0;D9;23:00;;;;;patient;;naissance
apres;quotidien;D42;D42;09:00;;;D84;;professional;naissance;
"""


@pytest.fixture
def pregnancy():
    head = files("essai-naissance")["pathway.toml"].replace(
        "[anchor]", "[anchor]\nlater.naissance = 'Naissance'"
    )
    return pathway("essai-naissance", schedule=BIRTH, **{"pathway.toml": head})


def waiting(follow_up):
    return [one for one in expected_of(follow_up) if one.state == ExpectedState.WAITING]


def test_a_date_known_later_is_waited_for_then_counted_from_and_ends_what_it_stops(cast, watch, pregnancy):
    given = followed(cast.amar, cast.madeleine_record, watch.cell, pregnancy).follow_up
    of_it = (cast.madeleine_record.pk, given.pk)
    assert [one.step for one in waiting(given)] == ["matin"] * 10
    with rls.acting(Actor.job("tests")):
        assert course_actions.end_what_is_over(Actor.job("tests"), timezone.now() + timedelta(days=90)) == 0

    today = timezone.localdate()
    born = date_actions.set_later_anchor(
        cast.amar, *of_it, name="naissance", anchor_on=today + timedelta(days=2)
    )
    assert [one.step for one in waiting(born)] == ["matin"] * 3 + ["apres"]
    (after,) = [one for one in waiting(born) if one.step == "apres"]
    assert timezone.localdate(after.opens_at) == today + timedelta(days=44)
    membership = kept(given).membership
    assert membership is not None and membership.expires_at > after.orange_at
    date_actions.move_anchor(cast.amar, *of_it, anchor_on=today + timedelta(days=1))
    assert [one.step for one in waiting(born)] == ["matin"] * 2 + ["apres"]
    with rls.acting(Actor.job("tests")):
        over = timezone.now() + timedelta(days=100)
        assert course_actions.end_what_is_over(Actor.job("tests"), over) == 1


def test_a_later_date_is_of_its_pathway_and_of_who_manages_the_follow_up(cast, watch, pregnancy):
    given = followed(cast.amar, cast.madeleine_record, watch.cell, pregnancy).follow_up
    of_it, today = (cast.madeleine_record.pk, given.pk), timezone.localdate()
    for actor, name, refusal in (
        (cast.brun, "naissance", NotFound),
        (cast.madeleine, "naissance", (NotFound, Refused)),
        (cast.amar, "mariage", NotFound),
    ):
        with pytest.raises(refusal):
            date_actions.set_later_anchor(actor, *of_it, name=name, anchor_on=today)
    with pytest.raises(Invalid):
        date_actions.set_later_anchor(cast.amar, *of_it, name="naissance", anchor_on=today + timedelta(999))
    date_actions.set_later_anchor(cast.amar, *of_it, name="naissance", anchor_on=today)
    with pytest.raises(Conflict):
        date_actions.set_later_anchor(cast.amar, *of_it, name="naissance", anchor_on=today)


def test_a_version_never_changes_under_a_follow_up(cast, watch):
    follow_up = followed(cast.amar, cast.madeleine_record, watch.cell).follow_up
    other = pathway("autre")

    with rls.acting(cast.amar), pytest.raises(Exception, match="permission denied"):
        open_record(cast.amar, cast.madeleine_record.pk)
        FollowUp.objects.filter(pk=follow_up.pk).update(version=other)


def test_what_is_suspended_asks_for_nothing_until_it_goes_on(cast, watch):
    record = cast.madeleine_record
    follow_up = followed(cast.amar, record, watch.cell, anchor_on=timezone.localdate()).follow_up
    course_actions.suspend(cast.amar, record.pk, follow_up.pk, words="Vacances")
    assert {(one.next_reminder_at, one.next_colour_at) for one in expected_of(follow_up)} == {(None, None)}

    course_actions.resume(cast.amar, record.pk, follow_up.pk)

    waiting = [one for one in expected_of(follow_up) if one.state == ExpectedState.WAITING]
    assert all(one.opens_at > timezone.now() for one in waiting)
    assert {one.next_colour_at - one.opens_at for one in waiting} == {timedelta(hours=5)}
    assert kept(follow_up).next_due_at == waiting[0].opens_at


def test_a_follow_up_ends_by_itself_a_week_after_its_last_date(cast, watch):
    follow_up = followed(cast.amar, cast.madeleine_record, watch.cell).follow_up
    last = expected_of(follow_up)[-1].red_at

    job = Actor.job("tests")
    assert course_actions.end_what_is_over(job, last + timedelta(days=6)) == 0
    assert course_actions.end_what_is_over(job, last + timedelta(days=8)) == 1
    assert course_actions.end_what_is_over(job, last + timedelta(days=8)) == 0
    assert kept(follow_up).end_reason == EndReason.TERM


def test_a_cell_that_is_closed_takes_nobody(cast, watch):
    with walls_down():
        closed = cell_of(watch.cell.organization_id, "Cellule d’hier")
        type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    with pytest.raises(Invalid):
        followed(cast.amar, cast.madeleine_record, closed)
