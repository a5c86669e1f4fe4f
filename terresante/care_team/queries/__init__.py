from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Prefetch, Q, QuerySet, When, prefetch_related_objects

from terresante.care_team import matrix
from terresante.care_team.access import (
    CIRCLE_READ,
    READINGS,
    RECORD_READ,
    changes,
)
from terresante.care_team.basis import learn_grounds
from terresante.care_team.enums import ConsentKind, DataClass, TeamRole
from terresante.care_team.models import LASTING, CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.regime import needs_consent
from terresante.directory.models import PractitionerRole
from terresante.kernel import access, audit, compiled, rls, slots, sql
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.errors import NotFound
from terresante.kernel.slots import HeaderBadge
from terresante.kernel.ui.frame import Level, Strip
from terresante.kernel.ui.wording import clock, long_date
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord, Delegation, Patient, RelatedPerson
from terresante.patients.traits import Traits

_SHOWN_WITH_RECORD = ("patient", "holder", "information_given_by")
_SEARCH = """
SELECT patient_id, record_id, birth_name, used_name, given_name, birth_date, sex, birth_place_name,
       identity_status, mine
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (name, given, place),
       search_patients(%s, asked.name, asked.given, %s) WITH ORDINALITY AS found
ORDER BY asked.place, found.ordinality
"""
# Of one search, of one identity compared.
_MOST_FOUND, _MOST_ALIKE = 20, 10
_ROLES_FIRST = Case(When(role=TeamRole.ATTENDING, then=0), When(role=TeamRole.REFERENT, then=1), default=2)


@dataclass(frozen=True)
class OpenRecord:
    """A record that was opened on a checked basis; what a screen of the record starts from."""

    record: CareRecord
    patient: Patient
    basis: str
    opened_by: Actor
    strips: tuple[Strip, ...] = ()

    @property
    def is_emergency(self) -> bool:
        return self.basis == "break_glass"

    @property
    def is_handed_over(self) -> bool:
        """Read by who handed his patient over, for the days that remain to him."""
        return self.basis == "former"

    @property
    def is_written(self) -> bool:
        """By who is in the circle, himself or by his structure."""
        return self.basis in ("member", "structure")

    @cached_property
    def badges(self) -> list[HeaderBadge]:
        """What the apps say under the name, in their order; asked once a page."""
        told = [badge for slot in slots.badges for badge in slot(self.opened_by, self.patient.pk)]
        return sorted(told, key=lambda badge: badge.order)

    @cached_property
    def tells_holder(self) -> bool:
        """A structure of psychiatry or addictology that holds the record would tell of the care it gives."""
        holder = self.record.holder
        sector = matrix.organization_sector(holder.kind, holder.is_psychiatric)
        return not sector or _knows(self.patient.pk, sector, holder.pk)

    def purpose(self, actor: Actor) -> Purpose:
        if self.is_handed_over:
            return Purpose.HANDED_OVER
        return Purpose.BREAK_GLASS if self.is_emergency else actor.purpose


def open_record(actor: Actor, record_id: UUID, *, action: Action = RECORD_READ) -> OpenRecord:
    """Opens a patient's record for this page and notes the reading of it.

    Raises NotFound when the record is absent or out of the actor's reach, Refused when only `action` is.
    """
    if actor.kind == ActorKind.REPRESENTATIVE:
        # Nothing shows him anything before the record of the one person he acts for is open.
        represented = represented_patient(actor)
        if represented is None or not rls.open_record(represented):
            raise NotFound
    record = access.get(actor, action, CareRecord, record_id, related=_SHOWN_WITH_RECORD)
    basis = rls.open_record(record.patient_id)
    if not basis:
        raise NotFound
    learn_grounds(actor, record.patient_id)
    strips = (_STRIPS[basis](actor, record.patient_id),) if basis in _STRIPS else ()
    return OpenRecord(record, record.patient, basis, actor, strips)


def represented_patient(actor: Actor) -> UUID | None:
    """For whom a relative acts, as long as he does."""
    return next(iter(_represented(actor)), None)


@compiled.rows
def _represented(actor: Actor) -> QuerySet[Delegation, UUID]:
    mine = access.list(actor, CIRCLE_READ, Delegation).filter(related_person_id=actor.person_id)
    return mine.order_by("recorded_at").values_list("patient_id", flat=True)


def _knows(patient_id: UUID, sector: str, structure_id: UUID) -> bool:
    return bool(sql.value("SELECT knows_restricted(%s, %s, %s)", patient_id, sector, structure_id))


def _emergency_strip(actor: Actor, patient_id: UUID) -> Strip:
    mine = Q(practitioner_id=actor.person_id, organization_id=actor.organization_id)
    access_now = EmergencyAccess.objects.filter(mine, patient_id=patient_id).latest("expires_at")
    until = clock(access_now.expires_at)
    return Strip(
        text=f"lecture seule, jusqu’à {until}. Le patient et son cercle lisent votre motif.",
        level=Level.RED,
        word=access_now.get_kind_display(),
    )


def _handed_over_strip(actor: Actor, patient_id: UUID) -> Strip:
    own = CareTeamParticipant.objects.filter(Q(practitioner_id=actor.person_id), patient_id=patient_id)
    until = own.filter(reads_until__isnull=False).latest("reads_until").reads_until
    day = long_date(until) if until is not None else ""
    return Strip(
        text=f"vous avez passé le relais ; vous lisez ce dossier jusqu’au {day}, sans plus rien y écrire.",
        level=Level.INFORMATION,
        word="Lecture seule",
    )


_STRIPS = {"break_glass": _emergency_strip, "former": _handed_over_strip}


def read_record(actor: Actor, record_id: UUID, *, action: Action = RECORD_READ) -> OpenRecord:
    """`open_record` for a page: the access log gets its line, with the emergency as its purpose if it is one.

    Whoever only opened a form has read the record: the log does not say that he changed something.
    """
    opened = open_record(actor, record_id, action=action)
    seen = action if action.code.endswith(READINGS) else RECORD_READ
    audit.note_read(seen, patient_id=opened.patient.pk, about=opened.record, purpose=opened.purpose(actor))
    return opened


@compiled.rows
def circle_of(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    """Current members, the treating doctor and the referent first."""
    return (
        access.list(actor, CIRCLE_READ, CareTeamParticipant, patient_id=patient_id)
        .filter(LASTING, ended_at__isnull=True)
        .select_related("practitioner", "organization")
        .order_by(_ROLES_FIRST, "started_at", "pk")
    )


def circle_at_work(actor: Actor, patient_id: UUID) -> list[CareTeamParticipant]:
    """`circle_of` with the places where each one works."""
    members = circle_of(actor, patient_id)
    prefetch_related_objects(members, _places_of_work())
    return members


def _places_of_work() -> "Prefetch[str, QuerySet[PractitionerRole], str]":
    return Prefetch(
        "practitioner__roles", queryset=PractitionerRole.objects.select_related("organization").order_by("pk")
    )


def former_members_of(actor: Actor, patient_id: UUID) -> list[CareTeamParticipant]:
    members = _former_members(actor, patient_id)
    prefetch_related_objects(members, _places_of_work())
    return members


@compiled.rows
def _former_members(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    return (
        access.list(actor, CIRCLE_READ, CareTeamParticipant, patient_id=patient_id)
        .filter(Q(ended_at__isnull=False) | ~LASTING)
        .select_related("practitioner", "organization")
        .order_by("-ended_at", "pk")
    )


def choices_of(actor: Actor, patient_id: UUID) -> QuerySet[Consent]:
    """Every choice ever recorded, the ones in force first."""
    return (
        access.list(actor, CIRCLE_READ, Consent, patient_id=patient_id)
        .select_related("practitioner")
        .order_by(F("withdrawn_at").asc(nulls_first=True), "-given_at")
    )


@compiled.rows
def delegations_of(actor: Actor, patient_id: UUID) -> QuerySet[Delegation]:
    """The accesses given to relatives, withdrawn ones aside."""
    rows = access.list(actor, CIRCLE_READ, Delegation, patient_id=patient_id).filter(withdrawn_at=None)
    return rows.order_by("-recorded_at", "pk")


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative, and the access he has if any."""

    person: RelatedPerson
    delegation: Delegation | None


def relatives_with_access(actor: Actor, patient_id: UUID) -> list[Relative]:
    given = {one.related_person_id: one for one in reversed(delegations_of(actor, patient_id))}
    return [Relative(one, given.get(one.pk)) for one in relatives_of(actor, patient_id)]


@compiled.rows
def relatives_of(actor: Actor, patient_id: UUID) -> QuerySet[RelatedPerson]:
    return access.list(actor, CIRCLE_READ, RelatedPerson, patient_id=patient_id).order_by("name")


def open_choices(patient_id: UUID) -> set[str]:
    """Oppositions and consents in force for a patient whose record is open."""
    return set(
        Consent.objects.filter(patient_id=patient_id, withdrawn_at__isnull=True).values_list(
            "kind", flat=True
        )
    )


_WHY_NOT = "SELECT why_not_founded(%s, %s, %s, %s, %s, %s)"


def why_not_founded(patient_id: UUID | None, traits: Traits, *, named_only: bool = False) -> str | None:
    """'opposed': this person, under this key or with the same strict traits, refuses any record; 'recorded': she has
    one; None: nothing stands against it. `named_only`: the traits are not looked at.
    """
    if named_only:
        traits = replace(traits, birth_date=None)
    names = normalised_name(traits.birth_name), traits.first_given_name
    asked = [patient_id, *names, traits.birth_date, traits.sex, traits.birth_place_code]
    refused: str | None = sql.value(_WHY_NOT, *asked)
    return refused


def opponents(patient_ids: Collection[UUID]) -> set[UUID]:
    """Those of these persons, whose records are open, who oppose having one."""
    opposed = Consent.objects.filter(
        patient_id__in=patient_ids, kind=ConsentKind.OPPOSITION_RECORD, withdrawn_at__isnull=True
    )
    return set(opposed.values_list("patient_id", flat=True))


def open_to_hospitals(records: Sequence[CareRecord]) -> list[CareRecord]:
    """Those, among records that are open, which a hospital's message may enter.

    A kept record is closed to everybody outside its structure. Under the regime of 2019 one that nobody consented to
    is closed too, unless it was already open to sharing when the regime changed.
    """
    known = [record for record in records if record.kept_by_id is None]
    if not needs_consent():
        return known
    agreed = Consent.objects.filter(
        patient_id__in=[record.patient_id for record in known],
        kind__in=(ConsentKind.CONSENT_RECORD, ConsentKind.CONSENT_SHARING),
        withdrawn_at=None,
    )
    agreeing = set(agreed.values_list("patient_id", flat=True))
    return [record for record in known if record.is_shared or record.patient_id in agreeing]


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """A line of the patient search: identity only, never clinical (MISSION A10)."""

    patient_id: UUID
    record_id: UUID | None
    birth_name: str
    used_name: str
    given_name: str
    birth_date: date
    sex: str
    birth_place_name: str
    identity_status: str
    is_mine: bool


def search_patients(*, born: date, prefixes: Sequence[tuple[str, str]]) -> list[FoundPatient]:
    """By birth date and normalised prefixes of (name, given name), each pair through the listed function."""
    names, given = [name for name, _ in prefixes], [given for _, given in prefixes]
    return [FoundPatient(*row) for row in sql.rows(_SEARCH, names, given, born, _MOST_FOUND)]


# INS, normalised birth name, first given name, birth date, sex.
AskedTraits = tuple[str, str, str, date | None, str]
_MATCH = """
SELECT asked.number, found.patient_id, found.rank
FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::text[])
     WITH ORDINALITY AS asked (ins, birth_name, given_name, birth_date, sex, number),
     match_patients(asked.ins, asked.birth_name, asked.given_name, asked.birth_date, asked.sex, %s) AS found
ORDER BY asked.number, found.rank, found.patient_id
"""


def match_patients(asked: Sequence[AskedTraits]) -> list[list[tuple[UUID, int]]]:
    """For each, (patient, rank): 1 same INS, 2 same strict traits, 3 and 4 one trait apart."""
    candidates: list[list[tuple[UUID, int]]] = [[] for _ in asked]
    if asked:
        columns = [list(column) for column in zip(*asked, strict=True)]
        for number, patient_id, rank in sql.rows(_MATCH, *columns, _MOST_ALIKE):
            candidates[number - 1].append((patient_id, rank))
    return candidates


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was committed in the trail up to `up_to`: whose record was seen, who came to it for the first time."""

    up_to: int
    # (patient, sector): with a sector, by nobody but those whom it keeps from view.
    seen: list[tuple[UUID, str]]
    # (first access, patient, sector, structure it is restricted to)
    firsts: list[tuple[UUID, UUID, str, UUID | None]]


def gathered_accesses(*, after: int) -> Gathered:
    """Writes the first accesses, through the listed function `gather_accesses`; for jobs only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gather_accesses(%s)", [after])
        up_to, seen, firsts, patients, seen_sectors, *limits = cursor.fetchone()
    return Gathered(
        up_to,
        list(zip(seen, seen_sectors, strict=True)),
        list(zip(firsts, patients, *limits, strict=True)),
    )


def classes_read(profession: str) -> tuple[list[str], list[str]]:
    """(read, not read): the French names of the data this profession reads, and of those it does not."""
    readable = matrix.readable(profession)
    return (
        [kind.label for kind in DataClass if kind in readable],
        [kind.label for kind in DataClass if kind not in readable],
    )


def role_holders(patient_id: UUID) -> list[CareTeamParticipant]:
    """Who holds the two roles that one member has at a time."""
    return list(
        CareTeamParticipant.objects.filter(
            LASTING, patient_id=patient_id, role__in=[TeamRole.ATTENDING, TeamRole.REFERENT], ended_at=None
        )
        .select_related("practitioner", "organization")
        .order_by(_ROLES_FIRST)
    )


def covers(actor: Actor, patient_id: UUID, data_class: DataClass) -> bool:
    """False when he is in the circle by a consent that does not speak of these data."""
    covered = CareRecord.objects.filter(changes(actor, of=data_class), patient_id=patient_id)
    return covered.exists()


def reaches_patient(actor: Actor, patient_id: UUID) -> bool:
    return access.list(actor, RECORD_READ, Patient).filter(pk=patient_id).exists()
