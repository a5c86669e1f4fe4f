from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.events import DeathChanged
from terresante.patients.identity_rules import is_proven, is_returned, normalised_name, status_of
from terresante.patients.models import IdentityDomain, Patient, SourceIdentity
from terresante.patients.queries import says_cleared_death
from terresante.patients.traits import Contacts, Traits, check_traits

IDENTITY_CREATE = Action("identity.create", "Créer une identité")
IDENTITY_LINK = Action("identity.link", "Rattacher un identifiant d’établissement")
IDENTITY_REPLACE = Action("identity.replace", "Rediriger un identifiant d’établissement")
IDENTITY_COMPLETE = Action("identity.complete", "Compléter une identité")
_OF_A_DEATH = ("deceased_on", "is_deceased")


@action
def register_identity(actor: Actor, *, traits: Traits, contacts: Contacts | None = None) -> UUID:
    """Creates an identity and returns its key: nothing reaches the row until a record or a domain is linked to it.

    Raises Invalid naming the wrong traits.
    """
    check_traits(traits, today=timezone.localdate())
    patient = Patient(id=new_id())
    apply_traits(patient, traits)
    for name, value in _contact_values(contacts or Contacts()).items():
        setattr(patient, name, value)
    Patient.objects.bulk_create([patient])
    audit.record(actor, IDENTITY_CREATE, patient_id=patient.pk, about=patient)
    return patient.pk


@action
def link_identity(actor: Actor, patient_id: UUID, *, domain: IdentityDomain, value: str) -> SourceIdentity:
    """Says that this local identifier is this patient's; said again, it changes nothing.

    Opens the record. Raises Conflict when the identifier is already somebody else's.
    """
    rls.open_record(patient_id)
    SourceIdentity.objects.bulk_create(
        [SourceIdentity(domain=domain, value=value, patient_id=patient_id)], ignore_conflicts=True
    )
    linked = SourceIdentity.objects.filter(domain=domain, value=value, patient_id=patient_id).first()
    if linked is None:
        raise Conflict("Cet identifiant est déjà rattaché à un autre patient.")
    audit.record(actor, IDENTITY_LINK, patient_id=patient_id, about=linked, detail={"domain": str(domain.pk)})
    return linked


@action
def replace_identifier(
    actor: Actor, patient_id: UUID, *, domain: IdentityDomain, dead: str, surviving: str
) -> SourceIdentity:
    """The dead identifier of a merge leads to the surviving one; both are this patient's. Opens the record.

    Raises Conflict when one is somebody else's, Invalid when the redirection would come back on itself.
    """
    kept = link_identity(actor, patient_id, domain=domain, value=surviving)
    retired = link_identity(actor, patient_id, domain=domain, value=dead)
    step: SourceIdentity | None = kept
    while step is not None:
        if step.pk == retired.pk:
            raise Invalid("Fusion refusée : l’identifiant remplacé est aussi celui qui le remplace.")
        step = step.replaced_by
    retired.replaced_by = kept
    retired.save(update_fields=["replaced_by"])
    audit.record(actor, IDENTITY_REPLACE, patient_id=patient_id, about=retired)
    return kept


@action
def complete_identity(
    actor: Actor,
    patient: Patient,
    *,
    traits: Traits,
    deceased_on: date | None = None,
    is_deceased: bool = False,
) -> bool:
    """Fills what is missing and overwrites nothing; whether it changed anything. Then opens the record.

    The caller leaves the matricule out of `traits` unless every strict trait is the same. `is_deceased` alone is a
    death without its date. Raises Conflict when it may be the death that the identity desk cleared: nothing is written.
    """
    missing = _missing(patient, traits, deceased_on, is_deceased)
    if missing:
        rls.open_record(patient.pk)
        patient = Patient.objects.select_for_update().get(pk=patient.pk)
        # The row that is written is asked, not the one that was read: the desk may have cleared the death in between.
        if says_cleared_death(patient, deceased_on=deceased_on, is_deceased=is_deceased):
            raise Conflict("La cellule d’identitovigilance a effacé ce décès : à elle de décider.")
        missing = _missing(patient, traits, deceased_on, is_deceased)
        _fill(patient, missing, traits)
        if not missing.keys().isdisjoint(_OF_A_DEATH):
            emit(actor, DeathChanged(patient_id=patient.pk))
    detail = {"filled": sorted(missing)}
    audit.record(actor, IDENTITY_COMPLETE, patient_id=patient.pk, about=patient, detail=detail)
    return bool(missing)


def _missing(patient: Patient, traits: Traits, deceased_on: date | None, is_deceased: bool) -> dict[str, Any]:
    is_same_place = patient.birth_place_code == traits.birth_place_code
    takes_none = patient.is_doubtful or patient.is_fictitious or not is_returned(traits.identity_status)
    told = {
        "used_name": traits.used_name.strip(),
        "used_given_name": traits.used_given_name.strip(),
        "birth_place_name": traits.birth_place_name if is_same_place else "",
        # INTEROP.md 2: a doubtful or fictitious identity, here or there, takes no matricule.
        "ins": "" if takes_none else traits.ins,
        "ins_oid": "" if takes_none else traits.ins_oid,
        "deceased_on": deceased_on,
        "is_deceased": is_deceased and not (deceased_on or patient.deceased_on),
    }
    return {name: value for name, value in told.items() if value and not getattr(patient, name)}


def _fill(patient: Patient, missing: dict[str, Any], traits: Traits) -> None:
    for name, value in missing.items():
        setattr(patient, name, value)
    if "ins" in missing:
        proven = is_proven(patient.identity_status) or is_proven(traits.identity_status)
        patient.identity_status = status_of(is_proven=proven, is_returned=True)
    if "used_name" in missing:
        patient.match_used_name = normalised_name(patient.used_name)
    if missing:
        patient.save()


def apply_traits(patient: Patient, traits: Traits) -> None:
    """Writes checked traits in their strict form (RNIV: capitals, no diacritic) and their matching form."""
    if traits.birth_date is None:
        raise ValueError("check_traits first")
    patient.birth_name = patient.match_birth_name = normalised_name(traits.birth_name)
    patient.birth_given_names = normalised_name(traits.birth_given_names)
    patient.birth_given_name = patient.match_given_name = traits.first_given_name
    patient.birth_date = traits.birth_date
    patient.lunar_birth_date = traits.lunar_birth_date
    patient.sex = traits.sex
    patient.birth_place_code = traits.birth_place_code
    patient.birth_place_name = traits.birth_place_name
    patient.used_name = traits.used_name.strip()
    patient.match_used_name = normalised_name(traits.used_name)
    patient.used_given_name = traits.used_given_name.strip()
    patient.ins = traits.ins
    patient.ins_oid = traits.ins_oid
    patient.identity_status = traits.identity_status


def _contact_values(contacts: Contacts) -> dict[str, str]:
    return {
        "phone": contacts.phone.strip(),
        "email": contacts.email.strip(),
        "address_line": contacts.address_line.strip(),
        "postal_code": contacts.postal_code.strip(),
        "city": contacts.city.strip(),
    }
