from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from terresante.feed.enums import FeedKind
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactKey, FactLine, HeaderBadge, fact_shown, header_badge
from terresante.kernel.ui import wording
from terresante.kernel.ui.links import link
from terresante.stays.models import Encounter, EncounterMovement
from terresante.stays.queries import last_stay, movements_told
from terresante.stays.wording import fact_said, where_died, where_now

_ICONS = {
    FeedKind.ADMISSION: "bed",
    FeedKind.EMERGENCY_VISIT: "siren",
    FeedKind.TRANSFER: "arrow-right",
    FeedKind.LEAVE: "door-open",
    FeedKind.DISCHARGE: "house",
    FeedKind.DISCHARGE_CANCELLED: "undo-2",
    FeedKind.DEATH: "hospital",
    FeedKind.PLANNED_STAY: "calendar",
}


@header_badge
def where_the_person_is(actor: Actor, patient_id: UUID) -> list[HeaderBadge]:
    return [_badge(stay) for stay in last_stay(actor, patient_id) if not _is_said_by_identity(stay)]


def _is_said_by_identity(stay: Encounter) -> bool:
    return stay.is_deceased and stay.patient.deceased_on is not None


def _badge(stay: Encounter) -> HeaderBadge:
    if stay.is_deceased:
        return HeaderBadge(order=10, level="neutral", icon="flag", text=where_died(stay))
    at = stay.started_at
    since = f", depuis {wording.when(at, now=timezone.now())}" if at else ""
    return HeaderBadge(order=10, level="information", icon="bed", text=f"{where_now(stay)}{since}", since=at)


@fact_shown(*_ICONS)
def movements_lines(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    rows = {row.pk: row for row in movements_told(actor, [pk for _, pk in keys])}
    return {(kind, pk): _line(FeedKind(kind), rows[pk]) for kind, pk in keys if pk in rows}


def _line(kind: FeedKind, row: EncounterMovement) -> FactLine:
    strong, text = fact_said(kind, row)
    url = f"{link('stays:list', row.encounter.record_id)}#sejour-{row.encounter_id}"
    return FactLine(strong=strong, text=text, source="Message de l’hôpital", url=url, icon=_ICONS[kind])
