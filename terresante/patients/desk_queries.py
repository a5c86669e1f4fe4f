"""What the pages of an identity show. Across patients: through listed functions, a few rows, never clinical content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from terresante.kernel import access, sql
from terresante.kernel.actor import Actor
from terresante.patients.access import IDENTITY_READ, IDENTITY_SEARCH, IDENTITY_TELL_APART, IDENTITY_UNMERGE
from terresante.patients.enums import DuplicateState, IdentityChangeKind
from terresante.patients.identity_rules import normalised_name
from terresante.patients.likeness import Likeness, Sides, best, compare
from terresante.patients.models import (
    IdentityChange,
    IdentityMerge,
    InsiCall,
    Patient,
    PotentialDuplicate,
    SourceIdentity,
)
from terresante.patients.traits import UNKNOWN_PLACE, Traits

MOST_FOUND = 50
MOST_PAIRS = 100
_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class Resembling:
    """An identity that may be the same person, and why."""

    patient_id: UUID
    sides: Sides
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Pair:
    one: Patient
    other: Patient
    likeness: Likeness
    found_at: datetime


@dataclass(frozen=True, slots=True)
class RowSince:
    """Something written under a merged identity since: its nature, never what it says."""

    table: str
    row_id: UUID
    at: datetime | None
    by_name: str
    organization_name: str


def holders_of_ins(ins: str) -> set[UUID]:
    """Living identities with this matricule, through the listed function `match_patients`."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT patient_id FROM match_patients(%s, '', '', '1800-01-01', '', 10) WHERE rank = 1", ins
        )
    }


def resembling(asked: Sides, *, apart: UUID | None = None) -> list[Resembling]:
    """Those a person should look at, the likeliest first. Called by the identity desk or a job."""
    rows = sql.rows(
        "SELECT * FROM likely_same(%s, %s, %s, %s, %s, %s, %s)",
        asked.name,
        asked.used,
        asked.given,
        asked.birth_date,
        asked.ins,
        apart,
        _CANDIDATES,
    )
    sides = [sides_of_row(row) for row in rows]
    return [Resembling(rows[place][0], sides[place], found) for place, found in best(asked, sides)]


def sides_of(identity: Patient | Traits) -> Sides:
    if identity.birth_date is None:
        raise ValueError("check_traits first")
    return Sides(
        name=normalised_name(identity.birth_name),
        used=normalised_name(identity.used_name),
        given=normalised_name(identity.birth_given_names),
        birth_date=identity.birth_date,
        is_lunar=bool(identity.lunar_birth_date),
        sex=identity.sex,
        place=identity.birth_place_code,
        ins=identity.ins,
    )


def completes(returned: Traits, patient: Patient) -> bool:
    """Whether what INSi returned only adds to what is known: other given names, the place nobody knew."""
    ours, theirs = sides_of(patient), sides_of(returned)
    return (
        (ours.name, ours.birth_date, ours.sex) == (theirs.name, theirs.birth_date, theirs.sex)
        and theirs.given.split(" ")[: len(ours.given.split(" "))] == ours.given.split(" ")
        and ours.place in (theirs.place, UNKNOWN_PLACE)
    )


def kind_of(table: str) -> str:
    """What a row of this table is called on the screen."""
    names = {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}
    return names.get(table, table)


def found_identities(actor: Actor, *, text: str, born: date | None, ins: str) -> QuerySet[Patient]:
    """For the desk: by matricule, or by the beginning of a name (birth, used or given) with or without a date."""
    rows = access.list(actor, IDENTITY_SEARCH, Patient)
    if ins:
        return rows.filter(ins=ins).order_by("pk")[:MOST_FOUND]
    for word in normalised_name(text).split():
        rows = rows.filter(
            Q(match_birth_name__startswith=word)
            | Q(match_used_name__startswith=word)
            | Q(match_given_name__startswith=word)
        )
    if born is not None:
        rows = rows.filter(birth_date=born)
    return rows.order_by("match_birth_name", "match_given_name", "birth_date", "pk")[:MOST_FOUND]


def by_local_number(actor: Actor, value: str) -> QuerySet[Patient]:
    known = access.list(actor, IDENTITY_SEARCH, SourceIdentity).filter(value=value)
    return access.list(actor, IDENTITY_SEARCH, Patient).filter(pk__in=known.values("patient_id"))[:MOST_FOUND]


def history_of(actor: Actor, patient_id: UUID) -> QuerySet[IdentityChange]:
    return (
        access.list(actor, IDENTITY_READ, IdentityChange).filter(patient_id=patient_id).order_by("-at", "-pk")
    )


def calls_of(actor: Actor, patient_id: UUID) -> QuerySet[InsiCall]:
    return access.list(actor, IDENTITY_READ, InsiCall).filter(patient_id=patient_id).order_by("-at", "-pk")


def local_numbers(actor: Actor, patient_id: UUID) -> QuerySet[SourceIdentity]:
    return (
        access.list(actor, IDENTITY_READ, SourceIdentity)
        .filter(patient_id=patient_id)
        .select_related("domain", "replaced_by")
        .order_by("domain__name", "value")
    )


def merges_of(actor: Actor, patient_id: UUID) -> list[tuple[IdentityMerge, Patient]]:
    """Merges that made this identity go on, with the dead one; the latest first."""
    merges = list(
        access.list(actor, IDENTITY_UNMERGE, IdentityMerge)
        .filter(patient_id=patient_id)
        .order_by("-merged_at")
    )
    dead = Patient.objects.in_bulk([merge.dead_id for merge in merges])
    return [(merge, dead[merge.dead_id]) for merge in merges if merge.dead_id in dead]


def pairs_to_examine(actor: Actor) -> list[Pair]:
    """The likeliest first; a pair whose identity was merged or corrected since is compared as it now stands."""
    open_pairs = (
        access.list(actor, IDENTITY_TELL_APART, PotentialDuplicate)
        .filter(state=DuplicateState.OPEN, patient__merged_into__isnull=True)
        .select_related("patient")
        .order_by("-points", "found_at")[: MOST_PAIRS * 2]
    )
    rows = list(open_pairs)
    others = Patient.objects.in_bulk([row.other_id for row in rows])
    pairs = [
        Pair(row.patient, other, compare(sides_of(row.patient), sides_of(other)), row.found_at)
        for row in rows
        if (other := others.get(row.other_id)) is not None and other.merged_into_id is None
    ]
    return [pair for pair in pairs if pair.likeness.is_proposed][:MOST_PAIRS]


def denied_identities(actor: Actor) -> QuerySet[IdentityChange]:
    """Those whose matricule INSi no longer confirmed, and about whom nothing was done since; the oldest first."""
    since = IdentityChange.objects.filter(patient_id=OuterRef("patient_id"), at__gt=OuterRef("at")).exclude(
        kind__in=(IdentityChangeKind.ALIVE, IdentityChangeKind.DEATH)
    )
    return (
        access.list(actor, IDENTITY_READ, IdentityChange)
        .filter(~Exists(since), kind=IdentityChangeKind.DENIED, patient__merged_into__isnull=True)
        .select_related("patient")
        .order_by("at", "pk")[:MOST_PAIRS]
    )


def told_apart(patient_id: UUID, others: Iterable[UUID]) -> set[UUID]:
    """Those of `others` that a person said are somebody else."""
    decided = PotentialDuplicate.objects.filter(
        Q(patient_id=patient_id, other_id__in=others) | Q(patient_id__in=others, other_id=patient_id),
        state=DuplicateState.DISTINCT,
    )
    return {row.other_id if row.patient_id == patient_id else row.patient_id for row in decided}


def rows_since(merge_id: UUID) -> list[RowSince]:
    """What a person must give to one identity or the other before a merge is undone."""
    return [RowSince(*row) for row in sql.rows("SELECT * FROM rows_since_merge(%s)", merge_id)]


def sides_of_row(row: Sequence[Any]) -> Sides:
    """A row of `likely_same` or of `identities_changed_since`."""
    return Sides(
        name=row[1],
        used=normalised_name(row[2]),
        given=row[3],
        birth_date=row[4],
        is_lunar=bool(row[5]),
        sex=row[6],
        place=row[7],
        ins=row[8],
    )
