from typing import Any
from uuid import UUID

from terresante.home_care.actions import SaidAccess, say_access
from terresante.home_care.models import HomeAccess
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord

CODE = "45B12"


def told(**said: str) -> SaidAccess:
    return SaidAccess(**{"floor": "3e", "access_code": CODE, "key_holder": "Mme Petit, gardienne", **said})


def said(
    actor: Actor, record: CareRecord, what: SaidAccess | None = None, *, seen: UUID | None = None
) -> HomeAccess:
    return say_access(actor, record.pk, said=what or told(), seen=seen)


def row_of_home(patient_id: UUID, record_id: UUID, **more: Any) -> HomeAccess:
    """For who writes a row without an action."""
    signed = {"origin": "patient", "author_name": "Camille", **more}
    return HomeAccess.objects.create(patient_id=patient_id, record_id=record_id, floor="3e", **signed)
