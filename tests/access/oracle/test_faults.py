"""Planted faults: each is put into the platform, and one world made for them must show it.

A proof that finds none proves nothing. A rule is a fault of its own although the policies hold behind it, and the
other way round: `doors` asks each wall alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from django.db import connection
from django.db.models import Q

from terresante.care_team import access as rules
from terresante.care_team import matrix, queries
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.kernel import compiled
from terresante.kernel.errors import DomainError
from tests.access.oracle import doors
from tests.access.oracle.build import build
from tests.access.oracle.model import (
    BreaksGlass,
    Joins,
    Leaves,
    Lifts,
    Names,
    Opposes,
    Professional,
    Unnames,
    World,
    Writes,
)
from tests.walls import empty_tables

pytestmark = [pytest.mark.commits, pytest.mark.long]

WORLD = World(
    structures=5,
    professionals=(
        Professional("doctor", (0,)),
        Professional("nurse", (1,)),
        Professional("doctor", (0, 1)),
        Professional("midwife", (2,)),
        Professional("secretary", (1,)),
        Professional("home_help", (1,)),
        Professional("doctor", (2,)),
        Professional("doctor", (3,), specialty="psychiatry"),
        Professional("doctor", (1,), specialty="psychiatry"),
        Professional("nurse", (4,)),
    ),
    sectors=("", "", "", "psychiatry", "addictology"),
    patients=3,
    known=((1, 0),),
    moves=(
        *(Joins(0, who) for who in (0, 1, 4, 5)),
        Joins(0, 6, from_hour=24),
        *(Joins(patient, 0) for patient in (1, 2)),
        Joins(1, structure=1),
        BreaksGlass(0, 3, 2, hours_ago=5),
        BreaksGlass(0, 2, 0),
        Leaves(0, 1),
        *(Writes(20 + n, 0, kind) for n, kind in enumerate(("medical", "care", "coordination", "stay"))),
        Writes(30, 0, "care", private_to=1),
        Writes(31, 0, "care", hidden=True),
        *(Writes(40 + n, 1, kind) for n, kind in enumerate(("medical", "stay"))),
        Writes(50, 2, "care"),
        *(Joins(0, who) for who in (7, 9)),
        Joins(2, 8),
        Names(0, "psychiatry", who=5),
        Names(0, "addictology", who=4),
        Unnames(Names(0, "addictology", who=4)),
        Writes(60, 0, "care", sector="psychiatry", restricted_to=3),
        Writes(61, 0, "stay", sector="addictology", restricted_to=4),
        Writes(62, 0, "care", private_to_who=1),
        Writes(63, 0, "care", private_to_who=5),
        Joins(1, 7),
        Leaves(1, 0),
        Opposes(1),
        BreaksGlass(1, 3, 2),
        Opposes(2),
        Lifts(2),
    ),
)


def as_owner(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(statement, values)
        found = cursor.fetchall() if cursor.description else []
        cursor.execute("SET ROLE terresante_app")
    return found


@contextmanager
def policy_changed(table: str, policy: str, old: str, new: str) -> Iterator[None]:
    ((was,),) = as_owner(
        "SELECT qual FROM pg_policies WHERE tablename = %s AND policyname = %s", table, policy
    )
    assert old in was, was
    alter = f'ALTER POLICY {policy} ON "{table}" USING ({{}})'
    as_owner(alter.format(was.replace(old, new)))
    try:
        yield
    finally:
        as_owner(alter.format(was))


@contextmanager
def function_changed(name: str, old: str, new: str) -> Iterator[None]:
    ((was,),) = as_owner("SELECT pg_get_functiondef(%s::regproc)", name)
    assert old in was, was
    as_owner(was.replace(old, new).replace("%", "%%"))
    try:
        yield
    finally:
        as_owner(was.replace("%", "%%"))


@contextmanager
def python_changed(*changes: tuple[object, str, object]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for target, name, value in changes:
            assert getattr(target, name) != value, f"{name} says already what was to be planted"
            patch.setattr(target, name, value)
        compiled.forget()
        yield
    compiled.forget()


NOTE, STAY, FEED = "notes_note", "stays_encounter", "feed_feeditem"
FAULTS = {
    # The policies of PostgreSQL.
    "policy forgets who left": lambda: policy_changed(NOTE, "reads", "(own.ended_at IS NULL) AND", ""),
    "policy forgets the opposition": lambda: policy_changed(
        STAY, "reads", "(own.suspended_at IS NULL) AND", ""
    ),
    "policy forgets who comes later": lambda: policy_changed(
        NOTE, "reads", "(own.started_at <= now())", "true"
    ),
    "policy forgets the end of an emergency": lambda: policy_changed(
        FEED, "reads", "(own.expires_at > now())", "true"
    ),
    "policy forgets where the emergency is": lambda: policy_changed(
        NOTE, "reads", "(own.organization_id = ( SELECT app_organization() AS app_organization)) AND", ""
    ),
    "policy shows what is private": lambda: policy_changed(
        STAY, "private_to_structure", "(private_to_id IS NULL)", "true"
    ),
    "policy shows the patient what is hidden": lambda: policy_changed(
        NOTE, "hidden_from_patient", "(NOT hidden_from_patient)", "true"
    ),
    "policy shows what a person keeps for himself": lambda: policy_changed(
        NOTE, "private_to_person", "(private_to_person_id IS NULL)", "true"
    ),
    "policy shows what is restricted": lambda: policy_changed(
        FEED, "restricted", "knows_restricted(patient_id, (sector)::text, restricted_to_id)", "true"
    ),
    "policy names a member kept from view": lambda: policy_changed(
        "care_team_careteamparticipant",
        "restricted",
        "knows_restricted(patient_id, (sector)::text, restricted_to_id)",
        "true",
    ),
    "policy shows every circle to its former members": lambda: policy_changed(
        "care_team_careteamparticipant", "reads", "patient_id = ANY", "true OR patient_id = ANY"
    ),
    # The functions that step over them.
    "record opens to who left": lambda: function_changed(
        "professional_basis", "AND own.ended_at IS NULL", ""
    ),
    "record opens under opposition": lambda: function_changed(
        "professional_basis", "AND own.suspended_at IS NULL", ""
    ),
    "record opens after four hours": lambda: function_changed(
        "professional_basis", "AND own.expires_at > now()", ""
    ),
    "record opens in another structure": lambda: function_changed(
        "professional_basis", "AND own.organization_id = app_organization()", ""
    ),
    "record opens to any hospital": lambda: function_changed(
        "open_record", "AND domain.organization_id = app_organization()", ""
    ),
    "record opens to another patient": lambda: function_changed(
        "open_record", "CASE WHEN app_person() = asked THEN", "CASE WHEN true THEN"
    ),
    "emergency opens although opposed": lambda: function_changed(
        "open_emergency_access", "'opposition_record', 'opposition_emergency'", "'x'"
    ),
    "opposition lifted leaves the circle outside": lambda: function_changed(
        "lift_record_opposition", "suspended_at = NULL", "suspended_at = now()"
    ),
    "named once is named for good": lambda: function_changed(
        "restricted_is_known", "AND named.withdrawn_at IS NULL", ""
    ),
    "named for one sector is named for all": lambda: function_changed(
        "restricted_is_known", "AND named.sector = kept", ""
    ),
    "who shares a sector knows outside the circle": lambda: function_changed(
        "restricted_is_known", "own.member_id IN (person, organization)", "true"
    ),
    "opposition forgets who is kept from view": lambda: function_changed(
        "oppose_circle", "ended_at IS NULL AND suspended_at IS NULL", "false"
    ),
    "stream tells who left": lambda: function_changed("record_readers", "AND ended_at IS NULL", ""),
    "stream tells under opposition": lambda: function_changed(
        "record_readers", "AND suspended_at IS NULL", ""
    ),
    "stream tells after four hours": lambda: function_changed("record_readers", "AND expires_at > now()", ""),
    # The rules.
    "rule forgets who left": lambda: python_changed(
        (rules, "_IN_CIRCLE", rules._IN_CIRCLE.replace("own.ended_at IS NULL AND ", ""))
    ),
    "rule forgets the opposition": lambda: python_changed(
        (rules, "_IN_CIRCLE", rules._IN_CIRCLE.replace("AND own.suspended_at IS NULL ", ""))
    ),
    "rule forgets the end of an emergency": lambda: python_changed(
        (
            rules,
            "_IN_EMERGENCY",
            rules._IN_EMERGENCY.replace("own.expires_at > statement_timestamp()", "true"),
        )
    ),
    "rule forgets where the emergency is": lambda: python_changed(
        (rules, "_IN_EMERGENCY", rules._IN_EMERGENCY.replace("own.organization_id = %s", "%s IS NOT NULL"))
    ),
    "rule lets the emergency write": lambda: python_changed((rules, "changes", rules.reaches)),
    "profession reads one class more": lambda: python_changed(
        (matrix, "MATRIX", with_right(RoleGroup.SECRETARY, DataClass.MEDICAL))
    ),
    "profession writes the circle": lambda: python_changed(
        (matrix, "MATRIX", with_right(RoleGroup.HOME_AIDE, DataClass.CIRCLE))
    ),
    "rule forgets what is restricted": lambda: python_changed(
        (rules, "_KNOWS", rules._KNOWS.replace("({1} = ''", "(true"))
    ),
    "rule forgets that a name was withdrawn": lambda: python_changed(
        (rules, "_KNOWS", rules._KNOWS.replace("AND named.withdrawn_at IS NULL", ""))
    ),
    "rule shows what a person keeps for himself": lambda: python_changed(
        (rules, "_own", lambda actor: Q(private_to__isnull=True) | Q(private_to_id=actor.organization_id))
    ),
    "stream tells what is private": lambda: python_changed((queries, "_may_read", told_without_limits)),
}


def with_right(group: RoleGroup, data_class: DataClass) -> dict[RoleGroup, dict[DataClass, str]]:
    return {**matrix.MATRIX, group: {**matrix.MATRIX[group], data_class: matrix.W}}


def told_without_limits(actor, event):
    own = event.private_to_person_id in (None, actor.person_id)
    return own and (not event.data_class or rules.reads_class(actor, DataClass(event.data_class)))


def first_difference() -> str | None:
    empty_tables()
    found = doors.differences(build(WORLD), Random(1))
    try:
        return next(found, None)
    except DomainError as error:
        return f"a move that the model allows is refused: {error}"
    finally:
        found.close()


def test_the_world_without_a_fault_shows_none():
    assert first_difference() is None


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name):
    with FAULTS[name]():
        found = first_difference()
    empty_tables()

    assert found is not None, f"nothing shows: {name}"
