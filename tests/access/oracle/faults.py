"""Faults to plant in the platform: `with FAULTS[name]():` it has this one, afterwards it has it no more.

`TEN` are those that the proof is asked to find by name (docs/walls.md): random worlds must show each. The others are
smaller, one wall at a time, and one world is made for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q

from terresante.care_team import access as rules
from terresante.care_team import basis as grounds
from terresante.care_team import matrix, queries
from terresante.care_team.access import RECORD_READ, desk, joining
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.queries import live
from terresante.directory import queries as directory
from terresante.directory.models import PractitionerRole
from terresante.feed import queries as feed
from terresante.feed.models import FeedItem
from terresante.kernel import access, compiled
from terresante.notes import views as notes
from terresante.notes.models import Note
from terresante.overview import new_patient_views


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
_FORGETS_WHO_LEFT = grounds._IN_CIRCLE.replace("own.ended_at IS NULL AND ", "")
_FORGETS_THE_END = grounds._IN_EMERGENCY.replace("own.expires_at > statement_timestamp()", "true")
TEN = {
    "ended membership": lambda: python_changed((grounds, "_IN_CIRCLE", _FORGETS_WHO_LEFT)),
    "ended structure role": lambda: python_changed((directory, "_roles_of_account", roles_even_ended)),
    "list differs from object": lambda: python_changed((access, "_named", named_without_limits)),
    "nested id of another patient": lambda: python_changed((notes, "access", THROUGH_ANY_RECORD)),
    "attachment URL": lambda: python_changed(
        (new_patient_views, "read_record", read_by_whoever_reads_the_record)
    ),
    "search": lambda: function_changed(
        "search_patients", "app_kind() = 'professional'", "app_kind() IN ('professional', 'patient')"
    ),
    "counter": lambda: python_changed((feed, "access", COUNTS_ALL_OF_THE_PATIENT)),
    "expired break-glass": lambda: python_changed((grounds, "_IN_EMERGENCY", _FORGETS_THE_END)),
    "opposition on one door": lambda: function_changed("record_readers", "AND suspended_at IS NULL", ""),
    "live event after removal": lambda: function_changed("record_readers", "AND ended_at IS NULL", ""),
}
FAULTS = {
    # The policies of PostgreSQL.
    "policy forgets who left": lambda: function_changed("reaches_patient", "own.ended_at IS NULL AND", ""),
    "policy forgets the opposition": lambda: function_changed(
        "reaches_patient", "AND own.suspended_at IS NULL AND own.started_at", "AND own.started_at"
    ),
    "policy forgets who comes later": lambda: function_changed(
        "reaches_patient", "own.started_at <= now()", "true"
    ),
    "policy forgets the end of an emergency": lambda: function_changed(
        "reaches_patient", "AND own.expires_at > now()", ""
    ),
    "policy forgets where the emergency is": lambda: function_changed(
        "reaches_patient", "AND own.organization_id = here", ""
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
    "policy shows a relative what is hidden from him": lambda: policy_changed(
        NOTE, "hidden_from_representative", "(NOT hidden_from_representative)", "true"
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
        "open_urgent_access", "'opposition_record', opposition", "'x'"
    ),
    "a SAMU opens although opposed": lambda: function_changed(
        "open_samu_access", "'opposition_samu'", "'opposition_emergency'"
    ),
    "policy forgets the end of a consent": lambda: function_changed(
        "reaches_patient", "(own.expires_at IS NULL OR own.expires_at > now())", "true"
    ),
    "record opens after the end of a consent": lambda: function_changed(
        "professional_basis", "(own.expires_at IS NULL OR own.expires_at > now())", "true"
    ),
    "stream tells past a consent": lambda: function_changed(
        "record_readers", "OR class = ANY (scope)", "OR true"
    ),
    "search shows a kept record": lambda: function_changed(
        "search_patients", "AND NOT kept_from_me(patient.id)", ""
    ),
    "board counts who is out of reach": lambda: function_changed(
        "board_groups", "own.ended_at IS NULL AND", ""
    ),
    "board counts past a consent": lambda: function_changed(
        "board_groups", "OR row.data_class = ANY (own.scope)", "OR true"
    ),
    "board counts under opposition": lambda: function_changed(
        "board_groups", "AND own.suspended_at IS NULL", ""
    ),
    "board lists who is out of reach": lambda: function_changed("board_keys", "own.ended_at IS NULL AND", ""),
    "board lists past a consent": lambda: function_changed(
        "board_keys", "OR row.data_class = ANY (own.scope)", "OR true"
    ),
    "board lists what is restricted": lambda: function_changed("board_keys", "row.sector = ''", "true"),
    "board lists a class that is not read": lambda: function_changed(
        "board_keys", "row.data_class = ANY (classes)", "true"
    ),
    "board counts a class that is not read": lambda: function_changed(
        "board_groups", "row.data_class = ANY (classes)", "true"
    ),
    "board counts what is restricted": lambda: function_changed("board_groups", "row.sector = ''", "true"),
    "board counts what a structure keeps": lambda: function_changed(
        "board_groups", "row.private_to_id IS NULL", "true"
    ),
    "board counts what a person keeps": lambda: function_changed(
        "board_groups", "row.private_to_person_id IS NULL", "true"
    ),
    "rule forgets what was consented to": lambda: python_changed((grounds, "_OF_ROW", "")),
    "rule forgets the end of a consent": lambda: python_changed(
        (grounds, "_IN_CIRCLE", grounds._IN_CIRCLE.replace("own.expires_at > statement_timestamp()", "true"))
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
    "opposition forgets who handed over": lambda: function_changed(
        "oppose_circle", "SET reads_until = now()", "SET reads_until = reads_until"
    ),
    "policy forgets who handed over": lambda: function_changed(
        "reaches_patient", "own.reads_until > now()", "false"
    ),
    "rule forgets who handed over": lambda: python_changed(
        (grounds, "_READS_ON", grounds._READS_ON.replace("own.reads_until > statement_timestamp()", "false"))
    ),
    "stream tells who left": lambda: function_changed("record_readers", "AND ended_at IS NULL", ""),
    "stream tells under opposition": lambda: function_changed(
        "record_readers", "AND suspended_at IS NULL", ""
    ),
    "stream tells after four hours": lambda: function_changed("record_readers", "AND expires_at > now()", ""),
    "relative comes in after his time": lambda: function_changed(
        "delegate_basis", "own.valid_until >= app_today()", "true"
    ),
    "relative comes in before his time": lambda: function_changed(
        "delegate_basis", "own.valid_from <= app_today()", "true"
    ),
    "relative comes in once withdrawn": lambda: function_changed(
        "delegate_basis", "own.withdrawn_at IS NULL", "true"
    ),
    "parent whom a judge cut comes in": lambda: function_changed(
        "delegate_basis", "own.restricted_at IS NULL", "true"
    ),
    "parent of a grown-up comes in": lambda: function_changed(
        "delegate_basis", "own.majority_on > app_today()", "true"
    ),
    "relative of one person comes in for another": lambda: function_changed(
        "delegate_basis", "own.patient_id = asked", "true"
    ),
    "door lets a withdrawn relative act": lambda: function_changed(
        "delegations_behind", "own.withdrawn_at IS NULL", "true"
    ),
    "stream tells a withdrawn relative": lambda: function_changed(
        "delegate_readers", "own.withdrawn_at IS NULL", "true"
    ),
    "database lends circles that nobody lent": lambda: function_changed(
        "app_principal",
        "AND given.secretary_id = app_person() AND given.organization_id = app_organization()",
        "AND given.secretary_id <> app_person()",
    ),
    "policy forgets for whom one acts": lambda: function_changed(
        "reaches_patient", "(person, here, lent)", "(person, here)"
    ),
    "record opens by an emergency that is not lent": lambda: function_changed(
        "professional_basis",
        "own.practitioner_id = app_person()",
        "own.practitioner_id IN (app_person(), app_principal())",
    ),
    "record opens to nobody who acts for another": lambda: function_changed(
        "professional_basis", ", app_principal()", ""
    ),
    # The rules.
    "rule forgets the withdrawal of a relative": lambda: python_changed(
        (grounds, "_BY_DELEGATION", grounds._BY_DELEGATION.replace("own.withdrawn_at IS NULL", "true"))
    ),
    "rule forgets majority": lambda: python_changed(
        (grounds, "_BY_DELEGATION", grounds._BY_DELEGATION.replace("own.majority_on > app_today()", "true"))
    ),
    "carer reads every class": lambda: python_changed((grounds, "_delegated", lambda actor: Q())),
    "rule forgets who left": lambda: python_changed(
        (grounds, "_IN_CIRCLE", grounds._IN_CIRCLE.replace("own.ended_at IS NULL AND ", ""))
    ),
    "rule forgets the opposition": lambda: python_changed(
        (grounds, "_IN_CIRCLE", grounds._IN_CIRCLE.replace("AND own.suspended_at IS NULL ", ""))
    ),
    "rule forgets the end of an emergency": lambda: python_changed(
        (
            grounds,
            "_IN_EMERGENCY",
            grounds._IN_EMERGENCY.replace("own.expires_at > statement_timestamp()", "true"),
        )
    ),
    "rule forgets where the emergency is": lambda: python_changed(
        (
            grounds,
            "_IN_EMERGENCY",
            grounds._IN_EMERGENCY.replace("own.organization_id = %s", "%s IS NOT NULL"),
        )
    ),
    "rule lets the emergency write": lambda: python_changed(
        *((room, "changes", rules.reaches) for room in (rules, desk, joining))
    ),
    "rule forgets for whom one acts": lambda: python_changed(
        (grounds, "_IN_CIRCLE", grounds._IN_CIRCLE.replace("%s, %s, %s", "%s, %s, nullif(%s, own.member_id)"))
    ),
    "rule lends the emergencies of whom one acts for": lambda: python_changed(
        (grounds, "in_emergency", emergencies_lent)
    ),
    "profession reads one class more": lambda: python_changed(
        (matrix, "rights", with_right(RoleGroup.SECRETARY, DataClass.MEDICAL))
    ),
    "profession writes the circle": lambda: python_changed(
        (matrix, "rights", with_right(RoleGroup.HOME_AIDE, DataClass.CIRCLE))
    ),
    "rule forgets what is restricted": lambda: python_changed(
        (grounds, "_KNOWS", grounds._KNOWS.replace("({1} = ''", "(true"))
    ),
    "rule forgets that a name was withdrawn": lambda: python_changed(
        (grounds, "_KNOWS", grounds._KNOWS.replace("AND named.withdrawn_at IS NULL", ""))
    ),
    "rule shows what a person keeps for himself": lambda: python_changed(
        (
            grounds,
            "_private",
            lambda actor: Q(private_to__isnull=True) | Q(private_to_id=actor.organization_id),
        )
    ),
    "stream tells what is private": lambda: python_changed((live, "_may_read", told_without_limits)),
}


def roles_even_ended(user_id: UUID, today: date) -> list[PractitionerRole]:
    roles = PractitionerRole.objects.filter(practitioner__user_id=user_id, practitioner__active=True)
    return list(roles.select_related("practitioner", "organization").order_by("organization__name", "pk"))


def named_without_limits(
    actor: Any, action: Any, model: Any, pk: UUID, lock: bool, related: tuple[str, ...]
) -> list[Any]:
    if model is not Note:
        return list(access.list(actor, action, model).filter(pk=pk).select_related(*related))
    return list(Note.objects.filter(rules.reaches(actor), pk=pk))


class AnyRecord(UUID):
    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = UUID.__hash__


def _of_any_record(*asked: Any) -> Any:
    found = access.get(*asked)
    found.record_id = AnyRecord(int=found.record_id.int)
    return found


THROUGH_ANY_RECORD = SimpleNamespace(get=_of_any_record, permits=access.permits)


def _all_of_the_patient(actor: Any, _action: Any, _model: Any, *, patient_id: UUID | None = None) -> Any:
    reached = FeedItem.objects.filter(rules.reaches(actor))
    return reached if patient_id is None else reached.filter(patient_id=patient_id)


COUNTS_ALL_OF_THE_PATIENT = SimpleNamespace(list=_all_of_the_patient)


def read_by_whoever_reads_the_record(actor: Any, record_id: UUID, *, action: Any = RECORD_READ) -> Any:
    return queries.read_record(actor, record_id)


def with_right(group: RoleGroup, data_class: DataClass) -> Any:
    in_force = matrix.rights

    def rights(asked: RoleGroup) -> dict[DataClass, str]:
        return in_force(asked) | ({data_class: matrix.W} if asked == group else {})

    return rights


in_emergency = grounds.in_emergency


def emergencies_lent(actor, patient="patient_id"):
    return in_emergency(replace(actor, person_id=actor.principal_id or actor.person_id), patient)


def told_without_limits(actor, event):
    own = event.private_to_person_id in (None, actor.person_id)
    return own and (not event.data_class or rules.reads_class(actor, DataClass(event.data_class)))
