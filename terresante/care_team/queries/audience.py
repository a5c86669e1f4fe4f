"""« Qui verra ceci ? »: for something about to be shared, by name, who will read it and why, or why not.

The same rules as `care_team.access`, asked the other way round; tests/access/oracle/test_audience.py holds them equal.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.access import classes_of_carer
from terresante.care_team.enums import DataClass, TeamRole
from terresante.care_team.models import LASTING, CareTeamParticipant, EmergencyAccess
from terresante.directory.models import Practitioner, PractitionerRole
from terresante.kernel import access, compiled
from terresante.kernel.access import Reader
from terresante.kernel.condition import among
from terresante.kernel.ui.wording import clock
from terresante.patients.enums import DelegationBasis, Sex
from terresante.patients.models import Delegation, Patient


@dataclass(frozen=True, slots=True)
class Draft:
    """Something about to be shared: what « Qui verra ceci ? » is asked about."""

    patient_id: UUID
    data_class: DataClass
    private_to_id: UUID | None = None
    hidden_from_patient: bool = False
    hidden_from_representative: bool = False


@access.audience_of(Draft)
def readers_of(draft: Draft) -> list[Reader]:
    """The circle, who came in emergency, the person, then who acts for her."""
    (patient,) = _patients(draft.patient_id)
    if patient.record.kept_by_id is not None:
        # Of a record that a support structure keeps, everything is that structure's alone.
        draft = replace(draft, private_to_id=patient.record.kept_by_id)
    members, emergencies = _sharing(draft.patient_id), _in_emergency(draft.patient_id)
    persons = [one.practitioner_id for one in members if one.practitioner_id is not None]
    roles = _roles_by_person([*persons, *(opened.practitioner_id for opened in emergencies)])
    circle = [_reader(member, draft, roles) for member in members]
    known = {reader.key for reader in circle if reader.reads}
    rescuers = [
        _rescuer(opened, draft, roles) for opened in emergencies if opened.practitioner_id not in known
    ]
    relatives = [_relative(given, draft) for given in _given(draft.patient_id) if given.state in _SHOWN]
    return [*circle, *rescuers, _patient(patient, draft), *relatives]


_SHOWN = ("open", "invited")
Roles = dict[UUID, list[PractitionerRole]]


@compiled.rows
def _sharing(patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    members = CareTeamParticipant.objects.filter(
        LASTING, patient_id=patient_id, ended_at__isnull=True, suspended_at__isnull=True
    )
    return members.select_related("practitioner", "organization").order_by("started_at", "pk")


@compiled.rows
def _emergencies(patient_id: UUID) -> QuerySet[EmergencyAccess]:
    opened = EmergencyAccess.objects.filter(patient_id=patient_id).order_by("opened_at", "pk")
    return opened.select_related("practitioner", "organization")


def _in_emergency(patient_id: UUID) -> list[EmergencyAccess]:
    now = timezone.now()
    return [opened for opened in _emergencies(patient_id) if opened.expires_at > now]


@compiled.rows
def _patients(patient_id: UUID) -> QuerySet[Patient]:
    return Patient.objects.filter(pk=patient_id).select_related("record")


@compiled.rows
def _given(patient_id: UUID) -> QuerySet[Delegation]:
    given = Delegation.objects.filter(patient_id=patient_id, withdrawn_at__isnull=True)
    return given.select_related("related_person").order_by("recorded_at", "pk")


@compiled.rows
def _roles_of(persons: list[UUID]) -> QuerySet[PractitionerRole]:
    return PractitionerRole.objects.filter(
        among("practitioner_id", persons), organization__active=True
    ).order_by("pk")


def _roles_by_person(persons: list[UUID]) -> Roles:
    """In what structures each works today, and as what: what an account acts as."""
    today = timezone.localdate()
    found: Roles = {}
    for role in _roles_of(persons):
        if role.period_start <= today and (role.period_end is None or role.period_end > today):
            found.setdefault(role.practitioner_id, []).append(role)
    return found


def _reader(member: CareTeamParticipant, draft: Draft, roles: Roles) -> Reader:
    if member.started_at > timezone.now():
        return _later(member)
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
    if member.practitioner is None:
        raise ValueError("a member is a person or a structure")
    why_not = _why_not(member.practitioner, roles.get(member.practitioner.pk, []), draft)
    if not why_not and member.scope is not None and draft.data_class not in member.scope:
        why_not = f"la personne n’a pas consenti pour «\u00a0{draft.data_class.label}\u00a0»"
    own_role = "" if member.role == TeamRole.MEMBER else member.get_role_display().lower()
    return _person(member.practitioner, not why_not, why_not or own_role)


def _later(member: CareTeamParticipant) -> Reader:
    key = member.practitioner_id or member.organization_id
    if key is None:
        raise ValueError("a member is a person or a structure")
    return Reader(key, member.name, "", False, "pas encore membre du cercle")


def _rescuer(opened: EmergencyAccess, draft: Draft, roles: Roles) -> Reader:
    there = [
        role
        for role in roles.get(opened.practitioner_id, [])
        if role.organization_id == opened.organization_id
    ]
    why_not = _why_not(opened.practitioner, there, draft)
    until = f"accès en urgence jusqu’à {clock(opened.expires_at)}"
    return _person(opened.practitioner, not why_not, why_not or until)


def _why_not(practitioner: Practitioner, works: list[PractitionerRole], draft: Draft) -> str:
    """'' for who reads: one of the situations he works in today is enough."""
    if not practitioner.active or not works:
        return "n’exerce plus"
    allowed = [role for role in works if draft.private_to_id in (None, role.organization_id)]
    if not allowed:
        return "hors de la structure"
    if not any(draft.data_class in matrix.readable(role.profession) for role in allowed):
        return f"sa profession ne lit pas «\u00a0{draft.data_class.label}\u00a0»"
    return ""


def _person(practitioner: Practitioner, reads: bool, reason: str) -> Reader:
    name = practitioner.full_name
    return Reader(practitioner.pk, name, practitioner.get_profession_display(), reads, reason)


def _patient(patient: Patient, draft: Draft) -> Reader:
    hidden = draft.hidden_from_patient or draft.private_to_id is not None
    reason = "pas encore visible dans son espace" if hidden else "dans son espace"
    role = "La patiente" if patient.sex == Sex.FEMALE else "Le patient"
    return Reader(patient.pk, str(patient), role, not hidden, reason)


def _relative(given: Delegation, draft: Draft) -> Reader:
    why_not = _why_not_relative(given, draft)
    person = given.related_person
    role = given.get_basis_display()
    return Reader(person.pk, person.name, role, not why_not, why_not or "dans son espace", is_relative=True)


def _why_not_relative(given: Delegation, draft: Draft) -> str:
    """What is not told to the person yet is told to nobody who acts for her."""
    if given.user_id is None:
        return "accès pas encore ouvert"
    if draft.private_to_id is not None:
        return "réservé à une structure"
    if draft.hidden_from_patient:
        return "pas encore dit à la personne"
    if draft.hidden_from_representative:
        return "masqué à ses représentants et aidants"
    if given.basis == DelegationBasis.CARER and draft.data_class not in classes_of_carer(given.scope):
        return "la personne ne lui a pas ouvert ces notes"
    return ""
