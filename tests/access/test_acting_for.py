"""A secretary for a physician of her structure: his patients, her own column, his name in the trail.

Each wall is asked alone, and who is not lent anything has his own patients.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team import actions
from terresante.care_team.access import CIRCLE_EDIT, RECORD_READ
from terresante.care_team.actions import NewMember, open_in_emergency
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries.log import accesses_of
from terresante.directory.actions.delegations import DelegationEntry, end_delegation, give_delegation
from terresante.directory.enums import Profession
from terresante.directory.models import Delegation, Organization, Practitioner, PractitionerRole
from terresante.directory.queries import work_situations
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import Event
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.notes.models import Note
from terresante.notes.tests.factories import published
from terresante.patients.models import CareRecord
from terresante.patients.traits import Traits
from tests.cast import client_of, join, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
TODAY = timezone.localdate


@pytest.fixture
def lea(cast):
    """Secretary of Dr Amar's practice, in no circle of hers."""
    with walls_down():
        place = Organization.objects.get(pk=cast.amar.organization_id)
        return professional("lea", Profession.MEDICAL_SECRETARY, place)


@pytest.fixture
def given(cast, lea):
    return give_delegation(cast.amar, entry=DelegationEntry(secretary_id=lea.person_id, starts_on=TODAY()))


def at_the_door(secretary, delegation=None):
    """Who is behind her session, having chosen « pour Dr X » if a delegation is named."""
    situation = next(
        (
            one
            for one in work_situations(secretary.user_id)
            if delegation and one.delegation_id == delegation.pk
        ),
        None,
    )
    request = type("Asked", (), {})()
    request.user = User.objects.get(pk=secretary.user_id)
    own = work_situations(secretary.user_id)
    key = f"{own[0].role_id}:{delegation.pk}" if delegation and own else ""
    request.session = {ports.SITUATION_KEY: situation.key if situation else key}
    return ports.actor_behind(request)


def rows_seen(actor, table, patient_id, *, opened=False):
    """Plain SQL under the application role."""
    with rls.acting(actor, read_only=True), connection.cursor() as cursor:
        basis = rls.open_record(patient_id) if opened else ""
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE patient_id = %s', [patient_id])
        return cursor.fetchone()[0], basis


def reaches(actor, record):
    """(wall 1 with the walls down, wall 2 in plain SQL, before and after asking to open)."""
    with walls_down():
        rule = access.list(actor, RECORD_READ, CareRecord).filter(pk=record.pk).exists()
    unopened, _ = rows_seen(actor, "patients_carerecord", record.patient_id)
    opened, basis = rows_seen(actor, "patients_carerecord", record.patient_id, opened=True)
    return (rule, bool(unopened), bool(opened) and basis != "")


ALL, NONE = (True, True, True), (False, False, False)


def test_without_a_delegation_she_reaches_nobody(cast, lea):
    assert reaches(lea, cast.madeleine_record) == NONE


def test_she_reaches_the_physicians_patients_and_no_others(cast, lea, given):
    acting = at_the_door(lea, given)

    assert acting.principal_id == cast.amar.person_id
    assert acting.person_id == lea.person_id
    assert reaches(acting, cast.madeleine_record) == ALL
    assert reaches(acting, cast.leon_record) == NONE


def test_in_her_own_role_nothing_is_lent(cast, lea, given):
    assert reaches(at_the_door(lea), cast.madeleine_record) == NONE


def test_she_reads_with_her_own_column_never_a_note(cast, lea, given):
    published(cast.amar, cast.madeleine_record)
    acting = at_the_door(lea, given)
    client = enter(lea, given)

    with rls.acting(acting, read_only=True):
        rls.open_record(cast.madeleine_record.patient_id)
        rule = next(a for a, model in access.declared_rules() if model is Note and a.code == "note.read")
        assert not access.list(acting, rule, Note).exists()
    assert client.get(reverse("notes:list", args=[cast.madeleine_record.pk])).status_code == 403
    assert client.get(reverse("care_team:circle", args=[cast.madeleine_record.pk])).status_code == 200


def test_a_claim_alone_lends_nothing_in_the_database(cast, lea):
    """The context says for whom; only the rows of the directory say whether."""
    claimed = replace(lea, principal_id=cast.amar.person_id)

    assert reaches(claimed, cast.madeleine_record)[1:] == (False, False)


def test_the_claim_of_another_secretary_lends_nothing_either(cast, lea, given):
    with walls_down():
        other = professional(
            "zoe", Profession.MEDICAL_SECRETARY, Organization.objects.get(pk=cast.brun.organization_id)
        )
    claimed = replace(other, principal_id=cast.amar.person_id)

    assert reaches(claimed, cast.madeleine_record)[1:] == (False, False)


ENDS = {
    "revoked": lambda cast, lea, given: end_delegation(cast.amar, given.pk),
    "revoked by her": lambda cast, lea, given: end_delegation(lea, given.pk),
    "past its last day": lambda cast, lea, given: Delegation.objects.filter(pk=given.pk).update(
        starts_on=TODAY() - timedelta(days=9), ends_on=TODAY()
    ),
    "to begin tomorrow": lambda cast, lea, given: Delegation.objects.filter(pk=given.pk).update(
        starts_on=TODAY() + timedelta(days=1)
    ),
    "the physician struck off": lambda cast, lea, given: Practitioner.objects.filter(
        pk=cast.amar.person_id
    ).update(active=False),
    "the physician gone from the structure": lambda cast, lea, given: leave(cast.amar),
    "the structure closed": lambda cast, lea, given: Organization.objects.filter(
        pk=cast.amar.organization_id
    ).update(active=False),
    "the secretary no longer one": lambda cast, lea, given: PractitionerRole.objects.filter(
        practitioner_id=lea.person_id
    ).update(profession=Profession.OTHER),
    "the secretary gone": lambda cast, lea, given: leave(lea),
}


def leave(actor):
    PractitionerRole.objects.filter(practitioner_id=actor.person_id).update(period_end=TODAY())


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_the_same_day_in_both_walls(cast, lea, given, name):
    before = at_the_door(lea, given)
    assert reaches(before, cast.madeleine_record) == ALL

    ENDS[name](cast, lea, given)

    now = at_the_door(lea, given)
    assert now is None or now.principal_id is None
    # An actor built before, in a page that is still running: the database no longer lends.
    assert reaches(before, cast.madeleine_record)[1:] == (False, False)


def test_the_physicians_emergency_is_not_lent(cast, lea, given):
    reason = "inconsciente, traitement inconnu"
    open_in_emergency(cast.amar, cast.leon_record.patient_id, reason=reason)
    acting = at_the_door(lea, given)

    assert reaches(acting, cast.leon_record) == NONE
    with pytest.raises(Refused):
        open_in_emergency(acting, cast.leon_record.patient_id, reason=reason)


def test_his_duties_and_hers_stay_behind(cast, lea):
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.amar.person_id).update(duties=["administrator"])
        PractitionerRole.objects.filter(practitioner_id=lea.person_id).update(duties=["identity_officer"])
    physician = replace(cast.amar, duties=frozenset({"administrator"}))
    given = give_delegation(physician, entry=DelegationEntry(secretary_id=lea.person_id, starts_on=TODAY()))

    assert at_the_door(lea, given).duties == frozenset()
    assert at_the_door(lea).duties == {"identity_officer"}


def test_what_she_does_names_both_in_the_trail_and_in_the_log(cast, lea, given):
    acting = at_the_door(lea, given)
    member = NewMember(practitioner_id=cast.jules.person_id)
    actions.add_member(acting, cast.madeleine_record.pk, member=member)
    client = enter(lea, given)
    client.get(reverse("care_team:circle", args=[cast.madeleine_record.pk]))

    with walls_down():
        hers = AuditEntry.objects.filter(user_id=lea.user_id, patient_id=cast.madeleine_record.patient_id)
        assert hers.count() >= 2
        assert {row.detail["for"] for row in hers} == {acting.on_behalf_of}
        assert {row.person_id for row in hers} == {lea.person_id}
        assert (
            CareTeamParticipant.objects.get(
                practitioner_id=cast.jules.person_id, patient_id=cast.madeleine_record.patient_id
            ).added_by_name
            == acting.name
        )
    with rls.acting(cast.madeleine, read_only=True):
        rls.open_record(cast.madeleine.person_id)
        lines = accesses_of(cast.madeleine, cast.madeleine.person_id).lines
    assert {line.on_behalf_of for line in lines if line.person_id == lea.person_id} == {acting.on_behalf_of}
    page = client_of(cast.madeleine).get("/mon-dossier/acces/").content.decode()
    assert f"pour {acting.on_behalf_of}" in page


def test_a_record_she_founds_is_the_physicians(cast, lea, given):
    traits = Traits(
        birth_name="NEUVE",
        birth_given_names="ANNA",
        birth_date=TODAY() - timedelta(days=9000),
        sex="F",
        birth_place_code="94028",
    )
    acting = at_the_door(lea, given)
    record = actions.create_record(acting, traits=traits)

    with walls_down():
        members = list(
            CareTeamParticipant.objects.filter(record=record).values_list("practitioner_id", flat=True)
        )
        assert members == [cast.amar.person_id]
        assert CareRecord.objects.get(pk=record.pk).created_by_id == lea.person_id


def test_only_a_medical_profession_delegates_and_only_to_the_desk_of_his_structure(cast, lea):
    entry = DelegationEntry(secretary_id=lea.person_id, starts_on=TODAY())
    for actor in (cast.ines, lea, cast.madeleine):
        with pytest.raises(Refused):
            give_delegation(actor, entry=entry)
    with pytest.raises(Invalid):
        give_delegation(cast.brun, entry=entry)
    with pytest.raises(Invalid):
        give_delegation(cast.amar, entry=replace(entry, secretary_id=cast.ines.person_id))
    give_delegation(cast.amar, entry=entry)
    with pytest.raises(Conflict):
        give_delegation(cast.amar, entry=entry)


def test_somebody_else_ends_no_delegation(cast, lea, given):
    for actor in (cast.brun, cast.ines, cast.madeleine):
        with pytest.raises(NotFound):
            end_delegation(actor, given.pk)
    end_delegation(lea, given.pk)
    with pytest.raises(Conflict):
        end_delegation(cast.amar, given.pk)


def test_both_are_told_and_nothing_is_said_of_a_patient(cast, lea, given):
    end_delegation(cast.amar, given.pk)

    told = OutboundMessage.objects.values_list("recipient", "subject")
    assert sorted(recipient for recipient, _ in told) == sorted(
        2 * [f"{name}@example.org" for name in ("amar", "lea")]
    )


def test_she_chooses_for_whom_she_works_and_may_go_back(cast, lea, given):
    client = client_of(lea)
    page = client.get("/situation/").content.decode()
    assert "Pour " in page
    client.post("/situation/", {"situation": work_situations(lea.user_id)[1].key})

    assert "LEROUX" in client.get("/patients/").content.decode()
    client.post("/situation/", {"situation": work_situations(lea.user_id)[0].key})
    assert "LEROUX" not in client.get("/patients/").content.decode()


def test_the_live_stream_tells_her_what_her_column_reads_of_his_patients(cast, lea, given):
    acting = at_the_door(lea, given)
    with rls.acting(Actor.job("live"), read_only=True):

        def told(record, data_class):
            event = Event(patient_id=record.patient_id, data_class=data_class)
            return bool(ports.live_readers([event], [acting])[0])

        assert told(cast.madeleine_record, "stay")
        assert not told(cast.madeleine_record, "medical")
        assert not told(cast.leon_record, "stay")


def enter(secretary, delegation):
    client = client_of(secretary)
    session = client.session
    session[ports.SITUATION_KEY] = next(
        one.key for one in work_situations(secretary.user_id) if one.delegation_id == delegation.pk
    )
    session.save()
    return client


def test_the_rules_of_circles_all_know_for_whom_one_acts():
    """A policy or a function made later must name the third key too. Bad: a stale copy of an older one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename || '.' || policyname FROM pg_policies WHERE schemaname = 'public'"
            " AND coalesce(qual, '') || coalesce(with_check, '') LIKE '%app_organization() AS app_organization)])%'"
        )
        policies = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND prosrc LIKE '%member_id IN (%' AND prosrc LIKE '%app_organization()%'"
            " AND prosrc NOT LIKE '%app_principal()%'"
        )
        functions = [name for (name,) in cursor.fetchall()]

    assert policies == []
    assert functions == []


def test_a_member_who_joins_through_her_is_reached_by_the_rule_that_edits(cast, lea, given):
    acting = at_the_door(lea, given)
    with walls_down():
        assert access.list(acting, CIRCLE_EDIT, CareRecord).filter(pk=cast.madeleine_record.pk).exists()
        assert not access.list(acting, CIRCLE_EDIT, CareRecord).filter(pk=cast.leon_record.pk).exists()
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
    assert reaches(acting, cast.leon_record) == ALL
