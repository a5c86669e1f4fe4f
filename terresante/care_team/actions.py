from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from terresante.care_team.access import (
    BREAK_GLASS_OPEN,
    BREAK_GLASS_REVIEW,
    CIRCLE_EDIT,
    CONSENT_EDIT,
    RECORD_CREATE,
    RECORD_SHARE,
)
from terresante.care_team.enums import Basis, ConsentKind, TeamRole
from terresante.care_team.events import (
    MemberJoined,
    MemberLeft,
    OppositionRecorded,
    RecordCreated,
    RecordOpenedInEmergency,
)
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.queries import open_record
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.actions import register_identity
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits

REASON_MIN_LENGTH = 10
EMERGENCY_PROFESSIONS = frozenset({Profession.DOCTOR, Profession.NURSE, Profession.MIDWIFE})
# TRE_R38: general medicine and its qualifications; a generalist who founds a record is the treating doctor.
GENERAL_MEDICINE = frozenset({"SM26", "SM53", "SM54"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Whom to add: a practitioner or a structure, never both."""

    practitioner_id: UUID | None = None
    organization_id: UUID | None = None
    role: TeamRole = TeamRole.MEMBER
    basis: Basis = Basis.CARE_TEAM


@action
def create_record(
    actor: Actor, *, traits: Traits, contacts: Contacts | None = None, patient_id: UUID | None = None
) -> CareRecord:
    """Founds the record of a new identity, or of a known one (`patient_id`) that has none yet.

    Raises Refused for who may not, Invalid for a trait, Conflict when the identity already has a record.
    """
    founder = _founder(actor)
    if patient_id is None:
        patient_id = register_identity(actor, traits=traits, contacts=contacts or Contacts())
    if not rls.found_record(patient_id):
        raise Conflict("Cette personne a déjà un dossier : recherchez-la et demandez à rejoindre son cercle.")
    record = CareRecord.objects.create(
        patient_id=patient_id, holder_id=actor.organization_id, created_by=founder
    )
    _join(actor, record, NewMember(practitioner_id=founder.pk, role=_founding_role(founder)))
    audit.record(actor, RECORD_CREATE, patient_id=patient_id, about=record)
    emit(actor, RecordCreated(patient_id=patient_id, object_id=record.pk))
    return record


@action
def share_record(
    actor: Actor, record_id: UUID, *, support: InformationSupport, given_at: datetime | None = None
) -> CareRecord:
    """Records that the person was informed, which opens the record to sharing (MISSION B5)."""
    record = access.get(actor, RECORD_SHARE, CareRecord, record_id, lock=True)
    if record.is_shared:
        raise Conflict("Le dossier est déjà ouvert au partage.")
    if given_at is not None and given_at > timezone.now():
        raise Invalid("La date de l’information est dans le futur.", fields={"given_at": "Date à corriger."})
    record.is_shared = True
    record.information_given_at = given_at or timezone.now()
    record.information_given_by_id = actor.person_id
    record.information_support = support
    record.save()
    audit.record(actor, RECORD_SHARE, patient_id=record.patient_id, about=record, detail={"support": support})
    return record


@action
def add_member(actor: Actor, record_id: UUID, *, member: NewMember) -> CareTeamParticipant:
    """Raises Conflict when already a member, Refused before the person is informed or after an opposition."""
    record = open_record(actor, record_id, action=CIRCLE_EDIT).record
    if not record.is_shared:
        raise Refused("Informez d’abord la personne : le dossier n’est pas encore ouvert au partage.")
    _check_member(member)
    member_id = member.practitioner_id or member.organization_id
    if CareTeamParticipant.objects.filter(
        patient_id=record.patient_id, member_id=member_id, ended_at=None
    ).exists():
        raise Conflict("Cette personne ou cette structure fait déjà partie du cercle.")
    participant = _join(actor, record, member)
    audit.record(
        actor, CIRCLE_EDIT, patient_id=record.patient_id, about=participant, detail={"joined": str(member_id)}
    )
    return participant


@action
def remove_member(
    actor: Actor, record_id: UUID, participant_id: UUID, *, reason: str = ""
) -> CareTeamParticipant:
    """Ends the period now; the member's next request is refused, what he wrote stays.

    Raises Refused for the last member: a record always has somebody who answers for it.
    """
    record = open_record(actor, record_id, action=CIRCLE_EDIT).record
    participant = access.get(actor, CIRCLE_EDIT, CareTeamParticipant, participant_id, lock=True)
    if participant.record_id != record.pk:
        raise NotFound
    if participant.ended_at is not None:
        raise Conflict("Ce membre a déjà quitté le cercle.")
    others = CareTeamParticipant.objects.filter(patient_id=participant.patient_id, ended_at=None)
    if not others.exclude(pk=participant.pk).exists():
        raise Refused("C’est le dernier membre du cercle : ajoutez d’abord la personne qui prend le relais.")
    participant.ended_at = timezone.now()
    participant.ended_reason = reason.strip()[:200]
    # Not save(): the caller may just have left the circle himself, and no longer see his row.
    CareTeamParticipant.objects.filter(pk=participant.pk).update(
        ended_at=participant.ended_at, ended_reason=participant.ended_reason
    )
    member_id = participant.practitioner_id or participant.organization_id
    audit.record(
        actor,
        CIRCLE_EDIT,
        patient_id=participant.patient_id,
        about=participant,
        detail={"left": str(member_id)},
    )
    if member_id is not None:
        emit(
            actor,
            MemberLeft(patient_id=participant.patient_id, object_id=participant.pk, member_id=member_id),
        )
    return participant


@action
def record_choice(actor: Actor, record_id: UUID, *, kind: ConsentKind, proof: str) -> Consent:
    """Records an opposition or a consent; an opposition to the record suspends the whole circle at once."""
    record = open_record(actor, record_id, action=CONSENT_EDIT).record
    if Consent.objects.filter(patient_id=record.patient_id, kind=kind, withdrawn_at=None).exists():
        raise Conflict("Ce choix est déjà enregistré.")
    choice = Consent.objects.create(
        patient_id=record.patient_id, kind=kind, recorded_by_name=actor.name, proof=proof.strip()[:200]
    )
    if kind == ConsentKind.OPPOSITION_RECORD:
        _suspend_circle(record.patient_id)
    audit.record(actor, CONSENT_EDIT, patient_id=record.patient_id, about=choice, detail={"kind": kind})
    emit(actor, OppositionRecorded(patient_id=record.patient_id, object_id=choice.pk, kind=kind))
    return choice


@action
def open_in_emergency(actor: Actor, patient_id: UUID, *, reason: str) -> EmergencyAccess:
    """Bris de glace: four hours of reading. Raises Refused when the patient opposed it, NotFound without a record."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.role not in EMERGENCY_PROFESSIONS:
        raise Refused("L’accès en urgence est réservé aux médecins, aux infirmiers et aux sages-femmes.")
    why = " ".join(reason.split())
    if len(why) < REASON_MIN_LENGTH:
        raise Invalid(
            "Indiquez en une phrase pourquoi ce dossier doit être ouvert maintenant.",
            fields={
                "reason": "Motif trop court : il sera lu par le patient et par le délégué à la protection des données."
            },
        )
    access_id = new_id()
    outcome = _open_emergency(access_id, patient_id, why[:500])
    if outcome is None:
        raise NotFound
    if outcome == "opposed":
        raise Refused("La personne s’est opposée à l’accès en urgence à son dossier.")
    opened = EmergencyAccess.objects.get(pk=access_id)
    acting = actor.with_purpose(Purpose.BREAK_GLASS)
    audit.record(acting, BREAK_GLASS_OPEN, patient_id=patient_id, about=opened)
    emit(acting, RecordOpenedInEmergency(patient_id=patient_id, object_id=access_id))
    return opened


@action
def review_emergency(actor: Actor, access_id: UUID) -> EmergencyAccess:
    opened = access.get(actor, BREAK_GLASS_REVIEW, EmergencyAccess, access_id, lock=True)
    opened.reviewed_at = timezone.now()
    opened.save(update_fields=["reviewed_at"])
    audit.record(actor, BREAK_GLASS_REVIEW, patient_id=opened.patient_id, about=opened, outcome=Outcome.DONE)
    return opened


def _founder(actor: Actor) -> Practitioner:
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None or actor.person_id is None:
        raise Refused("Seul un professionnel rattaché à une structure crée un dossier.")
    return Practitioner.objects.get(pk=actor.person_id)


def _founding_role(founder: Practitioner) -> TeamRole:
    return TeamRole.ATTENDING if founder.specialty in GENERAL_MEDICINE else TeamRole.MEMBER


def _check_member(member: NewMember) -> None:
    if (member.practitioner_id is None) == (member.organization_id is None):
        raise Invalid("Choisissez un professionnel ou une structure.")
    found = (
        Practitioner.objects.filter(pk=member.practitioner_id, active=True)
        if member.practitioner_id
        else Organization.objects.filter(pk=member.organization_id, active=True)
    )
    if not found.exists():
        raise Invalid("Ce professionnel ou cette structure n’est plus en activité dans l’annuaire.")


def _join(actor: Actor, record: CareRecord, member: NewMember) -> CareTeamParticipant:
    participant = CareTeamParticipant(
        patient_id=record.patient_id,
        record_id=record.pk,
        practitioner_id=member.practitioner_id,
        organization_id=member.organization_id,
        role=member.role,
        basis=member.basis,
        added_by_name=actor.name,
    )
    participant.save(force_insert=True)
    member_id = member.practitioner_id or member.organization_id
    if member_id is not None:
        emit(actor, MemberJoined(patient_id=record.patient_id, object_id=participant.pk, member_id=member_id))
    return participant


def _suspend_circle(patient_id: UUID) -> None:
    CareTeamParticipant.objects.filter(patient_id=patient_id, ended_at=None).update(
        suspended_at=timezone.now()
    )


def _open_emergency(access_id: UUID, patient_id: UUID, why: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT open_emergency_access(%s, %s, %s)", [access_id, patient_id, why])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]  # text of the function's closed list
