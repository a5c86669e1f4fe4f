"""A turn handed over: proposed, accepted patient by patient, thirty days of reading for the former, and back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team import actions
from terresante.care_team.actions.hand_over import (
    Proposal,
    answer_hand_over,
    propose_hand_over,
    propose_returns,
    withdraw_hand_over,
)
from terresante.care_team.enums import Basis, ConsentKind, DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent, HandOver, HandOverItem
from terresante.care_team.queries import hand_over as queries
from terresante.care_team.queries import log, open_record
from terresante.care_team.queries.live import live_readers
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, PractitionerRole
from terresante.feed import queries as feed
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.feed.handlers import move_alerts
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import Event, restore
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.kernel.switch_changes import change
from terresante.notes.actions import publish_note
from terresante.notes.models import Note
from terresante.notes.tests.factories import new_note, published
from terresante.notifications.handlers import ask_who_takes_over, tell_patient_of_hand_over
from tests.cast import join, login, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def told_to(handler, events):
    handler(events)


@pytest.fixture
def team(cast):
    """Dr Zoé works with Dr Amar and has no patient of hers; Alix administers their practice and reads no record."""
    with walls_down():
        practice = Organization.objects.get(pk=cast.amar.organization_id)
        cast.actors["zoe"] = professional("zoe", Profession.DOCTOR, practice)
        cast.actors["alix"] = professional("alix", Profession.OTHER, practice, duties=["administrator"])
    return cast


def period(actor, record):
    with walls_down():
        return CareTeamParticipant.objects.filter(practitioner_id=actor.person_id, record=record).latest(
            "started_at"
        )


def propose(actor, giver, taker, record=None, **more):
    periods = None if record is None else [period(giver, record).pk]
    return propose_hand_over(
        actor, Proposal(giver_id=giver.person_id, taker_id=taker.person_id, periods=periods, **more)
    )


def items_of(key):
    with walls_down():
        return list(HandOverItem.objects.filter(hand_over_id=key).values_list("pk", flat=True))


def handed_over(team, **more):
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record, **more)
    answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    return key


def basis(actor, record):
    with rls.acting(actor):
        return rls.open_record(record.patient_id)


def test_nothing_moves_before_the_colleague_accepts(team):
    propose(team.amar, team.amar, team.zoe, team.madeleine_record)

    assert basis(team.amar, team.madeleine_record) == "member"
    assert basis(team.zoe, team.madeleine_record) == ""


def test_the_role_moves_and_the_former_reads_and_writes_nothing(team):
    note = published(team.ines, team.madeleine_record)
    handed_over(team)
    record = team.madeleine_record

    assert period(team.zoe, record).role == TeamRole.ATTENDING
    assert basis(team.zoe, record) == "member" and basis(team.amar, record) == "former"
    with rls.acting(team.amar):
        opened = open_record(team.amar, record.pk)
        assert opened.is_handed_over and opened.strips
        assert Note.objects.filter(pk=note.pk).exists()
    with pytest.raises(Refused):
        publish_note(team.amar, record.pk, note=new_note())
    with pytest.raises(DatabaseError, match="row-level security"), rls.acting(team.amar):
        rls.open_record(record.patient_id)
        copied = {field.attname: getattr(note, field.attname) for field in Note._meta.concrete_fields}
        Note.objects.create(**{**copied, "id": new_id(), "author_id": team.amar.person_id})
    assert publish_note(team.zoe, record.pk, note=new_note()).author_id == team.zoe.person_id


def test_what_is_read_after_a_hand_over_is_not_told_live_to_who_acts_for_the_former(team):
    record = team.madeleine_record
    secretary = replace(
        team.amar, person_id=new_id(), principal_id=team.amar.person_id, correlation_id=new_id()
    )
    event = Event(patient_id=record.patient_id)
    with rls.acting(Actor.job("live"), read_only=True):
        (before,) = live_readers([event], [team.amar, secretary])
    handed_over(team)
    with rls.acting(Actor.job("live"), read_only=True):
        (after,) = live_readers([event], [team.amar, secretary])

    assert before == {team.amar.correlation_id, secretary.correlation_id}
    assert after == {team.amar.correlation_id}


def test_who_came_back_for_a_time_reads_nothing_once_it_is_over(team):
    """Whether or not something has closed his period since."""
    record = team.madeleine_record
    handed_over(team)
    with walls_down():
        soon = timezone.now() + timedelta(hours=1)
        back = join(record, practitioner_id=team.amar.person_id, basis=Basis.CONSENT)
        CareTeamParticipant.objects.filter(pk=back.pk).update(expires_at=soon)
        former = CareTeamParticipant.objects.get(record=record, reads_until__isnull=False)
        assert former.reads_until == soon
        CareTeamParticipant.objects.filter(pk=back.pk).update(
            started_at=timezone.now() - timedelta(hours=2), expires_at=timezone.now() - timedelta(hours=1)
        )

    assert basis(team.amar, record) == ""


def test_a_former_without_opening_the_record_reads_his_rows_only_until_the_end(team):
    note = published(team.ines, team.madeleine_record)
    handed_over(team)
    with rls.acting(team.amar):
        assert Note.objects.filter(pk=note.pk).exists()
    with walls_down():
        CareTeamParticipant.objects.filter(practitioner_id=team.amar.person_id).update(
            reads_until=timezone.now() - timedelta(seconds=1)
        )

    assert basis(team.amar, team.madeleine_record) == ""
    with rls.acting(team.amar):
        assert not Note.objects.filter(pk=note.pk).exists()
        with pytest.raises(NotFound):
            open_record(team.amar, team.madeleine_record.pk)


def test_thirty_days_are_what_remains_and_an_opposition_ends_them(team):
    handed_over(team)
    until = period(team.amar, team.madeleine_record).reads_until
    assert timedelta(days=29, hours=23) < until - timezone.now() <= timedelta(days=30)

    actions.record_choice(
        team.ines, team.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier du 3 mars"
    )

    assert basis(team.amar, team.madeleine_record) == ""


def test_the_log_says_why_the_former_still_reads(team, client):
    handed_over(team)
    login(client, team.amar)
    page = client.get(f"/dossiers/{team.madeleine_record.pk}/").content.decode()
    assert "Lecture seule" in page and "Écrire une note" not in page
    with rls.acting(team.madeleine):
        open_record(team.madeleine, team.madeleine_record.pk)
        lines = log.accesses_of(team.madeleine, team.madeleine_record.patient_id).lines
    assert next(line.lay_purpose for line in lines if line.person_id == team.amar.person_id) == (
        "pour finir de passer le relais"
    )


@pytest.mark.parametrize("name", ["brun", "ines", "alix", "amar", "colin"])
def test_nobody_answers_in_the_place_of_the_colleague(team, name):
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    with pytest.raises((NotFound, Refused)):
        answer_hand_over(team.actors[name], key, items=items_of(key), accepts=True)
    with rls.acting(team.actors[name]), walls_down():
        assert HandOverItem.objects.get(hand_over_id=key).state == "proposed"
    assert basis(team.brun, team.madeleine_record) == ""


def test_nobody_hands_over_the_patients_of_another_practice(team):
    for actor in (team.brun, team.ines, team.colin, team.urgentiste):
        with pytest.raises(Refused):
            propose(actor, team.amar, team.zoe)
    # Alix administers the practice of Dr Amar, and not that of Dr Brun.
    with pytest.raises(Refused):
        propose(team.alix, team.brun, team.zoe)


def test_ones_own_proposal_holds_no_patient_of_somebody_else(team):
    with pytest.raises(Conflict):
        propose_hand_over(
            team.amar,
            Proposal(
                giver_id=team.amar.person_id,
                taker_id=team.zoe.person_id,
                periods=[period(team.brun, team.leon_record).pk],
            ),
        )


def test_the_administrator_hands_over_the_roles_of_who_is_away_without_seeing_whose(team, client):
    key = propose(team.alix, team.amar, team.zoe)

    assert len(items_of(key)) == 1
    with rls.acting(team.alix):
        assert not HandOverItem.objects.exists() and queries.persons_given(key) == []
        (line,) = queries.hand_overs(team.alix).of_structure
        assert (line.total, line.waiting, line.is_late) == (1, 1, False)
    login(client, team.alix)
    assert "LEROUX" not in client.get("/relais/").content.decode()
    answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    assert basis(team.zoe, team.madeleine_record) == "member"


def test_a_proposal_without_an_answer_expires_and_is_shown_late_to_the_structure(team):
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    with walls_down():
        HandOver.objects.filter(pk=key).update(expires_at=timezone.now() - timedelta(hours=1))

    with pytest.raises(Conflict):
        answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    for name in ("alix", "amar"):
        with rls.acting(team.actors[name]):
            found = queries.hand_overs(team.actors[name])
        assert [line.is_late for line in (*found.given, *found.of_structure)] == [True]
    with rls.acting(team.zoe):
        assert queries.hand_overs(team.zoe).to_answer == [] and queries.persons_given(key) == []
    again = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    answer_hand_over(team.zoe, again, items=items_of(again), accepts=True)


def test_some_are_taken_and_some_refused(team):
    with walls_down():
        join(team.leon_record, practitioner_id=team.amar.person_id)
    key = propose_hand_over(
        team.amar,
        Proposal(
            giver_id=team.amar.person_id,
            taker_id=team.zoe.person_id,
            periods=[period(team.amar, record).pk for record in (team.madeleine_record, team.leon_record)],
        ),
    )
    with walls_down():
        items = {item.record_id: item.pk for item in HandOverItem.objects.filter(hand_over_id=key)}
    answer_hand_over(team.zoe, key, items=[items[team.madeleine_record.pk]], accepts=True)
    answer_hand_over(team.zoe, key, items=[items[team.leon_record.pk]], accepts=False)

    assert basis(team.zoe, team.madeleine_record) == "member" and basis(team.zoe, team.leon_record) == ""
    assert basis(team.amar, team.leon_record) == "member"


def test_a_treating_role_goes_to_a_doctor_and_a_consent_to_nobody_else(team):
    with pytest.raises(Invalid):
        propose(team.amar, team.amar, team.ines, team.madeleine_record)
    with walls_down():
        CareTeamParticipant.objects.filter(practitioner_id=team.amar.person_id).update(basis=Basis.CONSENT)
    with pytest.raises(Conflict):
        propose(team.amar, team.amar, team.zoe, team.madeleine_record)


def test_a_member_already_there_takes_the_role(team):
    with walls_down():
        join(team.madeleine_record, practitioner_id=team.zoe.person_id)
    handed_over(team)

    with walls_down():
        now = CareTeamParticipant.objects.filter(record=team.madeleine_record, ended_at=None)
        assert [row.role for row in now.filter(practitioner_id=team.zoe.person_id)] == [TeamRole.ATTENDING]
        assert now.filter(role=TeamRole.ATTENDING).count() == 1


def test_who_left_the_circle_meanwhile_hands_nothing_over(team):
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    actions.remove_member(team.ines, team.madeleine_record.pk, period(team.amar, team.madeleine_record).pk)

    with pytest.raises(Conflict):
        answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    assert basis(team.zoe, team.madeleine_record) == ""


def test_under_the_regime_of_2019_nobody_takes_over_before_the_consent(team, administrator):
    change(administrator, "legal_regime", "consent", "décidé en comité du 3 mars")
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    with pytest.raises(Conflict):
        answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    assert (
        basis(team.zoe, team.madeleine_record) == "" and basis(team.amar, team.madeleine_record) == "member"
    )

    with walls_down():
        Consent.objects.create(
            patient_id=team.madeleine_record.patient_id,
            kind=ConsentKind.CONSENT_RECORD,
            recorded_by_name="Camille AMAR",
        )
    answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)
    assert basis(team.zoe, team.madeleine_record) == "member"


def test_a_withdrawn_proposal_is_answered_by_nobody(team):
    key = propose(team.amar, team.amar, team.zoe, team.madeleine_record)
    with pytest.raises((NotFound, Refused)):
        withdraw_hand_over(team.brun, key)
    withdraw_hand_over(team.amar, key)

    with pytest.raises(Conflict):
        answer_hand_over(team.zoe, key, items=items_of(key), accepts=True)


def test_alerts_not_seen_wait_for_who_took_over_and_no_longer_for_the_former(team):
    record = team.madeleine_record
    alert = _alert(record)
    handed_over(team)
    with walls_down():
        event = OutboxEvent.objects.get(kind="HandedOver")
    for _ in range(2):
        with rls.acting(Actor.job("tests")):
            told_to(move_alerts, [restore(event)])

    for name, waiting in (("zoe", [alert]), ("amar", [])):
        actor = team.actors[name]
        with rls.acting(actor):
            open_record(actor, record.pk)
            found = [
                fact.pk for fact in feed.unread(actor).filter(patient_id=record.patient_id, is_alert=True)
            ]
        assert found == waiting, name


def _alert(record):
    job = Actor.job("tests")
    with rls.acting(job):
        rls.open_record(record.patient_id)
        fact = Fact(
            patient_id=record.patient_id,
            kind=FeedKind.ADMISSION,
            object_id=new_id(),
            occurred_at=timezone.now(),
            data_class=DataClass.STAY,
        )
        return tell(job, fact).pk


def test_the_colleague_then_the_patient_are_told_without_a_word_of_whom(team):
    handed_over(team)
    with walls_down():
        proposed = OutboxEvent.objects.get(kind="HandOverProposed")
        moved = OutboxEvent.objects.get(kind="HandedOver")
    with rls.acting(Actor.job("tests")):
        told_to(ask_who_takes_over, [restore(proposed)])
        told_to(tell_patient_of_hand_over, [restore(moved)])
    with walls_down():
        told = set(OutboundMessage.objects.values_list("recipient", flat=True))
        joined = OutboxEvent.objects.filter(kind__in=("MemberJoined", "MemberLeft")).count()
        traced = AuditEntry.objects.get(action="hand_over.answer")
    assert told == {"zoe@example.org", "madeleine@example.org"} and joined == 2
    assert traced.patient_id == team.madeleine_record.patient_id


def test_a_leave_proposes_to_come_back_on_its_day_and_once(team):
    today = timezone.localdate()
    handed_over(team, returns_on=today + timedelta(days=10))
    job = Actor.job("tests")
    assert propose_returns(job, today=today) == 0
    assert propose_returns(job, today=today + timedelta(days=10)) == 1
    assert propose_returns(job, today=today + timedelta(days=11)) == 0
    with rls.acting(team.amar):
        (line,) = queries.hand_overs(team.amar).to_answer
    answer_hand_over(team.amar, line.hand_over.pk, items=items_of(line.hand_over.pk), accepts=True)

    assert basis(team.amar, team.madeleine_record) == "member"
    assert basis(team.zoe, team.madeleine_record) == "former"
    with pytest.raises(Invalid):
        propose(team.amar, team.amar, team.zoe, team.madeleine_record, returns_on=today)


def test_the_hand_over_is_proposed_and_accepted_on_its_pages(team, client):
    own = period(team.amar, team.madeleine_record).pk
    login(client, team.amar)
    page = client.get("/relais/proposer/", {"q": "zoe"}).content.decode()
    assert "ZOE" in page and "LEROUX" in page
    posted = {"giver": str(team.amar.person_id), "periods": [str(own)], "taker": str(team.zoe.person_id)}
    assert "Le relais est proposé" in client.post("/relais/proposer/", posted, follow=True).content.decode()
    with walls_down():
        key = HandOver.objects.get().pk
    assert client.get(f"/relais/{key}/").status_code == 403
    login(client, team.zoe)
    asked = client.get(f"/relais/{key}/").content.decode()
    assert "LEROUX" in asked and "02/04/1939" in asked
    done = client.post(f"/relais/{key}/", {"items": [str(items_of(key)[0])], "accept": "1"}, follow=True)
    assert "dans votre liste" in done.content.decode()
    login(client, team.brun)
    assert client.get(f"/relais/{key}/").status_code == 404


def test_a_duty_that_changes_hands_moves_its_queue_and_the_former_loses_it_at_once(team, client):
    """Emergency accesses to examine follow the duty, not the person."""
    actions.open_in_emergency(team.urgentiste, team.madeleine_record.patient_id, reason="Coma, sans témoin")
    former, new = (User.objects.get(pk=team.actors[name].user_id) for name in ("dpo", "identito"))
    client.force_login(former)
    assert "Coma, sans témoin" in client.get("/acces-en-urgence/").content.decode()
    with walls_down():
        PractitionerRole.objects.filter(practitioner__user=former).update(duties=[])
        PractitionerRole.objects.filter(practitioner__user=new).update(duties=["privacy_officer"])

    assert client.get("/acces-en-urgence/").status_code == 403
    client.force_login(new)
    assert "Coma, sans témoin" in client.get("/acces-en-urgence/").content.decode()
    assert client.get("/identites/").status_code == 403
