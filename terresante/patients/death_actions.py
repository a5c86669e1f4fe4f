"""A death noted by mistake, and one announced again afterwards: the identity desk decides (README, "Deaths")."""

from uuid import UUID

from django.utils import timezone

from terresante.kernel import access
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.events import emit
from terresante.patients.access import IDENTITY_ADMIT_DEATH, IDENTITY_CLEAR_DEATH
from terresante.patients.desk_actions import checked_reason, kept_values, write_change
from terresante.patients.enums import IdentityChangeKind, IdentityStatus
from terresante.patients.events import DeathChanged
from terresante.patients.models import Patient
from terresante.patients.queries import has_died


@action
def clear_death(actor: Actor, patient_id: UUID, *, reason: str) -> Patient:
    """Alive, as of today: an older death, or one without a date, that is announced afterwards waits for the desk.

    Raises Invalid without a reason, Conflict when no death is noted.
    """
    patient = access.get(actor, IDENTITY_CLEAR_DEATH, Patient, patient_id, lock=True)
    why = checked_reason(reason)
    if not has_died(patient):
        raise Conflict("Aucun décès n’est noté pour cette personne.")
    before = kept_values(patient)
    patient.deceased_on, patient.is_deceased, patient.said_alive_on = None, False, timezone.localdate()
    patient.save(update_fields=["deceased_on", "is_deceased", "said_alive_on", "updated_at"])
    write_change(
        actor,
        patient,
        IdentityChangeKind.ALIVE,
        before=before,
        was=IdentityStatus(patient.identity_status),
        reason=why,
        act=IDENTITY_CLEAR_DEATH,
    )
    emit(actor, DeathChanged(patient_id=patient.pk))
    return patient


@action
def admit_death(actor: Actor, patient_id: UUID) -> Patient:
    """The death announced again is believed from now on: what announces it may be played again.

    Raises Conflict when the desk had cleared none.
    """
    patient = access.get(actor, IDENTITY_ADMIT_DEATH, Patient, patient_id, lock=True)
    if patient.said_alive_on is None:
        raise Conflict("Aucun décès n’a été effacé pour cette personne.")
    before = kept_values(patient)
    patient.said_alive_on = None
    patient.save(update_fields=["said_alive_on", "updated_at"])
    write_change(
        actor,
        patient,
        IdentityChangeKind.DEATH,
        before=before,
        was=IdentityStatus(patient.identity_status),
        act=IDENTITY_ADMIT_DEATH,
    )
    return patient
