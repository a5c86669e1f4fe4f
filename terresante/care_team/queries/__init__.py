from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Prefetch, Q, QuerySet, When, prefetch_related_objects

from terresante.care_team import matrix
from terresante.care_team.access import (
    CIRCLE_READ,
    READINGS,
    RECORD_READ,
    reads_class,
)
from terresante.care_team.enums import ConsentKind, DataClass, Sector, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess, NamedReader
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import access, audit, compiled, rls, slots
from terresante.kernel.access import Action, Reader
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.errors import NotFound
from terresante.kernel.events import Event
from terresante.kernel.slots import HeaderBadge
from terresante.kernel.ui.frame import Level, Strip
from terresante.kernel.ui.wording import clock, long_date
from terresante.patients.enums import Sex
from terresante.patients.models import CareRecord, Patient, RelatedPerson

_SHOWN_WITH_RECORD = ("patient", "holder", "information_given_by")
_SEARCH = """
SELECT patient_id, record_id, birth_name, used_name, given_name, birth_date, sex, birth_place_name,
       identity_status, mine
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (name, given, place),
       search_patients(%s, asked.name, asked.given, %s) WITH ORDINALITY AS found
ORDER BY asked.place, found.ordinality
"""
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
    record = access.get(actor, action, CareRecord, record_id, related=_SHOWN_WITH_RECORD)
    basis = rls.open_record(record.patient_id)
    if not basis:
        raise NotFound
    strips = (_STRIPS[basis](actor, record.patient_id),) if basis in _STRIPS else ()
    return OpenRecord(record, record.patient, basis, actor, strips)


def _knows(patient_id: UUID, sector: str, structure_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT knows_restricted(%s, %s, %s)", [patient_id, sector, structure_id])
        return bool(cursor.fetchone()[0])


def _emergency_strip(actor: Actor, patient_id: UUID) -> Strip:
    mine = Q(practitioner_id=actor.person_id, organization_id=actor.organization_id)
    access_now = EmergencyAccess.objects.filter(mine, patient_id=patient_id).latest("expires_at")
    until = clock(access_now.expires_at)
    return Strip(
        text=f"lecture seule, jusqu’à {until}. Le patient et son cercle lisent votre motif.",
        level=Level.RED,
        word="Accès en urgence",
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
        access.list(actor, CIRCLE_READ, CareTeamParticipant)
        .filter(patient_id=patient_id, ended_at__isnull=True)
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


def former_members_of(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    return (
        access.list(actor, CIRCLE_READ, CareTeamParticipant)
        .filter(patient_id=patient_id, ended_at__isnull=False)
        .select_related("practitioner", "organization")
        .prefetch_related(_places_of_work())
        .order_by("-ended_at", "pk")
    )


def choices_of(actor: Actor, patient_id: UUID) -> QuerySet[Consent]:
    """Every choice ever recorded, the ones in force first."""
    return (
        access.list(actor, CIRCLE_READ, Consent)
        .filter(patient_id=patient_id)
        .select_related("practitioner")
        .order_by(F("withdrawn_at").asc(nulls_first=True), "-given_at")
    )


@compiled.rows
def relatives_of(actor: Actor, patient_id: UUID) -> QuerySet[RelatedPerson]:
    return access.list(actor, CIRCLE_READ, RelatedPerson).filter(patient_id=patient_id).order_by("name")


def open_choices(patient_id: UUID) -> set[str]:
    """Oppositions and consents in force for a patient whose record is open."""
    return set(
        Consent.objects.filter(patient_id=patient_id, withdrawn_at__isnull=True).values_list(
            "kind", flat=True
        )
    )


def opponents(patient_ids: Collection[UUID]) -> set[UUID]:
    """Those of these persons, whose records are open, who oppose having one."""
    opposed = Consent.objects.filter(
        patient_id__in=patient_ids, kind=ConsentKind.OPPOSITION_RECORD, withdrawn_at__isnull=True
    )
    return set(opposed.values_list("patient_id", flat=True))


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


def search_patients(*, born: date, prefixes: Sequence[tuple[str, str]], most: int = 20) -> list[FoundPatient]:
    """By birth date and normalised prefixes of (name, given name), each pair through the listed function."""
    names, given = [name for name, _ in prefixes], [given for _, given in prefixes]
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, [names, given, born, most])
        return [FoundPatient(*row) for row in cursor.fetchall()]


# INS, normalised birth name, first given name, birth date, sex.
AskedTraits = tuple[str, str, str, date | None, str]
_MATCH = """
SELECT asked.number, found.patient_id, found.rank
FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::text[])
     WITH ORDINALITY AS asked (ins, birth_name, given_name, birth_date, sex, number),
     match_patients(asked.ins, asked.birth_name, asked.given_name, asked.birth_date, asked.sex, %s) AS found
ORDER BY asked.number, found.rank, found.patient_id
"""


def match_patients(asked: Sequence[AskedTraits], *, most: int = 10) -> list[list[tuple[UUID, int]]]:
    """For each, (patient, rank): 1 same INS, 2 same strict traits, 3 and 4 one trait apart."""
    candidates: list[list[tuple[UUID, int]]] = [[] for _ in asked]
    if asked:
        columns = [list(column) for column in zip(*asked, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_MATCH, [*columns, most])
            for number, patient_id, rank in cursor.fetchall():
                candidates[number - 1].append((patient_id, rank))
    return candidates


_READERS = """
SELECT told.number, reader
FROM (SELECT number, sector, structure,
             -- Told under an identity merged since, it concerns those of the record that goes on.
             coalesce(surviving_patient(patient), patient) AS patient
      FROM unnest(%s::uuid[], %s::text[], %s::uuid[])
           WITH ORDINALITY AS asked (patient, sector, structure, number)) AS told,
     record_readers(told.patient, %s::uuid[], %s::uuid[]) AS reader
WHERE told.sector = ''
   OR reader IN (SELECT restricted_readers(told.patient, told.sector, told.structure, %s::uuid[], %s::uuid[]))
"""


def live_readers(events: Sequence[Event], connected: Sequence[Actor]) -> list[set[UUID]]:
    """Bound to the kernel's port: for each event, who, among those connected, may read what it tells.

    Somebody connected in two structures is two actors: their correlation ids tell them apart.
    """
    asked = [actor for actor in connected if actor.kind in (ActorKind.PROFESSIONAL, ActorKind.PATIENT)]
    persons = [actor.person_id for actor in asked]
    organizations = [actor.organization_id for actor in asked]
    readers: list[set[UUID]] = [set() for _ in events]
    with connection.cursor() as cursor:
        told: list[list[Any]] = [
            [event.patient_id for event in events],
            [event.sector for event in events],
            [event.restricted_to_id for event in events],
        ]
        cursor.execute(_READERS, [*told, persons, organizations, persons, organizations])
        for number, reader in cursor.fetchall():
            event, actor = events[number - 1], asked[reader - 1]
            if _may_read(actor, event):
                readers[number - 1].add(actor.correlation_id)
    return readers


def _may_read(actor: Actor, event: Event) -> bool:
    if event.private_to_id is not None and event.private_to_id != actor.organization_id:
        return False
    if event.private_to_person_id is not None and event.private_to_person_id != actor.person_id:
        return False
    if event.hidden_from_patient and actor.kind == ActorKind.PATIENT:
        return False
    return not event.data_class or reads_class(actor, DataClass(event.data_class))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Something about to be shared: what « Qui verra ceci ? » is asked about, and by whom.

    Its limits are those of `Limited`.
    """

    asked_by: Actor
    patient_id: UUID
    data_class: DataClass
    private_to_id: UUID | None = None
    private_to_person_id: UUID | None = None
    hidden_from_patient: bool = False
    sector: str = ""
    restricted_to_id: UUID | None = None


@access.audience_of(Draft)
def readers_of(draft: Draft) -> list[Reader]:
    """Nobody is named whose presence in the circle is kept from who asks: he may read too, and is not told of."""
    named = _named(draft)
    readers = [
        _reader(member, draft, named)
        for member in _sharing(draft.asked_by, draft.patient_id)
        if member.practitioner_id != draft.private_to_person_id or draft.private_to_person_id is None
    ]
    (patient,) = _patients(draft.patient_id)
    return [*_myself(draft), *readers, _patient_reader(patient, draft)]


def _myself(draft: Draft) -> list[Reader]:
    """Only of a note for oneself: of the others the author is a member, in person or by his structure."""
    if draft.private_to_person_id is None:
        return []
    author = draft.asked_by
    return [Reader(draft.private_to_person_id, author.name, author.role_label, True, "pour soi")]


def _patient_reader(patient: Patient, draft: Draft) -> Reader:
    is_private = draft.private_to_id is not None or draft.private_to_person_id is not None
    hidden = draft.hidden_from_patient or is_private
    reason = "pas encore visible dans son espace" if hidden else "dans son espace"
    role = "La patiente" if patient.sex == Sex.FEMALE else "Le patient"
    return Reader(patient.pk, str(patient), role, not hidden, reason)


@compiled.rows
def _sharing(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    members = access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(
        patient_id=patient_id, ended_at__isnull=True, suspended_at__isnull=True
    )
    return members.select_related("practitioner", "organization")


@compiled.rows
def _patients(patient_id: UUID) -> QuerySet[Patient]:
    return Patient.objects.filter(pk=patient_id)


def _named(draft: Draft) -> set[UUID]:
    """Who was named for what this draft keeps restricted."""
    if not draft.sector:
        return set()
    rows = NamedReader.objects.filter(
        Q(restricted_to__isnull=True) | Q(restricted_to_id=draft.restricted_to_id),
        patient_id=draft.patient_id,
        sector=draft.sector,
        withdrawn_at__isnull=True,
    )
    keys = {row.practitioner_id or row.organization_id for row in rows}
    return {key for key in keys if key is not None}


def _reader(member: CareTeamParticipant, draft: Draft, named: set[UUID]) -> Reader:
    if member.organization is not None:
        return _structure_reader(member.organization, draft, named)
    practitioner = member.practitioner
    if practitioner is None:
        raise ValueError("a member is a person or a structure")
    name = full_name(practitioner)
    role = practitioner.get_profession_display()
    if draft.private_to_person_id is not None:
        return Reader(practitioner.pk, name, role, False, "réservé à son auteur")
    if draft.private_to_id is not None and not _works_at(practitioner, draft.private_to_id):
        return Reader(practitioner.pk, name, role, False, "hors de la structure")
    if draft.sector and not _shares_secret(practitioner, draft, named):
        return Reader(practitioner.pk, name, role, False, f"hors {_said(draft.sector)}, et pas nommé")
    reads = draft.data_class in matrix.readable(practitioner.profession)
    own_role = "" if member.role == TeamRole.MEMBER else member.get_role_display().lower()
    reason = own_role if reads else f"sa profession ne lit pas «\u00a0{draft.data_class.label}\u00a0»"
    return Reader(practitioner.pk, name, role, reads, reason)


def _structure_reader(structure: Organization, draft: Draft, named: set[UUID]) -> Reader:
    kept_out = ""
    if draft.private_to_person_id is not None:
        kept_out = "réservé à son auteur"
    elif draft.private_to_id not in (None, structure.pk):
        kept_out = "réservé à une autre structure"
    elif draft.sector and not (
        structure.pk == draft.restricted_to_id
        or structure.pk in named
        or matrix.organization_sector(structure.kind, structure.is_psychiatric) == draft.sector
    ):
        kept_out = f"hors {_said(draft.sector)}, et pas nommée"
    return Reader(
        structure.pk,
        structure.name,
        structure.get_kind_display(),
        not kept_out,
        kept_out or "selon la profession de chacun",
        is_group=True,
    )


def _shares_secret(practitioner: Practitioner, draft: Draft, named: set[UUID]) -> bool:
    return (
        practitioner.pk in named
        or matrix.practitioner_sector(practitioner.profession, practitioner.specialty_label) == draft.sector
        or (draft.restricted_to_id is not None and _works_at(practitioner, draft.restricted_to_id))
    )


def _said(sector: str) -> str:
    return Sector(sector).label.lower()


def _works_at(practitioner: Practitioner, organization_id: UUID) -> bool:
    return practitioner.roles.filter(organization_id=organization_id, period_end__isnull=True).exists()


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
            patient_id=patient_id, role__in=[TeamRole.ATTENDING, TeamRole.REFERENT], ended_at=None
        )
        .select_related("practitioner", "organization")
        .order_by(_ROLES_FIRST)
    )


def reaches_patient(actor: Actor, patient_id: UUID) -> bool:
    return access.list(actor, RECORD_READ, Patient).filter(pk=patient_id).exists()


def full_name(practitioner: Practitioner) -> str:
    return f"{practitioner.title} {practitioner}".strip()
