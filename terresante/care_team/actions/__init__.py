from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from terresante.care_team.access import (
    CIRCLE_EDIT,
    CONSENT_EDIT,
    CONSENT_LIFT,
)
from terresante.care_team.actions.choices import (
    allow_creation,
    inform_later,
    keep_consent,
    locked_record,
    oppose_creation,
)
from terresante.care_team.actions.complaints import answer_complaint
from terresante.care_team.actions.founding import (
    GENERAL_MEDICINE,
    create_kept_record,
    create_record,
    founding_role,
    prepare_record,
    share_record,
    supports,
)
from terresante.care_team.actions.joining import accept_requests
from terresante.care_team.actions.members import NewMember, check_member, join_circle
from terresante.care_team.actions.urgent import (
    EMERGENCY_ONLY_FOR,
    EMERGENCY_PROFESSIONS,
    REASON_MIN_LENGTH,
    SAMU_ONLY_FOR,
    is_regulator,
    open_for_call,
    open_in_emergency,
    review_emergency,
)
from terresante.care_team.enums import Basis, ConsentKind, TeamRole, UrgentKind
from terresante.care_team.events import (
    MemberLeft,
    OppositionRecorded,
    OppositionWithdrawn,
    RecordClosed,
)
from terresante.care_team.models import LASTING, CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.queries import open_choices
from terresante.care_team.regime import GivenConsent, check_consent, checked_proof, needs_consent
from terresante.directory.models import Practitioner
from terresante.kernel import access, audit, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord

__all__ = [
    "CLOSING_CONSENTS",
    "EMERGENCY_ONLY_FOR",
    "EMERGENCY_PROFESSIONS",
    "GENERAL_MEDICINE",
    "REASON_MIN_LENGTH",
    "SAMU_ONLY_FOR",
    "GivenConsent",
    "NewMember",
    "add_member",
    "allow_creation",
    "answer_complaint",
    "create_kept_record",
    "create_record",
    "founding_role",
    "inform_later",
    "is_regulator",
    "join_circle",
    "lift_opposition",
    "open_for_call",
    "open_in_emergency",
    "oppose_creation",
    "prepare_record",
    "record_choice",
    "record_sharing_consent",
    "remove_member",
    "review_emergency",
    "share_record",
    "supports",
    "withdraw_choice",
]
# Each opposition, and the urgent accesses that it ends at once.
OPPOSITIONS = {
    ConsentKind.OPPOSITION_RECORD: (UrgentKind.BREAK_GLASS, UrgentKind.SAMU),
    ConsentKind.OPPOSITION_EMERGENCY: (UrgentKind.BREAK_GLASS,),
    ConsentKind.OPPOSITION_SAMU: (UrgentKind.SAMU,),
}
CLOSING_CONSENTS = frozenset({ConsentKind.CONSENT_RECORD, ConsentKind.CONSENT_SHARING})
# Neutral: the member may be one whose presence is kept from who asks.
_NOT_ADDED = "L’ajout n’a pas pu être enregistré : demandez à la personne si ce suivi existe déjà."


@action
def add_member(actor: Actor, record_id: UUID, *, member: NewMember) -> CareTeamParticipant:
    """Raises Conflict when already a member, or when the role is held and `replaces` is not said.

    Raises Refused before the person is informed, or consented where the regime asks it; Invalid for a basis or a role
    that this member cannot have.
    """
    record = locked_record(actor, record_id, action=CIRCLE_EDIT)
    if not record.is_shared:
        raise Refused("Informez d’abord la personne : le dossier n’est pas encore ouvert au partage.")
    if needs_consent() and ConsentKind.CONSENT_SHARING not in open_choices(record.patient_id):
        raise Refused(
            "Recueillez d’abord le consentement de la personne au partage : sans lui, le cercle n’accueille personne."
        )
    check_member(member)
    _close_expired(record)
    if _open_periods(record.patient_id).filter(member_id=member.member_id).exists():
        raise Conflict("Cette personne ou cette structure fait déjà partie du cercle.")
    _make_room(actor, record, member)
    try:
        with transaction.atomic():
            participant = join_circle(actor, record, member)
    except IntegrityError as error:
        raise Conflict(_NOT_ADDED) from error
    if member.basis == Basis.CONSENT:
        _record_consent(actor, record, member)
    if member.practitioner_id is not None:
        accept_requests(actor, record.patient_id, member.practitioner_id, words=member.answer)
    audit.record(
        actor,
        CIRCLE_EDIT,
        patient_id=record.patient_id,
        about=participant,
        detail={"joined": str(member.member_id), "basis": member.basis},
    )
    return participant


@action
def remove_member(
    actor: Actor, record_id: UUID, participant_id: UUID, *, reason: str = ""
) -> CareTeamParticipant:
    """Ends the period now; the member's next request is refused, what he wrote stays.

    Raises Refused for the last member: a record always has somebody who answers for it.
    """
    record = locked_record(actor, record_id, action=CIRCLE_EDIT)
    participant = access.get(actor, CIRCLE_EDIT, CareTeamParticipant, participant_id, lock=True)
    if participant.record_id != record.pk:
        raise NotFound
    _end(actor, participant, reason=reason)
    return participant


@action
def record_choice(actor: Actor, record_id: UUID, *, kind: ConsentKind, proof: str) -> Consent:
    """Records an opposition, which ends the urgent accesses it speaks of; one to the record suspends the whole circle.

    A consent outside the team names its professional: it is recorded by `add_member`.
    """
    record = locked_record(actor, record_id, action=CONSENT_EDIT)
    if kind not in OPPOSITIONS:
        raise Invalid("Un consentement s’enregistre en ajoutant le professionnel qu’il désigne.")
    return _oppose(actor, record, kind, checked_proof(proof))


def _oppose(actor: Actor, record: CareRecord, kind: ConsentKind, proof: str) -> Consent:
    if Consent.objects.filter(patient_id=record.patient_id, kind=kind, withdrawn_at=None).exists():
        raise Conflict("Ce choix est déjà enregistré.")
    choice = Consent.objects.create(
        patient_id=record.patient_id, kind=kind, recorded_by_name=actor.name, proof=proof
    )
    now = timezone.now()
    EmergencyAccess.objects.filter(
        patient_id=record.patient_id, expires_at__gt=now, kind__in=OPPOSITIONS[kind]
    ).update(expires_at=Now())
    if kind == ConsentKind.OPPOSITION_RECORD:
        _open_periods(record.patient_id).filter(suspended_at=None).update(suspended_at=now)
    audit.record(actor, CONSENT_EDIT, patient_id=record.patient_id, about=choice, detail={"kind": kind})
    emit(actor, OppositionRecorded(patient_id=record.patient_id, object_id=choice.pk, kind=kind))
    emit(actor, RecordClosed(patient_id=record.patient_id, object_id=choice.pk))
    return choice


@action
def record_sharing_consent(actor: Actor, record_id: UUID, *, consent: GivenConsent) -> Consent:
    """The person agrees to the sharing of her record; without it the regime of 2019 lets nobody more in.

    Raises Invalid for a date or a proof, Conflict when it is in force.
    """
    record = locked_record(actor, record_id, action=CONSENT_EDIT)
    if ConsentKind.CONSENT_SHARING in open_choices(record.patient_id):
        raise Conflict("Ce consentement est déjà enregistré.")
    check_consent(consent)
    return keep_consent(actor, record, ConsentKind.CONSENT_SHARING, consent)


@action
def withdraw_choice(actor: Actor, record_id: UUID, choice_id: UUID, *, proof: str = "") -> Consent:
    """Withdraws an opposition to an urgent access, or a consent: its professional then leaves the circle at once.

    A consent to the record or to its sharing taken back closes the record, as an opposition does.

    Raises Refused for an opposition to the record, which the patient alone lifts.
    """
    record = locked_record(actor, record_id, action=CONSENT_EDIT)
    choice = access.get(actor, CONSENT_EDIT, Consent, choice_id, lock=True)
    if choice.patient_id != record.patient_id:
        raise NotFound
    if choice.withdrawn_at is not None:
        raise Conflict("Ce choix est déjà retiré.")
    if choice.kind == ConsentKind.OPPOSITION_RECORD:
        raise Refused("Seule la personne lève son opposition au dossier, depuis son espace.")
    choice.withdrawn_at, choice.withdrawn_by_name = timezone.now(), actor.name
    choice.withdrawal_proof = " ".join(proof.split())[:200]
    choice.save(update_fields=["withdrawn_at", "withdrawn_by_name", "withdrawal_proof"])
    audit.record(
        actor, CONSENT_EDIT, patient_id=record.patient_id, about=choice, detail={"withdrawn": choice.kind}
    )
    emit(actor, OppositionWithdrawn(patient_id=record.patient_id, object_id=choice.pk, kind=choice.kind))
    if choice.practitioner_id is not None:
        _end_consented(actor, record.patient_id, choice.practitioner_id)
    elif choice.kind in CLOSING_CONSENTS:
        _oppose(actor, record, ConsentKind.OPPOSITION_RECORD, "Retrait du consentement")
    return choice


@action
def lift_opposition(actor: Actor, record_id: UUID) -> None:
    """The patient opens the record again to the circle as it was; Conflict when nothing was opposed."""
    record = access.get(actor, CONSENT_LIFT, CareRecord, record_id)
    lifted: UUID | None = sql.value("SELECT lift_record_opposition()")
    if lifted is None:
        raise Conflict("Votre dossier est déjà ouvert à votre cercle de soins.")
    kind = ConsentKind.OPPOSITION_RECORD
    audit.record(actor, CONSENT_LIFT, patient_id=record.patient_id, about=record, detail={"kind": kind})
    emit(actor, OppositionWithdrawn(patient_id=record.patient_id, object_id=lifted, kind=kind))


def _open_periods(patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    return CareTeamParticipant.objects.filter(LASTING, patient_id=patient_id, ended_at=None)


def _close_expired(record: CareRecord) -> None:
    """A period that has reached its end leaves its place: the member may come back, his role may be another's."""
    CareTeamParticipant.objects.filter(
        patient_id=record.patient_id, ended_at=None, expires_at__lte=Now()
    ).update(ended_at=F("expires_at"), ended_reason="fin de la période")


def _record_consent(actor: Actor, record: CareRecord, member: NewMember) -> None:
    if member.practitioner_id is None:
        raise ValueError("check_member first")
    practitioner = Practitioner.objects.get(pk=member.practitioner_id)
    keep_consent(actor, record, ConsentKind.CONSENT_OUTSIDE_TEAM, member.consent, practitioner)


def _make_room(actor: Actor, record: CareRecord, member: NewMember) -> None:
    """One attending doctor and one referent: the former holder stays as a member, once that is confirmed."""
    if member.role == TeamRole.MEMBER:
        return
    holders = _open_periods(record.patient_id).filter(role=member.role)
    if not holders.exists():
        return
    if not member.replaces:
        sentence = f"Le rôle « {member.role.label} » est déjà tenu : confirmez le remplacement."
        raise Conflict(sentence)
    for holder in holders:
        audit.record(
            actor, CIRCLE_EDIT, patient_id=record.patient_id, about=holder, detail={"role": TeamRole.MEMBER}
        )
    holders.update(role=TeamRole.MEMBER)


def _end(actor: Actor, participant: CareTeamParticipant, *, reason: str) -> None:
    if participant.ended_at is not None:
        raise Conflict("Ce membre a déjà quitté le cercle.")
    if not _open_periods(participant.patient_id).exclude(pk=participant.pk).exists():
        raise Refused("C’est le dernier membre du cercle : ajoutez d’abord la personne qui prend le relais.")
    if participant.basis == Basis.CONSENT and participant.practitioner_id is not None:
        Consent.objects.filter(
            patient_id=participant.patient_id, practitioner_id=participant.practitioner_id, withdrawn_at=None
        ).update(withdrawn_at=timezone.now())
    participant.ended_at = timezone.now()
    participant.ended_reason = " ".join(reason.split())[:200]
    member_id = participant.practitioner_id or participant.organization_id
    if member_id is None:
        raise ValueError("a member is a person or a structure")
    # Not save(): the caller may just have left the circle himself, and no longer see his row.
    CareTeamParticipant.objects.filter(pk=participant.pk).update(
        ended_at=participant.ended_at, ended_reason=participant.ended_reason
    )
    audit.record(
        actor,
        CIRCLE_EDIT,
        patient_id=participant.patient_id,
        about=participant,
        detail={"left": str(member_id)},
    )
    emit(actor, MemberLeft(**participant.told(), by_user_id=actor.user_id))
    closed = RecordClosed(patient_id=participant.patient_id, object_id=participant.pk, member_id=member_id)
    emit(actor, closed)


def _end_consented(actor: Actor, patient_id: UUID, practitioner_id: UUID) -> None:
    periods = _open_periods(patient_id).filter(practitioner_id=practitioner_id, basis=Basis.CONSENT)
    for participant in periods:
        _end(actor, participant, reason="consentement retiré")
