from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Prefetch, Q, QuerySet, When

from terresante.care_team import matrix
from terresante.care_team.access import (
    CIRCLE_READ,
    READINGS,
    RECORD_READ,
    reads_class,
)
from terresante.care_team.enums import ConsentKind, DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess
from terresante.directory.models import Practitioner, PractitionerRole
from terresante.kernel import access, audit, rls, slots
from terresante.kernel.access import Action, Reader
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.errors import NotFound
from terresante.kernel.events import Event
from terresante.kernel.slots import HeaderBadge
from terresante.kernel.ui.frame import Level, Strip
from terresante.kernel.ui.wording import clock
from terresante.patients.enums import Sex
from terresante.patients.models import CareRecord, Patient, RelatedPerson

_SHOWN_WITH_RECORD = ("patient", "holder", "information_given_by")
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

    @cached_property
    def badges(self) -> list[HeaderBadge]:
        """What the apps say under the name, in their order; asked once a page."""
        told = [badge for slot in slots.badges for badge in slot(self.opened_by, self.patient.pk)]
        return sorted(told, key=lambda badge: badge.order)

    def purpose(self, actor: Actor) -> Purpose:
        return Purpose.BREAK_GLASS if self.is_emergency else actor.purpose


def open_record(actor: Actor, record_id: UUID, *, action: Action = RECORD_READ) -> OpenRecord:
    """Opens a patient's record for this page and notes the reading of it.

    Raises NotFound when the record is absent or out of the actor's reach, Refused when only `action` is.
    """
    record = access.get(actor, action, CareRecord, record_id, related=_SHOWN_WITH_RECORD)
    basis = rls.open_record(record.patient_id)
    if not basis:
        raise NotFound
    strips = (_emergency_strip(actor, record.patient_id),) if basis == "break_glass" else ()
    return OpenRecord(record, record.patient, basis, actor, strips)


def _emergency_strip(actor: Actor, patient_id: UUID) -> Strip:
    mine = Q(practitioner_id=actor.person_id, organization_id=actor.organization_id)
    access_now = EmergencyAccess.objects.filter(mine, patient_id=patient_id).latest("expires_at")
    until = clock(access_now.expires_at)
    return Strip(
        text=f"lecture seule, jusqu’à {until}. Le patient et son cercle lisent votre motif.",
        level=Level.RED,
        word="Accès en urgence",
    )


def read_record(actor: Actor, record_id: UUID, *, action: Action = RECORD_READ) -> OpenRecord:
    """`open_record` for a page: the access log gets its line, with the emergency as its purpose if it is one.

    Whoever only opened a form has read the record: the log does not say that he changed something.
    """
    opened = open_record(actor, record_id, action=action)
    seen = action if action.code.endswith(READINGS) else RECORD_READ
    audit.note_read(seen, patient_id=opened.patient.pk, about=opened.record, purpose=opened.purpose(actor))
    return opened


def circle_of(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    """Current members, the treating doctor and the referent first."""
    return (
        access.list(actor, CIRCLE_READ, CareTeamParticipant)
        .filter(patient_id=patient_id, ended_at__isnull=True)
        .select_related("practitioner", "organization")
        .prefetch_related(_places_of_work())
        .order_by(_ROLES_FIRST, "started_at", "pk")
    )


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


def relatives_of(actor: Actor, patient_id: UUID) -> QuerySet[RelatedPerson]:
    return access.list(actor, CIRCLE_READ, RelatedPerson).filter(patient_id=patient_id).order_by("name")


def open_choices(patient_id: UUID) -> set[str]:
    """Oppositions and consents in force for a patient whose record is open."""
    return set(
        Consent.objects.filter(patient_id=patient_id, withdrawn_at__isnull=True).values_list(
            "kind", flat=True
        )
    )


def opposes_record(patient_id: UUID) -> bool:
    return ConsentKind.OPPOSITION_RECORD in open_choices(patient_id)


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


def search_patients(*, born: date, name_prefix: str, given_prefix: str, most: int = 20) -> list[FoundPatient]:
    """By normalised prefixes of both names and birth date; through the listed function of the same name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM search_patients(%s, %s, %s, %s)", [born, name_prefix, given_prefix, most]
        )
        return [FoundPatient(*row) for row in cursor.fetchall()]


def match_patients(
    *, ins: str, birth_name: str, given_name: str, birth_date: date, sex: str, most: int = 10
) -> list[tuple[UUID, int]]:
    """(patient, rank): 1 same INS, 2 same strict traits, 3 and 4 one trait apart. Names normalised."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM match_patients(%s, %s, %s, %s, %s, %s)",
            [ins, birth_name, given_name, birth_date, sex, most],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def live_readers(event: Event, connected: Sequence[Actor]) -> set[UUID]:
    """Bound to the kernel's port: who, among those connected, may read what this event tells.

    Somebody connected in two structures is two actors: their correlation ids tell them apart.
    """
    if event.patient_id is None:
        return set()
    asked = [actor for actor in connected if actor.kind in (ActorKind.PROFESSIONAL, ActorKind.PATIENT)]
    persons = [actor.person_id for actor in asked]
    organizations = [actor.organization_id for actor in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_readers(%s, %s::uuid[], %s::uuid[])", [event.patient_id, persons, organizations]
        )
        reached = [asked[number - 1] for (number,) in cursor.fetchall()]
    return {actor.correlation_id for actor in reached if _may_read(actor, event)}


def _may_read(actor: Actor, event: Event) -> bool:
    if event.private_to_id is not None and event.private_to_id != actor.organization_id:
        return False
    if event.hidden_from_patient and actor.kind == ActorKind.PATIENT:
        return False
    return not event.data_class or reads_class(actor, DataClass(event.data_class))


@dataclass(frozen=True, slots=True)
class Draft:
    """Something about to be shared: what « Qui verra ceci ? » is asked about."""

    patient_id: UUID
    data_class: DataClass
    private_to_id: UUID | None = None
    hidden_from_patient: bool = False


@access.audience_of(Draft)
def readers_of(draft: Draft) -> list[Reader]:
    members = CareTeamParticipant.objects.filter(
        patient_id=draft.patient_id, ended_at__isnull=True, suspended_at__isnull=True
    ).select_related("practitioner", "organization")
    readers = [_reader(member, draft) for member in members]
    patient = Patient.objects.get(pk=draft.patient_id)
    hidden = draft.hidden_from_patient or draft.private_to_id is not None
    reason = "pas encore visible dans son espace" if hidden else "dans son espace"
    role = "La patiente" if patient.sex == Sex.FEMALE else "Le patient"
    return [*readers, Reader(patient.pk, str(patient), role, not hidden, reason)]


def _reader(member: CareTeamParticipant, draft: Draft) -> Reader:
    if member.organization is not None:
        kept_out = draft.private_to_id not in (None, member.organization_id)
        reason = "réservé à une autre structure" if kept_out else "selon la profession de chacun"
        return Reader(
            member.organization.pk,
            member.organization.name,
            member.organization.get_kind_display(),
            not kept_out,
            reason,
            is_group=True,
        )
    practitioner = member.practitioner
    if practitioner is None:
        raise ValueError("a member is a person or a structure")
    name = f"{practitioner.title} {practitioner}".strip()
    role = practitioner.get_profession_display()
    if draft.private_to_id is not None and not _works_at(practitioner, draft.private_to_id):
        return Reader(practitioner.pk, name, role, False, "hors de la structure")
    reads = draft.data_class in matrix.readable(practitioner.profession)
    own_role = "" if member.role == TeamRole.MEMBER else member.get_role_display().lower()
    reason = own_role if reads else f"sa profession ne lit pas «\u00a0{draft.data_class.label}\u00a0»"
    return Reader(practitioner.pk, name, role, reads, reason)


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
