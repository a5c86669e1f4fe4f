"""A professional who is not on the platform is invited; a member for a time comes and goes by himself."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team import actions
from terresante.care_team.actions import NewMember
from terresante.care_team.actions.invitations import (
    NewInvitation,
    answer_invitation,
    invite,
    withdraw_invitation,
)
from terresante.care_team.actions.joining import (
    Reason,
    answer_own_request,
)
from terresante.care_team.actions.periods import change_period
from terresante.care_team.enums import ConsentKind, JoinReason
from terresante.care_team.models import CareTeamParticipant, CircleInvitation
from terresante.care_team.queries import joining as queries
from terresante.care_team.tests.test_joining import FOLLOWS, asks, basis, waiting
from terresante.directory.enums import Profession
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import OutboundMessage
from terresante.kernel.sealing import unseal
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def madeleine(cast):
    return cast.madeleine_record


def invitation(**more):
    said = {
        "family_name": "NOVA",
        "given_name": "Camille",
        "profession": Profession.NURSE,
        "email": "nova@example.org",
        "joins": True,
        "why": FOLLOWS,
    }
    return NewInvitation(**{**said, **more})


def link():
    with walls_down():
        message = OutboundMessage.objects.filter(dedupe_key__startswith="invited:").latest("created_at")
    text = unseal(message.body, context="outbound").decode()
    return text, text.split("/rejoindre/")[1].split("/")[0]


def test_the_message_names_no_patient_and_the_link_opens_nothing(cast, madeleine, nova, client):
    sent = invite(cast.amar, madeleine.pk, invitation=invitation())
    text, token = link()

    assert "LEROUX" not in text.upper() and "MADELEINE" not in text.upper()
    page = client.get(f"/rejoindre/{token}/")
    assert page.status_code == 200
    assert client.get("/rejoindre/faux/").status_code == 200
    assert "LEROUX" not in page.content.decode().upper()
    assert basis(nova, madeleine) == ""
    assert sent.expires_at <= timezone.now() + timedelta(days=7)


def test_who_was_invited_to_join_is_in_the_circle_once(cast, madeleine, nova):
    sent = invite(cast.amar, madeleine.pk, invitation=invitation())
    _, token = link()

    assert answer_invitation(nova, sent.pk, token=token, accepts=True) == "joined"
    assert basis(nova, madeleine) == "member"
    with pytest.raises(Conflict):
        answer_invitation(nova, sent.pk, token=token, accepts=True)
    with pytest.raises(Conflict):
        answer_invitation(cast.jules, sent.pk, token=token, accepts=True)
    assert basis(cast.jules, madeleine) == ""


def test_a_link_passed_on_makes_a_request_and_says_nothing_of_the_patient(cast, madeleine):
    sent = invite(cast.amar, madeleine.pk, invitation=invitation())
    _, token = link()
    with rls.acting(cast.jules):
        assert queries.own_invitations(cast.jules) == []
        shown = queries.own_invitations(cast.jules, token=token)
    assert [(one.person, one.birth_date, one.joins) for one in shown] == [("", None, False)]

    assert answer_invitation(cast.jules, sent.pk, token=token, accepts=True) == "asked"
    assert basis(cast.jules, madeleine) == ""
    assert len(waiting(cast.amar, madeleine)) == 1


def test_the_key_of_an_invitation_is_nothing_without_its_link_or_its_address(cast, madeleine):
    sent = invite(cast.amar, madeleine.pk, invitation=invitation())

    for token in ("", "faux"):
        with pytest.raises(Conflict):
            answer_invitation(cast.jules, sent.pk, token=token, accepts=True)


@pytest.mark.parametrize("change", ["proposed", "profession", "inviter_left", "opposed"])
def test_it_becomes_a_request_when_it_may_not_let_in_at_once(cast, madeleine, nova, change):
    more: dict[str, Any] = {"joins": False} if change == "proposed" else {}
    more |= {"profession": Profession.DOCTOR} if change == "profession" else {}
    sent = invite(cast.ines, madeleine.pk, invitation=invitation(**more))
    if change == "inviter_left":
        with walls_down():
            CareTeamParticipant.objects.filter(member_id=cast.ines.person_id).update(ended_at=timezone.now())
    if change == "opposed":
        actions.record_choice(
            cast.amar, madeleine.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier du 3 mars"
        )

    assert answer_invitation(nova, sent.pk, token="", accepts=True) == "asked"
    assert basis(nova, madeleine) == ""


def test_an_invitation_expires_after_seven_days_and_is_taken_back(cast, madeleine, nova):
    sent = invite(cast.amar, madeleine.pk, invitation=invitation())
    with pytest.raises(Conflict, match="déjà une invitation"):
        invite(cast.ines, madeleine.pk, invitation=invitation())
    with pytest.raises(NotFound):
        withdraw_invitation(cast.brun, cast.leon_record.pk, sent.pk)
    withdraw_invitation(cast.ines, madeleine.pk, sent.pk)
    with pytest.raises(Conflict):
        answer_invitation(nova, sent.pk, token="", accepts=True)
    again = invite(cast.amar, madeleine.pk, invitation=invitation())
    long_ago = timezone.now() - timedelta(days=8)
    with walls_down():
        CircleInvitation.objects.filter(pk=again.pk).update(
            invited_at=long_ago, expires_at=long_ago + timedelta(days=7)
        )
    with pytest.raises(Conflict):
        answer_invitation(nova, again.pk, token="", accepts=True)


def test_nobody_invites_into_a_circle_that_is_not_his(cast, madeleine):
    for stranger in (cast.brun, cast.jules, cast.urgentiste):
        with pytest.raises(NotFound):
            invite(stranger, madeleine.pk, invitation=invitation())
    with pytest.raises(DatabaseError, match="row-level security"), rls.acting(cast.amar):
        rls.open_record(madeleine.patient_id)
        CircleInvitation.objects.create(
            patient_id=madeleine.patient_id,
            record=madeleine,
            family_name="X",
            given_name="X",
            profession=Profession.NURSE,
            email="x@example.org",
            reason=JoinReason.FOLLOWS,
            token_hash="x",
            invited_by_id=cast.ines.person_id,
            invited_by_name="INES",
            organization_id=cast.ines.organization_id,
            expires_at=timezone.now() + timedelta(days=1),
        )


def test_an_account_with_another_address_reads_no_invitation(cast, madeleine, nova):
    invite(cast.amar, madeleine.pk, invitation=invitation())
    with rls.acting(nova):
        assert [one.person for one in queries.own_invitations(nova)] == ["Madeleine LEROUX"]
    with walls_down():
        User.objects.filter(pk=nova.user_id).update(email="autre@example.org")
    with rls.acting(nova):
        assert queries.own_invitations(nova) == []


# Periods


def test_a_member_for_a_time_reads_between_its_two_days(cast, madeleine):
    tomorrow = timezone.now() + timedelta(days=1)
    member = NewMember(
        practitioner_id=cast.jules.person_id,
        why=Reason(reason=JoinReason.REPLACES),
        starts_at=tomorrow,
        ends_at=tomorrow + timedelta(days=14),
    )
    period = actions.add_member(cast.amar, madeleine.pk, member=member)
    assert basis(cast.jules, madeleine) == ""

    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(started_at=timezone.now())
    assert basis(cast.jules, madeleine) == "member"
    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(
            started_at=timezone.now() - timedelta(days=3), expires_at=timezone.now() - timedelta(seconds=1)
        )
    assert basis(cast.jules, madeleine) == ""


def test_a_period_is_changed_by_the_circle_and_never_leaves_the_record_to_nobody(cast, madeleine):
    with walls_down():
        period = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    soon = timezone.now() + timedelta(days=10)
    change: dict[str, Any] = {"starts_at": None, "why": Reason(reason=JoinReason.PRESCRIBED)}
    with pytest.raises(NotFound):
        change_period(cast.brun, madeleine.pk, period.pk, ends_at=soon, **change)
    with pytest.raises(Invalid):
        change_period(cast.amar, madeleine.pk, period.pk, ends_at=timezone.now(), **change)

    changed = change_period(cast.amar, madeleine.pk, period.pk, ends_at=soon, **change)

    assert (changed.expires_at, changed.reason) == (soon, JoinReason.PRESCRIBED)
    with walls_down():
        CareTeamParticipant.objects.filter(record=madeleine).exclude(
            practitioner_id=cast.amar.person_id
        ).update(expires_at=soon)
        mine = CareTeamParticipant.objects.get(practitioner_id=cast.amar.person_id)
    with pytest.raises(Refused, match="répond toujours"):
        change_period(cast.amar, madeleine.pk, mine.pk, ends_at=soon, **change)


def test_the_end_of_a_consent_stays_the_consents(cast, madeleine):
    key = asks(cast.jules, madeleine)
    answer_own_request(cast.madeleine, madeleine.pk, key, accepts=True)
    with walls_down():
        period = CareTeamParticipant.objects.get(practitioner_id=cast.jules.person_id, record=madeleine)

    soon = timezone.now() + timedelta(days=3)
    changed = change_period(
        cast.amar, madeleine.pk, period.pk, starts_at=None, ends_at=soon, why=Reason(reason=JoinReason.WISHED)
    )

    assert changed.expires_at is None and changed.reason == JoinReason.WISHED
