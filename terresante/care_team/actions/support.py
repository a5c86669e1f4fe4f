"""Records founded by the support desk for a professional who asked (MISSION F14)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import RECORD_CREATE, is_support_desk
from terresante.care_team.actions import NewMember, founding_role, join_circle
from terresante.care_team.actions.choices import check_founding_consent, check_not_opposed
from terresante.care_team.events import RecordCreated
from terresante.directory.models import Practitioner
from terresante.directory.queries.roles import works_at
from terresante.kernel import audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Purpose
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.patients.actions import register_identity
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """What the professional said of the information he gave the person: how, and when."""

    support: InformationSupport
    given_at: datetime


@action
def create_record_for(
    actor: Actor,
    *,
    practitioner_id: UUID,
    organization_id: UUID,
    traits: Traits,
    contacts: Contacts | None = None,
    patient_id: UUID | None = None,
    informed: Informed | None = None,
) -> UUID:
    """The support desk founds a record for the professional who asked: he is its author and its first member.

    The agent reaches nothing of it afterwards. `informed`: as the professional declared it; without it the record is
    not open to sharing. Raises Refused, Invalid, and Conflict as `create_record` does.
    """
    if not is_support_desk(actor):
        raise Refused("Seule la cellule d’appui crée un dossier pour un autre.")
    founder = Practitioner.objects.filter(pk=practitioner_id, active=True).first()
    if founder is None or founder.pk == actor.person_id or not works_at(practitioner_id, organization_id):
        raise Invalid("Choisissez un professionnel en activité, et une structure où il travaille.")
    # The desk has nobody before it: what asks for a consent is founded by the professional himself.
    check_founding_consent(None)
    check_not_opposed(patient_id, traits)
    acting = replace(actor, on_behalf_of=founder.full_name, purpose=Purpose.SUPPORT)
    if patient_id is None:
        patient_id = register_identity(acting, traits=traits, contacts=contacts or Contacts())
    if not rls.found_record(patient_id):
        raise Conflict("Cette personne a déjà un dossier : le professionnel demande à rejoindre son cercle.")
    record = CareRecord(patient_id=patient_id, holder_id=organization_id, created_by=founder)
    if informed is not None:
        if informed.given_at > timezone.now():
            raise Invalid("La date de l’information est dans le futur.")
        record.is_shared, record.information_given_at = True, informed.given_at
        record.information_given_by, record.information_support = founder, informed.support
    record.save(force_insert=True)
    join_circle(acting, record, NewMember(practitioner_id=founder.pk, role=founding_role(founder)))
    audit.record(
        acting, RECORD_CREATE, patient_id=patient_id, about=record, detail={"author": str(founder.pk)}
    )
    emit(acting, RecordCreated(patient_id=patient_id, object_id=record.pk))
    return record.pk
