"""A record begins, and opens to sharing."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from terresante.care_team.access import (
    RECORD_CREATE,
    RECORD_KEEP,
    RECORD_PREPARE,
    RECORD_SHARE,
    is_support_desk,
    writes_class,
)
from terresante.care_team.actions.choices import (
    agree_to_sharing,
    check_founding_consent,
    check_not_opposed,
    record_founding_consent,
)
from terresante.care_team.actions.members import NewMember, join_circle, secret_of
from terresante.care_team.enums import Basis, DataClass, TeamRole
from terresante.care_team.events import RecordCreated, RecordShared
from terresante.care_team.regime import GivenConsent
from terresante.directory.enums import OrganizationKind
from terresante.directory.models import Organization, Practitioner
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.patients.actions import register_identity
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits

SUPPORT_STRUCTURES = (OrganizationKind.DAC, OrganizationKind.CLIC)
# TRE_R38: general medicine and its qualifications; a generalist who founds a record is the treating doctor.
GENERAL_MEDICINE = frozenset({"SM26", "SM53", "SM54"})


@action
def create_record(
    actor: Actor,
    *,
    traits: Traits,
    contacts: Contacts | None = None,
    patient_id: UUID | None = None,
    consent: GivenConsent | None = None,
) -> CareRecord:
    """Founds the record of a new identity, or of a known one (`patient_id`) that has none yet.

    Its first member is who founds it, or the physician he acts for. Raises Refused for who may not and for a person who
    opposes it, Invalid for a trait or for a consent that the regime asks for, Conflict when the identity already has a
    record.
    """
    founder, member, holder_id = _founder(actor)
    check_founding_consent(consent)
    check_not_opposed(patient_id, traits)
    if patient_id is None:
        patient_id = register_identity(actor, traits=traits, contacts=contacts or Contacts())
    if not rls.found_record(patient_id):
        raise Conflict("Cette personne a déjà un dossier : recherchez-la et demandez à rejoindre son cercle.")
    record = CareRecord.objects.create(patient_id=patient_id, holder_id=holder_id, created_by=founder)
    record_founding_consent(actor, record, consent)
    join_circle(actor, record, NewMember(practitioner_id=member.pk, role=founding_role(member)))
    audit.record(actor, RECORD_CREATE, patient_id=patient_id, about=record)
    emit(actor, RecordCreated(patient_id=patient_id, object_id=record.pk))
    return record


@action
def prepare_record(actor: Actor, *, traits: Traits, holder_id: UUID, programme: str) -> CareRecord:
    """By a structure's robot: the record of somebody new here, closed, whose only member is that structure.

    The caller has made sure that nobody resembles and that nothing is opposed. Raises Refused for who is no job,
    Invalid for a trait or where the regime asks for a consent first.
    """
    if actor.kind != ActorKind.JOB:
        raise Refused("Seul le robot d’une structure prépare un dossier.")
    check_founding_consent(None)
    patient_id = register_identity(actor, traits=traits)
    if not rls.found_record(patient_id):
        raise Conflict("Ce dossier n’a pas pu être préparé.")
    record = CareRecord.objects.create(patient_id=patient_id, holder_id=holder_id, programme=programme[:120])
    join_circle(actor, record, NewMember(organization_id=holder_id))
    audit.record(actor, RECORD_PREPARE, patient_id=patient_id, about=record)
    emit(actor, RecordCreated(patient_id=patient_id, object_id=record.pk))
    return record


def supports(actor: Actor) -> bool:
    """Acts for a support structure, and keeps records there."""
    if actor.organization_id is None or not writes_class(actor, DataClass.CIRCLE):
        return False
    return Organization.objects.filter(pk=actor.organization_id, kind__in=SUPPORT_STRUCTURES).exists()


@action
def create_kept_record(
    actor: Actor, *, traits: Traits, contacts: Contacts | None = None, consent: GivenConsent | None = None
) -> CareRecord:
    """The non-shared record of a support structure: its member is the structure, nobody else knows that it exists.

    It is made under an identity of its own, even of somebody known here: the other identity would tell of it, and its
    record too. Raises Refused for who acts for no support structure.
    """
    founder, _, holder_id = _founder(actor)
    if not supports(actor):
        raise Refused(
            "Un dossier non partagé se crée dans une structure d’appui, par qui y tient les dossiers."
        )
    check_founding_consent(consent)
    check_not_opposed(None, traits)
    patient_id = register_identity(actor, traits=traits, contacts=contacts or Contacts())
    if not rls.found_record(patient_id):
        raise Conflict("Ce dossier n’a pas pu être créé : recommencez.")
    record = CareRecord.objects.create(
        patient_id=patient_id, holder_id=holder_id, kept_by_id=holder_id, created_by=founder
    )
    record_founding_consent(actor, record, consent)
    join_circle(actor, record, NewMember(organization_id=holder_id, basis=Basis.SUPPORT))
    audit.record(actor, RECORD_KEEP, patient_id=patient_id, about=record)
    return record


@action
def share_record(
    actor: Actor,
    record_id: UUID,
    *,
    support: InformationSupport,
    given_at: datetime | None = None,
    given_by_id: UUID | None = None,
    consent: GivenConsent | None = None,
) -> CareRecord:
    """Records that the person was informed, which opens the record to sharing (MISSION B5); one kept by a support
    structure is kept no more. `given_by_id`: a colleague who informed her, else the actor.

    Raises Conflict when it is open, Invalid for a date, an informer, or a consent that the regime asks for.
    """
    record = access.get(actor, RECORD_SHARE, CareRecord, record_id, lock=True)
    if record.is_shared:
        raise Conflict("Le dossier est déjà ouvert au partage.")
    if given_at is not None and given_at > timezone.now():
        raise Invalid("La date de l’information est dans le futur.", fields={"given_at": "Date à corriger."})
    rls.open_record(record.patient_id)
    agree_to_sharing(actor, record, consent)
    was_kept = record.kept_by_id is not None
    record.is_shared, record.kept_by = True, None
    record.information_given_at = given_at or timezone.now()
    record.information_given_by_id = _informer(actor, given_by_id)
    record.information_support = support
    record.save()
    detail = {"support": support, "kept": was_kept, "informed_by": str(record.information_given_by_id)}
    audit.record(actor, RECORD_SHARE, patient_id=record.patient_id, about=record, detail=detail)
    emit(
        actor,
        RecordShared(
            patient_id=record.patient_id,
            object_id=record.pk,
            was_kept=was_kept,
            by_user_id=actor.user_id,
            data_class=DataClass.CIRCLE,
        ),
    )
    return record


def _founder(actor: Actor) -> tuple[Practitioner, Practitioner, UUID]:
    """Who founds, who is the first member, where. Raises Refused."""
    if is_support_desk(actor):
        raise Refused("La cellule d’appui crée un dossier pour un professionnel qui le demande.")
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None or actor.person_id is None:
        raise Refused("Seul un professionnel rattaché à une structure crée un dossier.")
    founder = Practitioner.objects.get(pk=actor.person_id)
    member = Practitioner.objects.get(pk=actor.principal_id) if actor.principal_id else founder
    return founder, member, actor.organization_id


def founding_role(founder: Practitioner) -> TeamRole:
    """No role that the whole circle sees for who is kept from view."""
    if founder.specialty not in GENERAL_MEDICINE or secret_of(NewMember(practitioner_id=founder.pk))[0]:
        return TeamRole.MEMBER
    return TeamRole.ATTENDING


def _informer(actor: Actor, given_by_id: UUID | None) -> UUID | None:
    """Himself, or somebody of his structure."""
    if given_by_id in (None, actor.person_id):
        return actor.person_id
    works_there = Q(roles__organization_id=actor.organization_id, roles__period_end=None)
    if not Practitioner.objects.filter(works_there, pk=given_by_id, active=True).exists():
        sentence = "Choisissez quelqu’un de votre structure."
        raise Invalid(sentence, fields={"given_by": sentence})
    return given_by_id
