"""The support desk founds records for those who ask, and reads none: not even the one it has just founded."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from psycopg import sql

from terresante.accounts.models import User
from terresante.accounts.tests.conftest import with_password
from terresante.accounts.tests.steps import log_in
from terresante.care_team.actions import create_record, open_in_emergency
from terresante.care_team.actions.support import Informed, create_record_for
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.actions import support
from terresante.directory.enums import OrganizationKind, Profession, RequestChannel, RequestKind, Source
from terresante.directory.models import Practitioner, PractitionerRole, SupportRequest
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import Event
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Traits
from tests.access.oracle.doors.sql import walled_tables
from tests.access.test_forged_urls import named_views
from tests.cast import client_of, join, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
TRAITS = Traits(
    birth_name="NEUVE",
    birth_given_names="ANNA",
    birth_date=timezone.localdate() - timedelta(days=20000),
    sex="F",
    birth_place_code="94028",
)
# Of a record, and what an agent may still do there: nothing.
FORM = {
    "channel": "phone",
    "birth_name": "NEUVE",
    "birth_given_names": "Anna",
    "birth_date": "12/03/1950",
    "sex": "F",
    "birth_place": "99999",
    "create": "yes",
}


@pytest.fixture
def desk_place():
    with walls_down():
        return organization("Cellule régionale", OrganizationKind.DAC)


@pytest.fixture
def agent(cast, desk_place):
    with walls_down():
        return professional("sacha", Profession.OTHER, desk_place, duties=["support_agent"])


def asked(cast, **other):
    told = {
        "practitioner_id": cast.amar.person_id,
        "channel": RequestChannel.PHONE,
        "requested_on": timezone.localdate(),
    }
    return support.Asked(**{**told, **other})


def founded(cast, agent, **other):
    informed = Informed(support=InformationSupport.ORAL_WITH_NOTICE, given_at=timezone.now())
    told = {
        "practitioner_id": cast.amar.person_id,
        "organization_id": cast.amar.organization_id,
        "traits": TRAITS,
    }
    return create_record_for(agent, **{**told, "informed": informed, **other})


def test_the_record_is_the_physicians_from_its_first_row(cast, agent):
    key = founded(cast, agent)

    with walls_down():
        record = CareRecord.objects.get(pk=key)
        assert (record.created_by_id, record.holder_id) == (cast.amar.person_id, cast.amar.organization_id)
        assert record.is_shared
        assert record.information_given_by_id == cast.amar.person_id
        members = CareTeamParticipant.objects.filter(record=record)
        assert [member.practitioner_id for member in members] == [cast.amar.person_id]
        row = AuditEntry.objects.get(action="record.create", object_id=key)
    amar = Practitioner.objects.get(pk=cast.amar.person_id)
    assert (row.user_id, row.purpose, row.detail["for"]) == (agent.user_id, "support", amar.full_name)
    assert client_of(cast.amar).get(reverse("overview:record", args=[key])).status_code == 200


def test_without_a_declared_information_nothing_is_shared(cast, agent):
    key = founded(cast, agent, informed=None)
    with walls_down():
        assert not CareRecord.objects.get(pk=key).is_shared


def views_of_a_record():
    """Every address that names a record, or a patient, and what it asks besides."""
    return [
        (name, keys)
        for name, keys in named_views()
        if {"record_id", "patient_id"} & set(keys) and "practitioner_id" not in keys
    ]


def test_every_view_of_the_very_record_is_closed_to_the_agent_who_founded_it(cast, agent):
    key = founded(cast, agent)
    with walls_down():
        patient = CareRecord.objects.get(pk=key).patient_id
    client, opened = client_of(agent), []
    for name, keys in views_of_a_record():
        args = [
            key if one == "record_id" else patient if one == "patient_id" else agent.person_id for one in keys
        ]
        try:
            url = reverse(name, args=args)
        except NoReverseMatch:
            continue
        for method in (client.get, client.post):
            answer = method(url)
            if answer.status_code not in (302, 403, 404, 405) or "NEUVE" in answer.content.decode():
                opened.append((name, method.__name__, answer.status_code))
            if answer.status_code == 302 and "/dossiers/" in answer.headers["Location"]:
                assert client.get(answer.headers["Location"]).status_code in (403, 404), name
    # In an emergency a professional is shown whose record it would be; the desk opens none.
    assert [one for one in opened if one[0] != "care_team:break_glass"] == []
    assert len(views_of_a_record()) > 20


def test_no_list_search_or_counter_tells_of_it(cast, agent):
    founded(cast, agent)
    client = client_of(agent)
    for url in (
        "/",
        "/patients/",
        "/patients/structure/",
        "/recherche/?q=NEUVE",
        "/patients/hospitalises/",
        "/appui/",
    ):
        page = client.get(url)
        assert page.status_code == 200, url
        assert "ANNA" not in page.content.decode().upper(), url


def test_plain_sql_gives_the_agent_no_row_of_it(cast, agent):
    key = founded(cast, agent)
    with walls_down():
        patient = CareRecord.objects.get(pk=key).patient_id
    for opened in (False, True):
        with rls.acting(agent, read_only=True), connection.cursor() as cursor:
            assert not opened or rls.open_record(patient) == ""
            for table in walled_tables():
                column = "id" if table == "patients_patient" else "patient_id"
                asking = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
                    sql.Identifier(table), sql.Identifier(column)
                )
                cursor.execute(asking, [patient])
                assert cursor.fetchone()[0] == 0, table


def test_a_desk_whose_structure_is_in_a_circle_reads_nothing_of_it(cast, agent, desk_place):
    """The duty closes what the structure would open; without it the same person reads."""
    with walls_down():
        join(cast.madeleine_record, organization_id=desk_place.pk)
        join(cast.leon_record, practitioner_id=agent.person_id)
        other = professional("robin", Profession.OTHER, desk_place)
    for record in (cast.madeleine_record, cast.leon_record):
        assert client_of(agent).get(reverse("overview:record", args=[record.pk])).status_code == 404
        with rls.acting(agent, read_only=True), connection.cursor() as cursor:
            assert rls.open_record(record.patient_id) == ""
            cursor.execute("SELECT count(*) FROM patients_carerecord")
            assert cursor.fetchone()[0] == 0
        with walls_down():
            for action, model in access.declared_rules():
                if action.code in ("record.read", "circle.edit", "record.share", "access_log.read"):
                    field = "pk" if model is CareRecord else "patient_id"
                    value = record.pk if model is CareRecord else record.patient_id
                    if model.__name__ in ("CareRecord", "CareTeamParticipant"):
                        assert not access.list(agent, action, model).filter(**{field: value}).exists()
    assert (
        client_of(other).get(reverse("overview:record", args=[cast.madeleine_record.pk])).status_code == 200
    )
    with rls.acting(Actor.job("live"), read_only=True):
        event = Event(patient_id=cast.madeleine_record.patient_id, data_class="circle")
        assert not ports.live_readers([event], [agent])[0]
        assert ports.live_readers([event], [other])[0]


def test_a_nurse_at_the_desk_opens_nothing_in_emergency(cast, desk_place):
    with walls_down():
        nurse = professional("lou", Profession.NURSE, desk_place, duties=["support_agent"])
    with pytest.raises(Refused):
        open_in_emergency(nurse, cast.madeleine_record.patient_id, reason="inconsciente, traitement inconnu")
    with rls.acting(nurse), connection.cursor() as cursor:
        cursor.execute(
            "SELECT open_emergency_access(gen_random_uuid(), %s, 'motif')", [cast.madeleine_record.patient_id]
        )
        assert cursor.fetchone()[0] is None


def test_only_the_desk_founds_for_another_and_it_founds_nothing_for_itself(cast, agent):
    for actor in (cast.amar, cast.brun, cast.dpo):
        with pytest.raises(Refused):
            founded(cast, actor)
    with pytest.raises(Refused):
        create_record(agent, traits=TRAITS)
    with pytest.raises(Invalid):
        founded(cast, agent, practitioner_id=agent.person_id, organization_id=agent.organization_id)
    with pytest.raises(Invalid):
        founded(cast, agent, organization_id=cast.brun.organization_id)
    with pytest.raises(Conflict):
        founded(cast, agent, patient_id=cast.madeleine_record.patient_id)


def test_the_form_keeps_the_request_and_says_that_the_door_is_closed(cast, agent):
    url = reverse("overview:support_record", args=[cast.amar.person_id])
    client = client_of(agent)
    data = {
        **FORM,
        "requested_on": f"{timezone.localdate()}",
        "organization_id": str(cast.amar.organization_id),
        "support": InformationSupport.ORAL_WITH_NOTICE,
        "given_on": f"{timezone.localdate()}",
    }
    answer = client.post(url, data, follow=True)

    assert "Vous n’y avez plus accès" in answer.content.decode()
    kept = SupportRequest.objects.get()
    assert (kept.kind, kept.channel, kept.practitioner_id) == (
        RequestKind.RECORD,
        "phone",
        cast.amar.person_id,
    )
    assert client_of(cast.amar).post(url, data).status_code == 403
    assert client.post(url, {**data, "given_on": ""}).status_code == 422


def test_help_is_kept_with_whom_it_was_for_and_sets_no_password(cast, agent):
    amar = with_password(cast.amar)
    browser = Client()
    log_in(browser, amar)
    before = amar.password
    for kind in (RequestKind.LOGIN_MAIL, RequestKind.UNLOCK, RequestKind.SESSIONS):
        support.help_in(agent, asked=asked(cast), kind=kind)

    assert browser.get("/").status_code == 302
    assert User.objects.get(pk=amar.pk).password == before
    assert set(SupportRequest.objects.values_list("kind", flat=True)) == {"login_mail", "unlock", "sessions"}
    assert set(OutboundMessage.objects.values_list("recipient", flat=True)) == {"amar@example.org"}
    with walls_down():
        rows = AuditEntry.objects.filter(action="account.assist")
        assert {row.detail["for"] for row in rows} == {
            Practitioner.objects.get(pk=cast.amar.person_id).full_name
        }
        assert {row.purpose for row in rows} == {"support"}


def test_the_link_is_never_shown_to_the_agent(cast, agent):
    client = client_of(agent)
    data = {"channel": "phone", "requested_on": f"{timezone.localdate()}", "kind": "login_mail"}
    page = client.post(
        f"/appui/professionnels/{cast.amar.person_id}/aider/", data, follow=True
    ).content.decode()

    shown = page.partition("<main")[2]
    assert not re.search(r"/connexion/lien/|>\s*\d{6}\s*<", shown)
    assert (
        "amar@example.org" not in client.get(f"/appui/professionnels/{cast.amar.person_id}/").content.decode()
    )
    assert client.get(f"/administration/comptes/{cast.amar.user_id}/").status_code == 403


def test_an_account_goes_to_the_address_of_the_directory_and_to_no_other(cast, agent):
    with walls_down():
        who = Practitioner.objects.create(
            family_name="NEUF",
            given_name="Alix",
            profession=Profession.NURSE,
            source=Source.ANNUAIRE,
            email="alix@directory.example",
        )
        PractitionerRole.objects.create(
            practitioner=who,
            organization_id=cast.brun.organization_id,
            profession=who.profession,
            period_start=timezone.localdate(),
            source=Source.ANNUAIRE,
        )
    url = f"/appui/professionnels/{who.pk}/compte/"
    data = {"channel": "phone", "requested_on": f"{timezone.localdate()}", "email": "pirate@example.org"}
    client_of(agent).post(url, data)

    assert User.objects.get(practitioner=who).email == "alix@directory.example"
    assert OutboundMessage.objects.get().recipient == "alix@directory.example"
    with pytest.raises(Refused):
        support.open_account_asked(agent, asked=asked(cast, practitioner_id=who.pk))


def test_the_desk_serves_neither_itself_nor_without_the_duty(cast, agent):
    with pytest.raises(Refused):
        support.help_in(agent, asked=asked(cast, practitioner_id=agent.person_id), kind=RequestKind.UNLOCK)
    for actor in (cast.amar, cast.brun, cast.dpo):
        with pytest.raises(Refused):
            support.help_in(actor, asked=asked(cast), kind=RequestKind.UNLOCK)
        assert client_of(actor).get("/appui/").status_code == 403
