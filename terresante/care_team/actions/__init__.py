from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.access import (
    CIRCLE_EDIT,
    CONSENT_EDIT,
    CONSENT_LIFT,
    RECORD_CREATE,
    RECORD_SHARE,
)
from terresante.care_team.actions.emergency import EMERGENCY_ONLY_FOR as EMERGENCY_ONLY_FOR
from terresante.care_team.actions.emergency import EMERGENCY_PROFESSIONS as EMERGENCY_PROFESSIONS
from terresante.care_team.actions.emergency import REASON_MIN_LENGTH as REASON_MIN_LENGTH
from terresante.care_team.actions.emergency import open_in_emergency as open_in_emergency
from terresante.care_team.actions.emergency import review_emergency as review_emergency
from terresante.care_team.enums import Basis, ConsentKind, DataClass, TeamRole
from terresante.care_team.events import (
    MemberJoined,
    MemberLeft,
    OppositionRecorded,
    OppositionWithdrawn,
    RecordCreated,
)
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.queries import open_record
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.patients.actions import register_identity
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits

PROOF_MIN_LENGTH = 5
OPPOSITIONS = frozenset({ConsentKind.OPPOSITION_RECORD, ConsentKind.OPPOSITION_EMERGENCY})
# TRE_R38: general medicine and its qualifications; a generalist who founds a record is the treating doctor.
GENERAL_MEDICINE = frozenset({"SM26", "SM53", "SM54"})
_NOT_ACTIVE = "Ce professionnel ou cette structure n’est plus en activité dans l’annuaire."
_DOCTOR_ONLY = "Seul un médecin peut être médecin traitant."
_KEPT_FROM_VIEW = (
    "Un suivi de psychiatrie ou d’addictologie n’est connu que de qui doit le connaître : il ne peut pas porter un rôle"
    " que tout le cercle voit. Choisissez « Membre de l’équipe »."
)
# Neutral: the member may be one whose presence is kept from who asks.
_NOT_ADDED = "L’ajout n’a pas pu être enregistré : demandez à la personne si ce suivi existe déjà."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Whom to add: a practitioner or a structure, never both."""

    practitioner_id: UUID | None = None
    organization_id: UUID | None = None
    role: TeamRole = TeamRole.MEMBER
    basis: Basis = Basis.CARE_TEAM
    # Whoever holds the role now stays as an ordinary member.
    replaces: bool = False
    # Of the consent, when it is the basis: when it was given, and what proves it (D1110-3-1 CSP).
    consented_at: datetime | None = None
    proof: str = ""

    @property
    def member_id(self) -> UUID | None:
        return self.practitioner_id or self.organization_id


@action
def create_record(
    actor: Actor, *, traits: Traits, contacts: Contacts | None = None, patient_id: UUID | None = None
) -> CareRecord:
    """Founds the record of a new identity, or of a known one (`patient_id`) that has none yet.

    Raises Refused for who may not, Invalid for a trait, Conflict when the identity already has a record.
    """
    founder, holder_id = _founder(actor)
    if patient_id is None:
        patient_id = register_identity(actor, traits=traits, contacts=contacts or Contacts())
    if not rls.found_record(patient_id):
        raise Conflict("Cette personne a déjà un dossier : recherchez-la et demandez à rejoindre son cercle.")
    record = CareRecord.objects.create(patient_id=patient_id, holder_id=holder_id, created_by=founder)
    own = NewMember(practitioner_id=founder.pk)
    _join(actor, record, replace(own, role=TeamRole.MEMBER if _secret(own)[0] else _founding_role(founder)))
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
    """Raises Conflict when already a member, or when the role is held and `replaces` is not said.

    Raises Refused before the person is informed, Invalid for a basis or a role that this member cannot have.
    """
    record = _locked_record(actor, record_id, action=CIRCLE_EDIT)
    if not record.is_shared:
        raise Refused("Informez d’abord la personne : le dossier n’est pas encore ouvert au partage.")
    _check_member(member)
    if _open_periods(record.patient_id).filter(member_id=member.member_id).exists():
        raise Conflict("Cette personne ou cette structure fait déjà partie du cercle.")
    _make_room(actor, record, member)
    try:
        with transaction.atomic():
            participant = _join(actor, record, member)
    except IntegrityError as error:
        raise Conflict(_NOT_ADDED) from error
    if member.basis == Basis.CONSENT:
        _record_consent(actor, record, member)
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
    record = _locked_record(actor, record_id, action=CIRCLE_EDIT)
    participant = access.get(actor, CIRCLE_EDIT, CareTeamParticipant, participant_id, lock=True)
    if participant.record_id != record.pk:
        raise NotFound
    _end(actor, participant, reason=reason)
    return participant


@action
def record_choice(actor: Actor, record_id: UUID, *, kind: ConsentKind, proof: str) -> Consent:
    """Records an opposition, which ends the open emergency accesses; one to the record suspends the circle at once.

    A consent names its professional: it is recorded by `add_member`.
    """
    record = _locked_record(actor, record_id, action=CONSENT_EDIT)
    if kind not in OPPOSITIONS:
        raise Invalid("Un consentement s’enregistre en ajoutant le professionnel qu’il désigne.")
    written = _checked_proof(proof)
    if Consent.objects.filter(patient_id=record.patient_id, kind=kind, withdrawn_at=None).exists():
        raise Conflict("Ce choix est déjà enregistré.")
    choice = Consent.objects.create(
        patient_id=record.patient_id, kind=kind, recorded_by_name=actor.name, proof=written
    )
    now = timezone.now()
    EmergencyAccess.objects.filter(patient_id=record.patient_id, expires_at__gt=now).update(expires_at=Now())
    if kind == ConsentKind.OPPOSITION_RECORD:
        _open_periods(record.patient_id).filter(suspended_at=None).update(suspended_at=now)
    audit.record(actor, CONSENT_EDIT, patient_id=record.patient_id, about=choice, detail={"kind": kind})
    emit(actor, OppositionRecorded(patient_id=record.patient_id, object_id=choice.pk, kind=kind))
    return choice


@action
def withdraw_choice(actor: Actor, record_id: UUID, choice_id: UUID) -> Consent:
    """Withdraws an opposition to emergency access, or a consent: its professional then leaves the circle at once.

    Raises Refused for an opposition to the record, which the patient alone lifts.
    """
    record = _locked_record(actor, record_id, action=CONSENT_EDIT)
    choice = access.get(actor, CONSENT_EDIT, Consent, choice_id, lock=True)
    if choice.patient_id != record.patient_id:
        raise NotFound
    if choice.withdrawn_at is not None:
        raise Conflict("Ce choix est déjà retiré.")
    if choice.kind == ConsentKind.OPPOSITION_RECORD:
        raise Refused("Seule la personne lève son opposition au dossier, depuis son espace.")
    choice.withdrawn_at = timezone.now()
    choice.save(update_fields=["withdrawn_at"])
    audit.record(
        actor, CONSENT_EDIT, patient_id=record.patient_id, about=choice, detail={"withdrawn": choice.kind}
    )
    emit(actor, OppositionWithdrawn(patient_id=record.patient_id, object_id=choice.pk, kind=choice.kind))
    if choice.practitioner_id is not None:
        _end_consented(actor, record.patient_id, choice.practitioner_id)
    return choice


@action
def lift_opposition(actor: Actor, record_id: UUID) -> None:
    """The patient opens the record again to the circle as it was; Conflict when nothing was opposed."""
    record = access.get(actor, CONSENT_LIFT, CareRecord, record_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT lift_record_opposition()")
        lifted: UUID | None = cursor.fetchone()[0]
    if lifted is None:
        raise Conflict("Votre dossier est déjà ouvert à votre cercle de soins.")
    kind = ConsentKind.OPPOSITION_RECORD
    audit.record(actor, CONSENT_LIFT, patient_id=record.patient_id, about=record, detail={"kind": kind})
    emit(actor, OppositionWithdrawn(patient_id=record.patient_id, object_id=lifted, kind=kind))


def _locked_record(actor: Actor, record_id: UUID, *, action: Action) -> CareRecord:
    """Two changes of one circle wait for each other: else two members could remove each other, or join an opposed
    record.
    """
    opened = open_record(actor, record_id, action=action)
    return CareRecord.objects.select_for_update().get(pk=opened.record.pk)


def _open_periods(patient_id: UUID) -> QuerySet[CareTeamParticipant]:
    return CareTeamParticipant.objects.filter(patient_id=patient_id, ended_at=None)


def _founder(actor: Actor) -> tuple[Practitioner, UUID]:
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None or actor.person_id is None:
        raise Refused("Seul un professionnel rattaché à une structure crée un dossier.")
    return Practitioner.objects.get(pk=actor.person_id), actor.organization_id


def _founding_role(founder: Practitioner) -> TeamRole:
    return TeamRole.ATTENDING if founder.specialty in GENERAL_MEDICINE else TeamRole.MEMBER


def _check_member(member: NewMember) -> None:
    if member.practitioner_id is not None and member.organization_id is None:
        _check_person(member, member.practitioner_id)
    elif member.organization_id is not None and member.practitioner_id is None:
        _check_structure(member, member.organization_id)
    else:
        raise Invalid("Choisissez un professionnel ou une structure.")
    if member.role != TeamRole.MEMBER and _secret(member)[0]:
        raise Invalid(_KEPT_FROM_VIEW, fields={"role": _KEPT_FROM_VIEW})


def _check_person(member: NewMember, practitioner_id: UUID) -> None:
    found = Practitioner.objects.filter(pk=practitioner_id, active=True).first()
    if found is None:
        raise Invalid(_NOT_ACTIVE)
    if member.role == TeamRole.ATTENDING and found.profession != Profession.DOCTOR:
        raise Invalid(_DOCTOR_ONLY, fields={"role": _DOCTOR_ONLY})
    if member.basis == Basis.SUPPORT:
        sentence = (
            "Une structure d’appui s’ajoute comme structure ; pour une personne, choisissez un autre titre."
        )
        raise Invalid(sentence, fields={"basis": sentence})
    if member.basis == Basis.CONSENT:
        _check_consent(member)


def _check_structure(member: NewMember, organization_id: UUID) -> None:
    if not Organization.objects.filter(pk=organization_id, active=True).exists():
        raise Invalid(_NOT_ACTIVE)
    if member.role == TeamRole.ATTENDING:
        raise Invalid(_DOCTOR_ONLY, fields={"role": _DOCTOR_ONLY})
    if member.basis == Basis.CONSENT:
        sentence = "Le consentement désigne un professionnel : ajoutez la personne plutôt que sa structure."
        raise Invalid(sentence, fields={"basis": sentence})


def _checked_proof(proof: str) -> str:
    """Raises Invalid when nothing says how the person expressed the choice."""
    written = " ".join(proof.split())
    if len(written) < PROOF_MIN_LENGTH:
        sentence = "Indiquez comment la personne l’a exprimé : courrier daté, entretien, formulaire signé."
        raise Invalid(sentence, fields={"proof": sentence})
    return written[:200]


def _check_consent(member: NewMember) -> None:
    _checked_proof(member.proof)
    if member.consented_at is None or member.consented_at > timezone.now():
        sentence = "Indiquez la date à laquelle la personne a consenti, au plus tard aujourd’hui."
        raise Invalid(sentence, fields={"consented_at": sentence})


def _record_consent(actor: Actor, record: CareRecord, member: NewMember) -> None:
    if member.consented_at is None:
        raise ValueError("_check_consent first")
    consent = Consent.objects.create(
        patient_id=record.patient_id,
        kind=ConsentKind.CONSENT_OUTSIDE_TEAM,
        practitioner_id=member.practitioner_id,
        given_at=member.consented_at,
        recorded_by_name=actor.name,
        proof=_checked_proof(member.proof),
    )
    audit.record(
        actor, CONSENT_EDIT, patient_id=record.patient_id, about=consent, detail={"kind": consent.kind}
    )


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
    emit(
        actor,
        MemberLeft(
            patient_id=participant.patient_id,
            object_id=participant.pk,
            member_id=member_id,
            by_user_id=actor.user_id,
            data_class=DataClass.CIRCLE,
            sector=participant.sector,
            restricted_to_id=participant.restricted_to_id,
        ),
    )


def _end_consented(actor: Actor, patient_id: UUID, practitioner_id: UUID) -> None:
    periods = _open_periods(patient_id).filter(practitioner_id=practitioner_id, basis=Basis.CONSENT)
    for participant in periods:
        _end(actor, participant, reason="consentement retiré")


def _join(actor: Actor, record: CareRecord, member: NewMember) -> CareTeamParticipant:
    sector, restricted_to_id = _secret(member)
    participant = CareTeamParticipant(
        patient_id=record.patient_id,
        record_id=record.pk,
        practitioner_id=member.practitioner_id,
        organization_id=member.organization_id,
        role=member.role,
        basis=member.basis,
        added_by_name=actor.name,
        added_by_id=actor.person_id if actor.kind == ActorKind.PROFESSIONAL else None,
        sector=sector,
        restricted_to_id=restricted_to_id,
    )
    participant.save(force_insert=True)
    if member.member_id is None:
        raise ValueError("a member is a person or a structure")
    emit(
        actor,
        MemberJoined(
            patient_id=record.patient_id,
            object_id=participant.pk,
            member_id=member.member_id,
            by_user_id=actor.user_id,
            data_class=DataClass.CIRCLE,
            sector=sector,
            restricted_to_id=restricted_to_id,
        ),
    )
    return participant


def _secret(member: NewMember) -> tuple[str, UUID | None]:
    """The sector that keeps this presence restricted, and the structure that always knows of it; ("", None) mostly."""
    if member.organization_id is not None:
        structure = Organization.objects.get(pk=member.organization_id)
        sector = matrix.organization_sector(structure.kind, structure.is_psychiatric)
        return sector, structure.pk if sector else None
    if member.practitioner_id is None:
        raise ValueError("a member is a person or a structure")
    roles = PractitionerRole.objects.filter(practitioner_id=member.practitioner_id, period_end=None)
    places = [role.organization for role in roles.select_related("organization").order_by("pk")]
    said = [(matrix.organization_sector(place.kind, place.is_psychiatric), place.pk) for place in places]
    person = Practitioner.objects.get(pk=member.practitioner_id)
    own = matrix.practitioner_sector(person.profession, person.specialty_label)
    if own:
        of_sector = [place for sector, place in said if sector == own]
        return own, next(iter([*of_sector, *(place for _, place in said)]), None)
    # Who works elsewhere too is not given away by his name.
    return said[0] if said and all(sector for sector, _ in said) else ("", None)
