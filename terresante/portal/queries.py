from uuid import UUID

from terresante.care_team.access import RECORD_READ
from terresante.care_team.queries import OpenRecord, read_record
from terresante.kernel import access
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.patients.models import CareRecord


def own_record_id(actor: Actor) -> UUID | None:
    """The patient's own record; None when nobody has founded it yet. Raises Refused for anybody but a patient."""
    if actor.kind != ActorKind.PATIENT:
        raise Refused("Cet espace est celui des patients.")
    return access.list(actor, RECORD_READ, CareRecord).values_list("pk", flat=True).first()


def read_own_record(actor: Actor) -> OpenRecord | None:
    """Opens it for a page; the log keeps the line, and does not show the patient his own readings."""
    record_id = own_record_id(actor)
    return read_record(actor, record_id) if record_id is not None else None
