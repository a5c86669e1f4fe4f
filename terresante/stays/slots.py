from collections.abc import Collection
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from terresante.feed.enums import FeedKind
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactKey, FactLine, HeaderBadge, fact_shown, header_badge
from terresante.kernel.ui import wording
from terresante.stays.models import EncounterMovement
from terresante.stays.queries import current_places, movements_told
from terresante.stays.wording import fact_said

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
    place = current_places(actor, [patient_id]).get(patient_id)
    if place is None:
        return []
    since = f", depuis {wording.when(place.since, now=timezone.now())}" if place.since else ""
    text = f"{place.text}{since}"
    return [HeaderBadge(order=10, level="information", icon="bed", text=text, since=place.since)]


@fact_shown(*_ICONS)
def movements_lines(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    rows = {row.pk: row for row in movements_told(actor, [pk for _, pk in keys])}
    return {(kind, pk): _line(FeedKind(kind), rows[pk]) for kind, pk in keys if pk in rows}


def _line(kind: FeedKind, row: EncounterMovement) -> FactLine:
    strong, text = fact_said(kind, row)
    url = f"{reverse('stays:list', args=[row.encounter.record_id])}#sejour-{row.encounter_id}"
    return FactLine(strong=strong, text=text, source="Message de l’hôpital", url=url, icon=_ICONS[kind])
