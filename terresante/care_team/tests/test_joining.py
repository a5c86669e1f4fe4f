"""Who asks to come into a circle: nothing opens before somebody who may has said yes."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from terresante.care_team import actions
from terresante.care_team.actions import NewMember
from terresante.care_team.actions.joining import (
    ASKED_A_DAY,
    Reason,
    answer_own_request,
    ask_to_join,
    refuse_request,
    withdraw_request,
)
from terresante.care_team.enums import Basis, ConsentKind, JoinReason, JoinState
from terresante.care_team.events import JoinAnswered, JoinAsked
from terresante.care_team.models import CareTeamParticipant, Consent, JoinRequest
from terresante.care_team.queries import circle_of, gathered_accesses, log, open_record
from terresante.care_team.queries import joining as queries
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Practitioner
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.notifications.handlers import tell_of_a_request, tell_who_asked
from terresante.patients.enums import DelegationBasis
from tests.cast import join, organization, professional, represented_by, shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits

FOLLOWS = Reason(reason=JoinReason.FOLLOWS, words="à domicile le matin")


@pytest.fixture
def madeleine(cast):
    return cast.madeleine_record


def basis(actor, record):
    with rls.acting(actor):
        return rls.open_record(record.patient_id)


def asks(actor, record, why=FOLLOWS):
    return ask_to_join(actor, record.patient_id, why=why)


def row(key):
    with walls_down():
        return JoinRequest.objects.get(pk=key)


def waiting(actor, record):
    with rls.acting(actor):
        opened = open_record(actor, record.pk)
        return [one.pk for one in queries.requests_waiting(actor, opened.patient.pk)]


def psychiatrist(cast, name="freud"):
    with walls_down():
        cabinet = organization("Cabinet Mozart", OrganizationKind.GROUP_PRACTICE)
        cast.actors[name] = professional(name, Profession.DOCTOR, cabinet)
        Practitioner.objects.filter(pk=cast.actors[name].person_id).update(specialty_label="Psychiatrie")
    return cast.actors[name]


def last_event(kind):
    with walls_down():
        found = OutboxEvent.objects.filter(kind__endswith=kind.__name__).latest("created_at")
    return restore(found)


def told_to(handler, event):
    """Addresses of the e-mails that the handler queues."""
    with walls_down():
        before = set(OutboundMessage.objects.values_list("pk", flat=True))
    with rls.acting(Actor.job("tests")):
        handler([event])
    with walls_down():
        sent = OutboundMessage.objects.exclude(pk__in=before)
        return {message.recipient for message in sent}


# Asking


def test_a_request_opens_nothing_and_is_read_by_the_circle_and_the_patient(cast, madeleine):
    key = asks(cast.jules, madeleine)

    assert basis(cast.jules, madeleine) == ""
    with rls.acting(cast.jules), pytest.raises(NotFound):
        open_record(cast.jules, madeleine.pk)
    assert waiting(cast.amar, madeleine) == [key]
    assert waiting(cast.madeleine, madeleine) == [key]
    with rls.acting(cast.brun):
        assert queries.requests_waiting(cast.brun, madeleine.patient_id) == []


def test_by_plain_sql_who_asked_reads_his_request_and_nothing_else_of_the_patient(cast, madeleine):
    key = asks(cast.jules, madeleine)
    asks(cast.brun, madeleine)
    with rls.acting(cast.jules), connection.cursor() as cursor:
        rls.open_record(madeleine.patient_id)
        cursor.execute("SELECT id FROM care_team_joinrequest")
        assert cursor.fetchall() == [(key,)]
        for counted in (
            "SELECT count(*) FROM care_team_careteamparticipant WHERE patient_id = %s",
            "SELECT count(*) FROM care_team_circleinvitation WHERE patient_id = %s",
            "SELECT count(*) FROM care_team_consent WHERE patient_id = %s",
        ):
            cursor.execute(counted, [madeleine.patient_id])
            assert cursor.fetchone() == (0,), counted
        for changing in (
            "UPDATE care_team_joinrequest SET state = 'accepted'",
            "UPDATE care_team_joinrequest SET answer = 'oui'",
        ):
            cursor.execute(changing)
            assert cursor.rowcount == 0, changing
    for forbidden in (
        "INSERT INTO care_team_joinrequest SELECT * FROM care_team_joinrequest",
        "UPDATE care_team_joinrequest SET expires_at = now() + interval '1 year'",
        "DELETE FROM care_team_joinrequest",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), rls.acting(cast.jules):
            with connection.cursor() as cursor:
                cursor.execute(forbidden)


def test_the_answer_to_a_request_is_the_same_whoever_is_in_the_circle(cast, madeleine):
    """A circle of psychiatry, one that the patient closed, an ordinary one: nothing tells them apart."""
    freud = psychiatrist(cast)
    with walls_down():
        join(madeleine, practitioner_id=freud.person_id)
    actions.record_choice(
        cast.brun, cast.leon_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier du 3 mars"
    )

    asked = [asks(cast.urgentiste, cast.madeleine_record), asks(cast.urgentiste, cast.leon_record)]

    with rls.acting(cast.urgentiste):
        told = queries.own_requests(cast.urgentiste)
    assert {one.request.pk for one in told} == set(asked)
    assert {one.state_label for one in told} == {"En attente"}


def test_a_request_of_psychiatry_is_known_to_the_patient_and_to_who_may_know_of_it(cast, madeleine):
    freud, jung = psychiatrist(cast), psychiatrist(cast, "jung")
    actions.add_member(cast.amar, madeleine.pk, member=NewMember(practitioner_id=jung.person_id))
    key = asks(freud, madeleine)

    assert waiting(cast.amar, madeleine) == []
    assert waiting(cast.ines, madeleine) == []
    assert waiting(cast.madeleine, madeleine) == [key]
    assert waiting(jung, madeleine) == [key]
    with walls_down():
        guardian = represented_by(madeleine, "Claire", DelegationBasis.GUARDIANSHIP)
    assert waiting(guardian, madeleine) == []
    with pytest.raises((Conflict, NotFound)):
        answer_own_request(guardian, madeleine.pk, key, accepts=True)
    with rls.acting(cast.amar):
        open_record(cast.amar, madeleine.pk)
        lines = log.accesses_of(cast.amar, madeleine.patient_id).visits
    assert "FREUD" not in " ".join(line.name for line in lines)
    told = told_to(tell_of_a_request, last_event(JoinAsked))
    assert "jung@example.org" in told and "amar@example.org" not in told


def test_a_second_request_waits_for_the_first_and_a_refusal_holds_thirty_days(cast, madeleine):
    key = asks(cast.jules, madeleine)
    with pytest.raises(Conflict, match="déjà une demande"):
        asks(cast.jules, madeleine)
    refuse_request(cast.ines, madeleine.pk, key, words="Madame a déjà son infirmière")
    with pytest.raises(Conflict, match="refusée"):
        asks(cast.jules, madeleine)
    with walls_down():
        JoinRequest.objects.update(answered_at=timezone.now() - timedelta(days=31))

    assert asks(cast.jules, madeleine) != key


def test_ten_requests_a_day_and_no_more(cast, madeleine):
    with walls_down():
        records = [
            shared_record(cast.brun, "MARTIN", f"ROSE{n}", timezone.localdate() - timedelta(days=20_000 + n))
            for n in range(ASKED_A_DAY)
        ]
    for record in records:
        asks(cast.ines, record)
    with pytest.raises(Conflict, match="recommencez demain"):
        asks(cast.ines, cast.leon_record)
    assert asks(cast.jules, madeleine)


def test_who_may_not_ask_is_told_so(cast, madeleine):
    with pytest.raises(Conflict, match="déjà partie"):
        asks(cast.ines, madeleine)
    with pytest.raises(Refused):
        asks(cast.leon, madeleine)
    with pytest.raises(Invalid):
        asks(cast.jules, madeleine, Reason(reason=JoinReason.OTHER, words="  "))


def test_a_record_that_its_structure_keeps_answers_as_if_there_were_none(cast, madeleine):
    with walls_down():
        type(madeleine).objects.filter(pk=madeleine.pk).update(is_shared=False, kept_by=madeleine.holder_id)

    with pytest.raises(NotFound):
        asks(cast.jules, madeleine)


def test_a_request_without_an_answer_expires_and_may_be_made_again(cast, madeleine):
    key = asks(cast.jules, madeleine)
    long_ago = timezone.now() - timedelta(days=31)
    with walls_down():
        JoinRequest.objects.update(asked_at=long_ago, expires_at=long_ago + timedelta(days=30))

    assert waiting(cast.amar, madeleine) == []
    with pytest.raises(Conflict):
        refuse_request(cast.amar, madeleine.pk, key, words="")
    with pytest.raises(Conflict):
        answer_own_request(cast.madeleine, madeleine.pk, key, accepts=True)
    asks(cast.jules, madeleine)
    assert row(key).state == JoinState.EXPIRED


def test_the_patient_and_the_circle_are_told_of_a_request_and_who_asked_of_the_answer(cast, madeleine):
    with walls_down():
        madeleine.patient.email = "madeleine@example.org"
        madeleine.patient.save()
    key = asks(cast.jules, madeleine)
    told = told_to(tell_of_a_request, last_event(JoinAsked))
    assert {"amar@example.org", "ines@example.org", "madeleine@example.org"} <= told
    assert "brun@example.org" not in told

    refuse_request(cast.amar, madeleine.pk, key, words="non")
    assert told_to(tell_who_asked, last_event(JoinAnswered)) == {"jules@example.org"}


def test_to_ask_is_no_first_access(cast, madeleine):
    asks(cast.jules, madeleine)
    with rls.acting(Actor.job("accesses")):
        firsts = gathered_accesses(after=0).firsts
    with walls_down():
        entry = AuditEntry.objects.get(action="join.ask")
    assert entry.patient_id == madeleine.patient_id and entry.person_id == cast.jules.person_id
    assert madeleine.patient_id not in {patient for _, patient, _, _ in firsts}


# Answering


def test_adding_who_asked_answers_him_and_says_why_he_came(cast, madeleine):
    key = asks(cast.jules, madeleine)
    member = NewMember(practitioner_id=cast.jules.person_id, why=FOLLOWS, answer="Bienvenue")
    actions.add_member(cast.amar, madeleine.pk, member=member)

    assert (row(key).state, row(key).answer) == (JoinState.ACCEPTED, "Bienvenue")
    assert basis(cast.jules, madeleine) == "member"
    with rls.acting(cast.ines):
        open_record(cast.ines, madeleine.pk)
        came = next(
            one for one in circle_of(cast.ines, madeleine.patient_id) if one.member_id == cast.jules.person_id
        )
    assert came.why == "suit la personne (à domicile le matin)"


def test_the_patient_accepts_by_a_consent_that_is_kept(cast, madeleine):
    key = asks(cast.jules, madeleine)
    answer_own_request(cast.madeleine, madeleine.pk, key, accepts=True, words="avec plaisir")

    assert basis(cast.jules, madeleine) == "member"
    with walls_down():
        period = CareTeamParticipant.objects.get(practitioner_id=cast.jules.person_id, record=madeleine)
        assert (period.basis, period.reason) == (Basis.CONSENT, JoinReason.FOLLOWS)
        assert Consent.objects.filter(practitioner_id=cast.jules.person_id, withdrawn_at=None).exists()
    with pytest.raises(Conflict):
        answer_own_request(cast.madeleine, madeleine.pk, key, accepts=False)


def test_nobody_answers_for_another_circle_or_another_patient(cast, madeleine):
    key = asks(cast.urgentiste, madeleine)

    for stranger, record in ((cast.brun, cast.leon_record), (cast.jules, cast.leon_record)):
        with pytest.raises(NotFound):
            refuse_request(stranger, record.pk, key, words="")
    with pytest.raises(NotFound):
        refuse_request(cast.urgentiste, madeleine.pk, key, words="")
    with pytest.raises(NotFound):
        answer_own_request(cast.leon, cast.leon_record.pk, key, accepts=True)
    with walls_down():
        carer = represented_by(madeleine, "Lucie", DelegationBasis.CARER)
    with pytest.raises((NotFound, Refused)):
        answer_own_request(carer, madeleine.pk, key, accepts=True)
    with pytest.raises(NotFound):
        withdraw_request(cast.brun, key)
    assert row(key).state == JoinState.ASKED and basis(cast.urgentiste, madeleine) == ""


def test_a_request_withdrawn_is_answered_by_nobody(cast, madeleine):
    key = asks(cast.jules, madeleine)
    withdraw_request(cast.jules, key)

    with pytest.raises(Conflict):
        answer_own_request(cast.madeleine, madeleine.pk, key, accepts=True)
    assert basis(cast.jules, madeleine) == ""


def test_who_asked_never_reads_who_answered(cast, madeleine):
    key = asks(cast.jules, madeleine)
    refuse_request(cast.amar, madeleine.pk, key, words="Pas pour l’instant")

    with rls.acting(cast.jules):
        own = queries.own_requests(cast.jules)[0]
    said = " ".join(str(value) for value in vars(own.request).values())
    assert own.request.answer == "Pas pour l’instant"
    assert "AMAR" not in said and str(cast.amar.person_id) not in said
