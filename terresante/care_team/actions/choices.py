"""What the person says of her record, before it, and when she could not be asked (L1110-4, D1110-3-1 to 4 CSP)."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.access import (
    CONSENT_EDIT,
    CREATION_ALLOW,
    CREATION_OPPOSE,
    LATER_INFORM,
)
from terresante.care_team.enums import ConsentGround, ConsentKind, ConsentSupport
from terresante.care_team.events import ConsentRecorded
from terresante.care_team.models import Consent
from terresante.care_team.queries import open_choices, open_record, why_not_founded
from terresante.care_team.regime import (
    GivenConsent,
    check_consent,
    checked_proof,
    missing_consent,
    needs_consent,
    scope_of,
)
from terresante.directory.models import Practitioner
from terresante.kernel import access, audit, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.actions import register_identity
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits

_PROFESSIONALS_ONLY = "Seul un professionnel rattaché à une structure enregistre ce choix."


@action
def oppose_creation(
    actor: Actor,
    *,
    traits: Traits,
    proof: str,
    support: ConsentSupport = ConsentSupport.ORAL,
    said_at: datetime | None = None,
    patient_id: UUID | None = None,
) -> UUID:
    """The person refuses that a record be made: kept on an identity, the known one or a new one; returns its key.

    Raises Conflict when she has a record (it is opposed from its own pages) or has said it already.
    """
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        raise Refused(_PROFESSIONALS_ONLY)
    how = checked_proof(proof)
    if why_not_founded(patient_id, traits) == "opposed":
        raise Conflict("Cette opposition est déjà enregistrée.")
    if patient_id is None:
        patient_id = register_identity(actor, traits=traits, contacts=Contacts())
    choice_id = new_id()
    outcome = sql.value(
        "SELECT oppose_creation(%s, %s, %s, %s, %s, %s)",
        choice_id,
        patient_id,
        said_at or timezone.now(),
        how,
        support,
        actor.name,
    )
    if outcome is None:
        raise Conflict(
            "Cette personne a déjà un dossier : son opposition s’enregistre dans « Choix du patient »."
        )
    if outcome == "already":
        raise Conflict("Cette opposition est déjà enregistrée.")
    detail = {"kind": ConsentKind.OPPOSITION_RECORD, "choice": str(choice_id)}
    audit.record(actor, CREATION_OPPOSE, patient_id=patient_id, detail=detail)
    return patient_id


@action
def allow_creation(actor: Actor, patient_id: UUID, *, proof: str) -> None:
    """The person takes her opposition back: a record may be made. Raises Conflict when there is none to take back."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        raise Refused(_PROFESSIONALS_ONLY)
    choice_id = sql.value(
        "SELECT withdraw_creation_opposition(%s, %s, %s)", patient_id, checked_proof(proof), actor.name
    )
    if choice_id is None:
        raise Conflict("Aucune opposition à la création d’un dossier n’est enregistrée pour cette personne.")
    detail = {"withdrawn": ConsentKind.OPPOSITION_RECORD, "choice": str(choice_id)}
    audit.record(actor, CREATION_ALLOW, patient_id=patient_id, detail=detail)


@action
def inform_later(actor: Actor, record_id: UUID, choice_id: UUID, *, proof: str) -> Consent:
    """The person who could not be asked was told since (D1110-3-4 CSP).

    Raises Conflict when nothing was due, Invalid when nothing says how.
    """
    record = locked_record(actor, record_id, action=CONSENT_EDIT)
    choice = access.get(actor, CONSENT_EDIT, Consent, choice_id, lock=True)
    if choice.patient_id != record.patient_id:
        raise NotFound
    if choice.inform_by is None or choice.informed_at is not None:
        raise Conflict("Aucune information n’est due pour ce choix.")
    how = checked_proof(proof)
    choice.informed_at, choice.informed_by_name = timezone.now(), actor.name
    choice.proof = f"{choice.proof} ; {how}"[:200]
    choice.save(update_fields=["informed_at", "informed_by_name", "proof"])
    audit.record(actor, LATER_INFORM, patient_id=record.patient_id, about=choice)
    return choice


def locked_record(actor: Actor, record_id: UUID, *, action: Action) -> CareRecord:
    """Two changes of one circle wait for each other: else two members could remove each other, or join an opposed
    record.
    """
    opened = open_record(actor, record_id, action=action)
    return CareRecord.objects.select_for_update().get(pk=opened.record.pk)


def check_founding_consent(consent: GivenConsent | None) -> None:
    if consent is not None:
        check_consent(consent)
    elif needs_consent():
        raise missing_consent(ConsentKind.CONSENT_RECORD)


def check_not_opposed(patient_id: UUID | None, traits: Traits) -> None:
    if why_not_founded(patient_id, traits) == "opposed":
        raise Refused(
            "La personne s’est opposée à la création d’un dossier : rien n’est créé tant qu’elle n’est pas revenue sur"
            " ce choix."
        )


def record_founding_consent(actor: Actor, record: CareRecord, consent: GivenConsent | None) -> None:
    if consent is not None:
        keep_consent(actor, record, ConsentKind.CONSENT_RECORD, consent)


def agree_to_sharing(actor: Actor, record: CareRecord, consent: GivenConsent | None) -> None:
    if ConsentKind.CONSENT_SHARING in open_choices(record.patient_id):
        return
    if consent is not None:
        check_consent(consent)
        keep_consent(actor, record, ConsentKind.CONSENT_SHARING, consent)
    elif needs_consent():
        raise missing_consent(ConsentKind.CONSENT_SHARING)


def keep_consent(
    actor: Actor,
    record: CareRecord,
    kind: ConsentKind,
    consent: GivenConsent,
    practitioner: Practitioner | None = None,
) -> Consent:
    kept = Consent.objects.create(
        patient_id=record.patient_id,
        kind=kind,
        practitioner=practitioner,
        given_at=consent.given_at or timezone.now(),
        recorded_by_name=actor.name,
        proof=checked_proof(consent.proof),
        support=consent.support,
        ground=consent.ground,
        inform_by=None if consent.ground == ConsentGround.GIVEN else consent.inform_by,
        expires_at=consent.expires_at,
        scope=scope_of(consent),
        category=matrix.category_of(practitioner.profession) if practitioner else "",
    )
    detail = {"kind": kept.kind, "ground": kept.ground, "scope": kept.scope}
    audit.record(actor, CONSENT_EDIT, patient_id=record.patient_id, about=kept, detail=detail)
    if kind == ConsentKind.CONSENT_SHARING:
        emit(actor, ConsentRecorded(patient_id=record.patient_id, object_id=kept.pk))
    return kept
