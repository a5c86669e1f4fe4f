"""« Retour à domicile »: what a letter of discharge changes, beside what the record says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_team.access import reads_class
from terresante.care_team.enums import DataClass
from terresante.documents.access import DOCUMENT_OPEN
from terresante.documents.enums import DISCHARGES, DocumentStatus
from terresante.documents.models import DocumentReference
from terresante.documents.reading import Discharge, Told
from terresante.health_record.models import MedicationStatement
from terresante.health_record.offered_queries import count_to_integrate
from terresante.health_record.offers import is_close, is_same
from terresante.health_record.queries import treatments_in_force
from terresante.health_record.said import SaidTreatment
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.stays.access import STAY_READ
from terresante.stays.models import Encounter

# A letter follows its stay; later, it tells of another one.
_FOLLOWS = timedelta(days=30)
_MOST_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Treatment:
    """One of the letter; `known`, the line of the record about the same drug, when there is one."""

    told: Told
    known: MedicationStatement | None
    is_same: bool

    @property
    def is_changed(self) -> bool:
        return self.known is not None and not self.is_same


@dataclass(frozen=True, slots=True)
class Compared:
    """`silent`: treatments of the record of which the letter says nothing. Empty when it lists none in codes."""

    treatments: Sequence[Treatment] = ()
    silent: Sequence[MedicationStatement] = ()
    has_list: bool = False
    to_integrate: int = 0


def letters(actor: Actor, patient_id: UUID) -> list[DocumentReference]:
    """Those in force that this actor may open, the latest first."""
    return list(_letters(actor, patient_id)[:_MOST_LETTERS])


def letter_of_stay(actor: Actor, patient_id: UUID, stay_id: UUID) -> DocumentReference | None:
    """Of the same hospital, written from the end of the stay on; None when it has not come, or tells of another."""
    stay = access.list(actor, STAY_READ, Encounter).filter(patient_id=patient_id, pk=stay_id).first()
    if stay is None or stay.ended_at is None:
        return None
    first = (stay.started_at or stay.ended_at).date()
    found = _letters(actor, patient_id).filter(
        organization_id=stay.organization_id, dated_on__range=(first, stay.ended_at.date() + _FOLLOWS)
    )
    return found.first()


def _letters(actor: Actor, patient_id: UUID) -> QuerySet[DocumentReference]:
    return (
        access.list(actor, DOCUMENT_OPEN, DocumentReference)
        .filter(patient_id=patient_id, type__in=DISCHARGES, status=DocumentStatus.CURRENT)
        .select_related("file")
        .order_by("-dated_on", "-recorded_at", "pk")
    )


def compared(actor: Actor, patient_id: UUID, letter: Discharge) -> Compared:
    """With what this actor reads of the record; nothing of it for who reads no medical data."""
    if not reads_class(actor, DataClass.MEDICAL):
        return Compared()
    known = treatments_in_force(actor, patient_id)
    told = letter.treatments.lines if letter.treatments else ()
    stopped = letter.stopped.lines if letter.stopped else ()
    named = [_said(line) for line in (*told, *stopped)]
    silent = [line for line in known if not any(is_close(said, line) for said in named)]
    return Compared(
        treatments=[_beside(line, known) for line in told],
        silent=silent if told else (),
        has_list=bool(known),
        to_integrate=count_to_integrate(actor, patient_id),
    )


def _beside(told: Told, known: Sequence[MedicationStatement]) -> Treatment:
    said = _said(told)
    same = next((line for line in known if is_same(said, line)), None)
    return Treatment(told, same or next((line for line in known if is_close(said, line)), None), bool(same))


def _said(told: Told) -> SaidTreatment:
    return SaidTreatment(drug=told.strong, dosage=told.text)
