from collections.abc import Iterator
from uuid import UUID

from terresante.care_team.access import decides_for_patient
from terresante.care_team.queries import open_record
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.overview.access import RECORD_EXPORT
from terresante.overview.enums import ExportForm, ExportReason
from terresante.overview.export import Export
from terresante.overview.paper import paper


@action
def take_out(
    actor: Actor, record_id: UUID, *, form: ExportForm, reason: ExportReason | None = None
) -> Iterator[bytes]:
    """The copy, read while it is sent: ask for its first piece once the transaction is over.

    Raises Invalid when a professional gives no reason, Refused or NotFound for who takes no copy.
    """
    record = open_record(actor, record_id, action=RECORD_EXPORT).record
    if reason is None and not decides_for_patient(actor):
        sentence = "Dites pourquoi vous sortez une copie du dossier."
        raise Invalid(sentence, fields={"reason": sentence})
    why = reason.value if reason else "own"
    audit.record(
        actor,
        RECORD_EXPORT,
        patient_id=record.patient_id,
        about=record,
        detail={"form": form.value, "reason": why},
    )
    export = Export(actor, record_id)
    return export.archive() if form == ExportForm.FHIR else paper(export)
