"""Who is found by a name and a birth date, and who looks like the person being entered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from terresante.care_team.access import IDENTITY_COMPARE, RECORD_READ, RECORD_SEARCH
from terresante.care_team.queries import FoundPatient, search_patients
from terresante.kernel import access, audit, compiled, sql
from terresante.kernel.access import Action as AccessAction
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.kernel.errors import Refused
from terresante.kernel.models import AuditEntry
from terresante.overview import desk_queries as desk
from terresante.overview.forms import SearchWords
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord
from terresante.patients.traits import Traits

MOST_FOUND = 50
_MOST_ALIKE = 5
REGION_SEARCHES_PER_HOUR = 60
_EACH_BEGINS_A_NAME = """NOT EXISTS (
    SELECT 1 FROM unnest(%s::text[]) AS word WHERE NOT (
        starts_with({0}, word) OR strpos({0}, ' ' || word) > 0 OR starts_with({1}, word) OR strpos({1}, ' ' || word) > 0
        OR starts_with({2}, word)))"""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An identity that may be the person being entered; `rank` as in care_team.queries.match_patients."""

    patient_id: UUID
    rank: int
    record_id: UUID | None
    birth_name: str
    used_name: str
    given_names: str
    birth_date: date
    sex: str
    birth_place_name: str
    identity_status: str
    is_mine: bool


def mine_called(actor: Actor, words: SearchWords) -> list[CareRecord]:
    """Records within reach whose names begin so; a large structure's only with the birth date."""
    names = list(words.names)
    if words.born is not None:
        return _born_and_called(actor, words.born, names)
    members = [desk.in_person(actor)]
    if desk.bounded_count(actor, actor.organization_id) <= desk.MOST_PATIENTS:
        members.append(actor.organization_id)
    found = [record for member in members for record in _member_and_called(actor, member, names)]
    return list({record.pk: record for record in found}.values())[:MOST_FOUND]


@compiled.rows
def _born_and_called(actor: Actor, born: date, names: list[str]) -> QuerySet[CareRecord]:
    rows = access.list(actor, RECORD_READ, CareRecord).filter(_called(names), patient__birth_date=born)
    return rows.select_related("patient").only(*desk.OF_A_ROW).order_by(*desk.BY_NAME)[:MOST_FOUND]


@compiled.rows
def _member_and_called(actor: Actor, member_id: UUID | None, names: list[str]) -> QuerySet[CareRecord]:
    return desk.records_of(actor, member_id).filter(_called(names)).only(*desk.OF_A_ROW)[:MOST_FOUND]


def found_in_region(actor: Actor, words: SearchWords) -> list[FoundPatient]:
    """Identities by any name they had here, those of the actor's own circles included (`is_mine`).

    Noted and counted. Raises Refused beyond the hourly limit.
    """
    if words.born is None or not words.splits:
        return []
    _count_search(actor, RECORD_SEARCH)
    found = search_patients(born=words.born, prefixes=words.splits)
    return list({person.patient_id: person for person in found}.values())


def mine_among(actor: Actor, patient_ids: Collection[UUID]) -> list[CareRecord]:
    """Records within reach of these persons, by name."""
    return _records_among(actor, list(patient_ids)) if patient_ids else []


@compiled.rows
def _records_among(actor: Actor, keys: list[UUID]) -> QuerySet[CareRecord]:
    rows = access.list(actor, RECORD_READ, CareRecord).filter(among("patient_id", keys))
    return rows.select_related("patient").only(*desk.OF_A_ROW).order_by(*desk.BY_NAME)


def look_alikes(actor: Actor, traits: Traits) -> list[LookAlike]:
    """The closest first. Noted and counted as a search is. Raises Refused beyond the hourly limit."""
    _count_search(actor, IDENTITY_COMPARE)
    asked = [
        normalised_name(traits.birth_name),
        traits.first_given_name,
        traits.birth_date,
        traits.sex,
        _MOST_ALIKE,
    ]
    return [LookAlike(*row) for row in sql.rows("SELECT * FROM look_alikes(%s, %s, %s, %s, %s)", *asked)]


def _called(names: list[str]) -> SqlCondition:
    columns = (f"patient__match_{name}_name" for name in ("birth", "used", "given"))
    return SqlCondition(_EACH_BEGINS_A_NAME, *columns, values=(names,))


def _count_search(actor: Actor, action: AccessAction) -> None:
    if _searches_since(actor, timezone.now() - timedelta(hours=1)) >= REGION_SEARCHES_PER_HOUR:
        raise Refused(
            f"Vous avez fait {REGION_SEARCHES_PER_HOUR} recherches dans la région en une heure. "
            "Recommencez plus tard ; vos patients restent accessibles depuis « Mes patients »."
        )
    audit.note_read(action)


@compiled.number
def _searches_since(actor: Actor, since: datetime) -> QuerySet[AuditEntry]:
    searches = [RECORD_SEARCH.code, IDENTITY_COMPARE.code]
    return AuditEntry.objects.filter(user_id=actor.user_id, action__in=searches, at__gt=since)
