"""« Qui verra ceci ? »: for something about to be shared, by name, who will read it and why, or why not.

The same rules as `care_team.access`, asked the other way round; tests/access/oracle/test_audience.py holds them equal.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Func, Q, QuerySet, TextField
from django.db.models.functions import Now
from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.access import classes_of_carer, members_known
from terresante.care_team.enums import DataClass, Sector, TeamRole
from terresante.care_team.models import LASTING, CareTeamParticipant, EmergencyAccess, NamedReader
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import access, compiled
from terresante.kernel.access import Reader
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.ui.wording import clock, long_date
from terresante.patients.enums import DelegationBasis, Sex
from terresante.patients.models import Delegation, Patient


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
    hidden_from_representative: bool = False
    sector: str = ""
    restricted_to_id: UUID | None = None


@access.audience_of(Draft)
def readers_of(draft: Draft) -> list[Reader]:
    """The circle, who came in emergency, the person, then who acts for her.

    Nobody is named whose presence in the circle is kept from who asks: he may read too, and is not told of.
    """
    (patient,) = _patients(draft.patient_id)
    if patient.record.kept_by_id is not None:
        # Of a record that a support structure keeps, everything is that structure's alone.
        draft = replace(draft, private_to_id=patient.record.kept_by_id)
    members, emergencies = _sharing(draft.asked_by, draft.patient_id), _in_emergency(draft.patient_id)
    persons = [one.practitioner_id for one in members if one.practitioner_id is not None]
    roles = _roles_by_person([*persons, *(opened.practitioner_id for opened in emergencies)])
    named = _named(draft)
    inside = _of_the_sector(members, draft, named)
    apart = {draft.private_to_person_id, *(one.key for one in inside)} - {None}
    others = [one for one in members if one.practitioner_id not in apart]
    circle = [*(_reader(one, draft, roles, named) for one in others), *inside]
    known = {reader.key for reader in circle if reader.reads}
    rescuers = [
        _rescuer(opened, draft, roles) for opened in emergencies if opened.practitioner_id not in known
    ]
    relatives = [_relative(given, draft) for given in _given(draft.patient_id) if given.state in _SHOWN]
    return [*_myself(draft), *circle, *rescuers, _patient(patient, draft), *relatives]


def _myself(draft: Draft) -> list[Reader]:
    """The author, of what he keeps to himself. Of anything else he is listed as a member, or by his structure."""
    if draft.private_to_person_id is None:
        return []
    author = draft.asked_by
    return [Reader(draft.private_to_person_id, author.name, author.role_label, True, "pour soi")]


_SHOWN = ("open", "invited")
Roles = dict[UUID, list[PractitionerRole]]


@compiled.rows
def _sharing(actor: Actor, patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    """The members, and who handed the patient over and still reads, as far as `actor` may know of them."""
    reads = LASTING & Q(ended_at__isnull=True) | Q(reads_until__gt=Now())
    members = CareTeamParticipant.objects.filter(
        members_known(actor), reads, patient_id=patient_id, suspended_at__isnull=True
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
    return (
        PractitionerRole.objects.filter(among("practitioner_id", persons), organization__active=True)
        .select_related("organization")
        .order_by("pk")
    )


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


def _roles_by_person(persons: list[UUID]) -> Roles:
    """In what structures each works today, and as what: what an account acts as."""
    today = timezone.localdate()
    found: Roles = {}
    for role in _roles_of(persons):
        if role.period_start <= today and (role.period_end is None or role.period_end > today):
            found.setdefault(role.practitioner_id, []).append(role)
    return found


def _reader(member: CareTeamParticipant, draft: Draft, roles: Roles, named: set[UUID]) -> Reader:
    if member.started_at > timezone.now():
        return _later(member)
    if member.organization is not None:
        return _structure(member.organization, draft, named)
    if member.practitioner is None:
        raise ValueError("a member is a person or a structure")
    in_circle = member.ended_at is None
    why_not = _why_not(
        member.practitioner, roles.get(member.practitioner.pk, []), draft, named if in_circle else None
    )
    if not why_not and member.scope is not None and draft.data_class not in member.scope:
        why_not = f"la personne n’a pas consenti pour «\u00a0{draft.data_class.label}\u00a0»"
    if not in_circle and member.reads_until is not None:
        return _person(
            member.practitioner,
            not why_not,
            why_not or f"relais passé, jusqu’au {long_date(member.reads_until)}",
        )
    own_role = "" if member.role == TeamRole.MEMBER else member.get_role_display().lower()
    return _person(member.practitioner, not why_not, why_not or own_role)


def _structure(structure: Organization, draft: Draft, named: set[UUID]) -> Reader:
    kept_out = ""
    if draft.private_to_person_id is not None:
        kept_out = "réservé à son auteur"
    elif draft.private_to_id not in (None, structure.pk):
        kept_out = "réservé à une autre structure"
    elif draft.sector and not _structure_knows(structure, draft, named):
        kept_out = f"hors {_said(draft.sector)}, et pas nommée"
    reason = kept_out or "selon la profession de chacun"
    return Reader(
        structure.pk, structure.name, structure.get_kind_display(), not kept_out, reason, is_group=True
    )


def _structure_knows(structure: Organization, draft: Draft, named: set[UUID]) -> bool:
    own = matrix.organization_sector(structure.kind, structure.is_psychiatric)
    return structure.pk == draft.restricted_to_id or structure.pk in named or own == draft.sector


def _of_the_sector(members: list[CareTeamParticipant], draft: Draft, named: set[UUID]) -> list[Reader]:
    """People who may know, by their own sector or because they were named, while their structure as such may not."""
    if not draft.sector or draft.private_to_person_id is not None:
        return []
    today, now = timezone.localdate(), timezone.now()
    outside = [
        one.organization
        for one in members
        if one.organization is not None
        and one.started_at <= now
        and draft.private_to_id in (None, one.organization_id)
        and not _structure_knows(one.organization, draft, named)
    ]
    if not outside:
        return []
    own = Func(
        "practitioner__profession",
        "practitioner__specialty_label",
        function="practitioner_sector",
        output_field=TextField(),
    )
    roles = (
        PractitionerRole.objects.alias(own=own)
        .filter(Q(own=draft.sector) | Q(practitioner_id__in=named), organization__in=outside)
        .filter(Q(period_end__isnull=True) | Q(period_end__gt=today), period_start__lte=today)
        .filter(practitioner__active=True, organization__active=True)
        .select_related("practitioner", "organization")
        .order_by("pk")
    )
    return [
        _person(role.practitioner, True, role.organization.name)
        for role in {role.practitioner_id: role for role in roles if _reads_there(role, draft)}.values()
    ]


def _reads_there(role: PractitionerRole, draft: Draft) -> bool:
    return draft.data_class in matrix.readable(role.profession)


def _later(member: CareTeamParticipant) -> Reader:
    return Reader(member.member_id, member.name, "", False, "pas encore membre du cercle")


def _rescuer(opened: EmergencyAccess, draft: Draft, roles: Roles) -> Reader:
    there = [
        role
        for role in roles.get(opened.practitioner_id, [])
        if role.organization_id == opened.organization_id
    ]
    why_not = _why_not(opened.practitioner, there, draft, None)
    until = f"accès en urgence jusqu’à {clock(opened.expires_at)}"
    return _person(opened.practitioner, not why_not, why_not or until)


def _why_not(
    practitioner: Practitioner, works: list[PractitionerRole], draft: Draft, named: set[UUID] | None
) -> str:
    """'' for who reads: one of the situations he works in today is enough. `named`: None outside the circle, where
    being of a sector or being named counts for nothing.
    """
    if draft.private_to_person_id is not None:
        return "réservé à son auteur"
    if not practitioner.active or not works:
        return "n’exerce plus"
    allowed = [role for role in works if draft.private_to_id in (None, role.organization_id)]
    if not allowed:
        return "hors de la structure"
    allowed = [role for role in allowed if not draft.sector or _knows(practitioner, role, draft, named)]
    if not allowed:
        return f"hors {_said(draft.sector)}, et pas nommé"
    if not any(draft.data_class in matrix.readable(role.profession) for role in allowed):
        return f"sa profession ne lit pas «\u00a0{draft.data_class.label}\u00a0»"
    return ""


def _knows(practitioner: Practitioner, role: PractitionerRole, draft: Draft, named: set[UUID] | None) -> bool:
    if role.organization_id == draft.restricted_to_id:
        return True
    if named is None:
        return False
    own = matrix.practitioner_sector(practitioner.profession, practitioner.specialty_label)
    return (
        own == draft.sector or practitioner.pk in named or _structure_knows(role.organization, draft, named)
    )


def _said(sector: str) -> str:
    return Sector(sector).label.lower()


def _person(practitioner: Practitioner, reads: bool, reason: str) -> Reader:
    name = practitioner.full_name
    return Reader(practitioner.pk, name, practitioner.get_profession_display(), reads, reason)


def _patient(patient: Patient, draft: Draft) -> Reader:
    is_private = draft.private_to_id is not None or draft.private_to_person_id is not None
    hidden = draft.hidden_from_patient or is_private
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
    if draft.private_to_person_id is not None:
        return "réservé à son auteur"
    if draft.private_to_id is not None:
        return "réservé à une structure"
    if draft.sector:
        return "suivi restreint : la personne seule le sait"
    if draft.hidden_from_patient:
        return "pas encore dit à la personne"
    if draft.hidden_from_representative:
        return "masqué à ses représentants et aidants"
    if given.basis == DelegationBasis.CARER and draft.data_class not in classes_of_carer(given.scope):
        return "la personne ne lui a pas ouvert ces notes"
    return ""
