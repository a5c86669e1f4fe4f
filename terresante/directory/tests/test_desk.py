"""The back office: an administrator of one structure stays in it, gives no more than he holds, and is told of."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from terresante.accounts.actions import administration as accounts
from terresante.accounts.enums import AccountAct, IdentityCheck
from terresante.accounts.models import AttemptCount, KnownDevice, Passkey, RecoveryLink, Session, User
from terresante.accounts.tests.conftest import with_password
from terresante.accounts.tests.steps import PASSWORD, give_password, last_message, log_in
from terresante.directory.actions import desk
from terresante.directory.enums import Profession, Source, UnitSensitivity
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Unit
from terresante.directory.queries import work_situations
from terresante.directory.queries.desk import account_sheet, login_history
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.dispatcher import step
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.models import AuditEntry, OutboundMessage
from tests.cast import client_of, professional
from tests.walls import wait_for_older_transactions, walls_down

pytestmark = pytest.mark.commits
WHY = "Départ en retraite annoncé par le service"


@pytest.fixture
def places(cast):
    """Amar's practice, a service of it, and Brun's practice."""
    with walls_down():
        practice = Organization.objects.get(pk=cast.amar.organization_id)
        service = Organization.objects.create(
            name="Antenne des Lilas", kind="other", source=Source.LOCAL, part_of=practice
        )
        other = Organization.objects.get(pk=cast.brun.organization_id)
    return practice, service, other


@pytest.fixture
def local(cast, places):
    """Administers Amar's practice, and no other."""
    with walls_down():
        return professional("nadia", Profession.OTHER, places[0], duties=["local_administrator"])


def role_of(actor):
    with walls_down():
        return PractitionerRole.objects.get(practitioner_id=actor.person_id)


def in_context(actor, ask):
    with rls.acting(actor, read_only=True):
        return ask()


def test_a_local_administrator_lists_the_accounts_of_his_structure_alone(cast, local):
    page = client_of(local).get("/administration/comptes/").content.decode()

    assert "AMAR" in page
    assert "BRUN" not in page
    assert client_of(local).get(f"/administration/comptes/{cast.brun.user_id}/").status_code == 404
    assert client_of(cast.ines).get("/administration/comptes/").status_code == 403


@pytest.mark.parametrize("act", ["fermer", "rouvrir", "second-facteur", "sessions", "debloquer", "courriel"])
def test_he_does_nothing_to_an_account_of_another_structure(cast, local, act):
    url = f"/administration/comptes/{cast.brun.user_id}/{act}/"
    answer = client_of(local).post(url, {"reason": WHY, "identity_check": "presence"})

    assert answer.status_code == 404
    assert User.objects.get(pk=cast.brun.user_id).is_active
    assert not OutboundMessage.objects.exists()


def test_he_does_not_close_the_account_of_who_also_works_elsewhere(cast, local, places):
    with walls_down():
        PractitionerRole.objects.create(
            practitioner_id=cast.amar.person_id,
            organization=places[2],
            profession="10",
            period_start=timezone.localdate(),
            source=Source.LOCAL,
        )

    with pytest.raises(Refused):
        accounts.close_account(local, cast.amar.user_id, reason=WHY)
    # What helps somebody in stays his to do.
    accounts.unlock_account(local, cast.amar.user_id)


@pytest.mark.parametrize("duty", ["administrator", "privacy_officer", "identity_officer", "support_agent"])
def test_he_does_not_touch_who_holds_a_duty_of_the_platform(cast, local, duty):
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.amar.person_id).update(duties=[duty])

    with pytest.raises(Refused):
        accounts.reset_second_factor(
            local, cast.amar.user_id, reason=WHY, identity_check=IdentityCheck.PRESENCE
        )


def test_nobody_administers_his_own_account(local, admin):
    for actor in (local, admin):
        with pytest.raises(Refused):
            accounts.close_account(actor, actor.user_id, reason=WHY)


def test_a_closed_account_lets_nobody_in_and_its_sessions_end_at_once(cast, local):
    amar = with_password(cast.amar)
    client = Client()
    log_in(client, amar, "trusted")
    assert client.get("/").status_code == 200

    accounts.close_account(local, amar.pk, reason=WHY)

    assert client.get("/").status_code == 302
    assert not Session.objects.filter(user=amar).exists()
    assert not KnownDevice.objects.filter(user=amar).exists()
    assert give_password(Client(), amar).status_code == 422
    accounts.reopen_account(local, amar.pk, reason=WHY)
    assert give_password(Client(), amar).status_code == 302


def test_a_reset_asks_for_a_reason_and_how_the_person_was_recognised(cast, local):
    amar = with_password(cast.amar)
    Passkey.objects.create(user=amar, credential_id=b"1", credential=b"1", words="Téléphone")
    url = f"/administration/comptes/{amar.pk}/second-facteur/"

    assert client_of(local).post(url, {"reason": WHY}).status_code == 422
    assert client_of(local).post(url, {"reason": "oui", "identity_check": "presence"}).status_code == 422
    assert Passkey.objects.filter(user=amar).exists()
    assert client_of(local).post(url, {"reason": WHY, "identity_check": "presence"}).status_code == 302

    assert not Passkey.objects.filter(user=amar).exists()
    assert amar.acts.get().identity_check == IdentityCheck.PRESENCE
    with walls_down():
        row = AuditEntry.objects.get(action="account.manage", detail__has_key="act")
        assert row.detail == {"act": "factors", "identity_check": "presence"}
    # The password stays its owner's, and only his.
    assert User.objects.get(pk=amar.pk).check_password(PASSWORD)


def test_unlocking_gives_back_the_tries_from_wherever_they_came(cast, local):
    amar = with_password(cast.amar)
    for _ in range(11):
        give_password(Client(), amar, "faux", REMOTE_ADDR="203.0.113.9")
    assert "Trop d’essais" in give_password(Client(), amar, REMOTE_ADDR="203.0.113.9").content.decode()

    accounts.unlock_account(local, amar.pk)

    assert not AttemptCount.objects.filter(account_id=amar.pk).exists()
    assert give_password(Client(), amar, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_the_history_of_logins_is_for_who_administers_the_account(cast, local, admin):
    log_in(Client(), with_password(cast.amar))

    for actor in (local, admin):
        assert in_context(actor, lambda: login_history(cast.amar.user_id))
    for actor in (cast.brun, cast.ines, cast.dpo, cast.madeleine, Actor.job("tests")):
        assert not in_context(actor, lambda: login_history(cast.amar.user_id))
    assert not in_context(local, lambda: login_history(cast.brun.user_id))


def test_an_account_sheet_holds_no_secret(cast, local):
    amar = with_password(cast.amar)
    sheet = in_context(local, lambda: account_sheet(local, amar.pk))
    page = client_of(local).get(f"/administration/comptes/{cast.amar.user_id}/").content.decode()

    assert sheet.may_manage
    assert amar.password not in page


def test_a_local_administrator_adds_to_his_structure_and_its_parts_only(cast, local, places):
    practice, service, other = places
    for place in (practice, service):
        entry = desk.MemberEntry(
            organization_id=place.pk, practitioner_id=cast.jules.person_id, start=timezone.localdate()
        )
        desk.add_to_structure(local, entry=entry)
    entry = desk.MemberEntry(
        organization_id=other.pk, practitioner_id=cast.ines.person_id, start=timezone.localdate()
    )
    with pytest.raises(Refused):
        desk.add_to_structure(local, entry=entry)

    assert {one.organization_id for one in work_situations(cast.jules.user_id)} == {
        practice.pk,
        service.pk,
        other.pk,
    }


def test_what_somebody_reads_follows_his_profession_not_his_structure(cast, local, places):
    entry = desk.MemberEntry(
        organization_id=places[0].pk,
        start=timezone.localdate(),
        family_name="FAUX",
        given_name="Docteur",
        profession=Profession.DOCTOR,
    )
    with pytest.raises(Invalid):
        desk.add_to_structure(local, entry=entry)
    role = desk.add_to_structure(local, entry=replace(entry, profession=Profession.HOME_HELP))

    assert role.profession == Profession.HOME_HELP


def test_a_membership_that_ends_today_is_over_today(cast, local, admin):
    with pytest.raises(Refused):
        desk.end_membership(local, role_of(cast.brun).pk, on=timezone.localdate())
    desk.end_membership(local, role_of(cast.amar).pk, on=timezone.localdate())
    with pytest.raises(Invalid):
        desk.end_membership(local, role_of(cast.ines).pk, on=timezone.localdate() - timedelta(days=1))

    assert work_situations(cast.amar.user_id) == []


@pytest.mark.parametrize("duty", ["administrator", "privacy_officer", "identity_officer", "support_agent"])
def test_he_gives_no_duty_that_reaches_beyond_his_structure(cast, local, duty):
    with pytest.raises(Refused):
        desk.set_duties(local, role_of(cast.ines).pk, duties={duty})
    assert (
        client_of(local)
        .post(f"/administration/fonctions/{role_of(cast.ines).pk}/confier/", {"duties": [duty]})
        .status_code
        == 422
    )
    assert role_of(cast.ines).duties == []


def test_he_takes_none_either(cast, local):
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.ines.person_id).update(
            duties=["privacy_officer"]
        )

    with pytest.raises(Refused):
        desk.set_duties(local, role_of(cast.ines).pk, duties=set())
    desk.set_duties(local, role_of(cast.ines).pk, duties={"privacy_officer", "local_administrator"})


def test_nobody_gives_himself_a_duty(cast, local, admin):
    for actor in (local, admin):
        with pytest.raises(Refused):
            desk.set_duties(actor, role_of(actor).pk, duties={"privacy_officer"})
    for actor in (cast.amar, cast.dpo):
        with pytest.raises(Refused):
            desk.set_duties(actor, role_of(cast.ines).pk, duties={"local_administrator"})


def test_each_duty_given_is_told_to_the_privacy_officer_without_a_name(cast, admin):
    desk.set_duties(admin, role_of(cast.ines).pk, duties={"local_administrator"})
    desk.set_duties(admin, role_of(cast.ines).pk, duties=set())
    wait_for_older_transactions()
    step()

    assert list(OutboundMessage.objects.values_list("recipient", flat=True)) == ["dpo@example.org"] * 2
    assert "Ines" not in last_message()


def test_a_sensitive_unit_is_declared_by_its_administrator_alone(cast, local, admin, places):
    with walls_down():
        unit = Unit.objects.create(organization=places[2], code="P1", name="Accueil")
    told: Any = {"code": "U1", "name": "Consultation", "sensitivity": UnitSensitivity.ORDINARY}
    for actor in (local, cast.brun):
        with pytest.raises(Refused):
            desk.set_sensitivity(actor, unit.pk, sensitivity=UnitSensitivity.PSYCHIATRY)
        with pytest.raises(Refused):
            desk.add_unit(actor, organization_id=places[2].pk, **told)
    mine = desk.add_unit(local, organization_id=places[0].pk, **told)
    with pytest.raises(Conflict):
        desk.add_unit(local, organization_id=places[0].pk, **told)
    desk.set_sensitivity(local, mine.pk, sensitivity=UnitSensitivity.PSYCHIATRY)
    desk.set_sensitivity(admin, unit.pk, sensitivity=UnitSensitivity.ADDICTOLOGY)

    assert Unit.objects.get(pk=mine.pk).sensitivity == UnitSensitivity.PSYCHIATRY


def without_account(place, *, rpps=None, email="", source=Source.LOCAL):
    with walls_down():
        who = Practitioner.objects.create(
            family_name="NEUF",
            given_name="Alix",
            profession=Profession.NURSE,
            source=source,
            email=email,
            rpps=rpps,
            idnps=f"8{rpps}" if rpps else None,
        )
        if place:
            PractitionerRole.objects.create(
                practitioner=who,
                organization=place,
                profession=who.profession,
                period_start=timezone.localdate(),
                source=source,
            )
    return who


def test_an_account_of_the_national_directory_is_opened_at_the_directorys_address_only(
    cast, local, admin, places
):
    """Whoever names the address becomes the person: a structure does not name a doctor's."""
    who = without_account(
        places[0], rpps="10202020202", email="alix@directory.example", source=Source.ANNUAIRE
    )

    user = desk.open_account_for(local, who.pk, email="pirate@example.org")

    assert user.email == "alix@directory.example"
    assert not user.has_usable_password()
    assert OutboundMessage.objects.get().recipient == "alix@directory.example"
    assert RecoveryLink.objects.get(user=user).purpose == "first_password"


def test_he_opens_no_account_to_who_does_not_work_only_in_his_structure(cast, local, places):
    elsewhere, nowhere = (
        without_account(places[2], email="a@b.example"),
        without_account(None, email="c@d.example"),
    )
    for who in (elsewhere, nowhere):
        with pytest.raises(Refused):
            desk.open_account_for(local, who.pk, email="pirate@example.org")
    own = without_account(places[0])
    assert (
        desk.open_account_for(local, own.pk, email="alix@structure.example").email == "alix@structure.example"
    )
    with pytest.raises(Refused):
        desk.open_account_for(local, own.pk, email="alix@structure.example")


def test_every_act_on_an_account_is_told_to_its_owner_and_kept(cast, admin):
    for act in (
        lambda: accounts.end_all_sessions(admin, cast.amar.user_id),
        lambda: accounts.unlock_account(admin, cast.amar.user_id),
        lambda: accounts.send_login_mail(admin, cast.amar.user_id),
        lambda: accounts.close_account(admin, cast.amar.user_id, reason=WHY),
        lambda: accounts.reopen_account(admin, cast.amar.user_id, reason=WHY),
    ):
        before = OutboundMessage.objects.filter(recipient="amar@example.org").count()
        act()
        assert OutboundMessage.objects.filter(recipient="amar@example.org").count() == before + 1

    user = User.objects.get(pk=cast.amar.user_id)
    assert set(user.acts.values_list("act", flat=True)) == set(AccountAct) - {AccountAct.FACTORS}


def test_lists_are_a_handful_of_queries(cast, admin, django_assert_max_num_queries):
    with walls_down():
        place = Organization.objects.get(pk=cast.amar.organization_id)
        for number in range(40):
            professional(f"agent{number}", Profession.NURSE, place)
    client = client_of(admin)
    for url in (
        "/administration/comptes/",
        "/administration/comptes/?q=agent",
        "/administration/structures/",
        f"/administration/structures/{place.pk}/",
        "/administration/inscriptions/",
    ):
        client.get(url)
        with django_assert_max_num_queries(26):
            assert client.get(url).status_code == 200
