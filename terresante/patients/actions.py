from uuid import UUID

from django.utils import timezone

from terresante.kernel import audit
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import Patient
from terresante.patients.traits import Contacts, Traits, check_traits

IDENTITY_CREATE = Action("identity.create", "Créer une identité")


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
