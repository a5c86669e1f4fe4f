"""Stays as people say them: agreement with the sex of the person, « à Bicêtre » when the hospital has a short name."""

from dataclasses import dataclass

from terresante.directory.models import Organization
from terresante.feed.enums import FeedKind
from terresante.kernel.ui.frame import TimelineEntry
from terresante.kernel.ui.wording import long_date, lowered
from terresante.patients.models import Patient
from terresante.stays.enums import EncounterClass, EncounterStatus, MovementKind
from terresante.stays.models import Encounter, EncounterMovement


@dataclass(frozen=True, slots=True)
class StayShown:
    stay: Encounter
    title: str
    place: str
    level: str
    movements: tuple[TimelineEntry, ...]


def agreed(word: str, patient: Patient) -> str:
    return {"F": f"{word}e", "M": word}.get(patient.sex, f"{word}(e)")


def at_place(organization: Organization) -> str:
    return f"à {organization.short_name}" if organization.short_name else f"· {organization.name}"


def unit_said(name: str) -> str:
    """« , cardiologie » inside a sentence; a name in capitals stays as it is."""
    if not name:
        return ""
    return f", {lowered(name)}"


def where_now(stay: Encounter) -> str:
    place = f"{at_place(stay.organization)}{unit_said(stay.unit_name)}"
    if stay.class_code == EncounterClass.EMERGENCY:
        return f"Aux urgences {place}"
    if stay.status == EncounterStatus.ON_LEAVE:
        return f"En permission, {agreed('hospitalisé', stay.patient)} {place}"
    return f"{agreed('Hospitalisé', stay.patient)} {place}"


def where_died(stay: Encounter) -> str:
    """The day when the hospital said it with the end of the stay."""
    day = f", le {long_date(stay.ended_at)}" if stay.ended_at else ""
    return f"{agreed('Décédé', stay.patient)} {at_place(stay.organization)}{day}"


def stay_shown(stay: Encounter, patient: Patient) -> StayShown:
    return StayShown(
        stay=stay,
        title=stay.get_class_code_display() or "Séjour",
        place=", ".join(part for part in (stay.organization.name, stay.unit_name) if part),
        level="information" if stay.status in (EncounterStatus.IN_PROGRESS, EncounterStatus.ON_LEAVE) else "",
        movements=tuple(_movement_shown(row) for row in getattr(stay, "told_movements", [])),
    )


def fact_said(kind: str, row: EncounterMovement) -> tuple[str, str]:
    """(bold words, the rest) of one fact."""
    place = at_place(row.encounter.organization)
    unit = unit_said(row.unit_name)
    destination = f", vers\u00a0: {row.destination}" if row.destination else ""
    return {
        FeedKind.ADMISSION: (f"{agreed('Hospitalisé', row.patient)} {place}", unit),
        FeedKind.EMERGENCY_VISIT: (f"{agreed('Arrivé', row.patient)} aux urgences {place}", ""),
        FeedKind.TRANSFER: (f"{agreed('Transféré', row.patient)}{unit}", f" {place}"),
        FeedKind.LEAVE: (f"{agreed('Parti', row.patient)} en permission", f" {place}{unit}"),
        FeedKind.DISCHARGE: (f"{agreed('Sorti', row.patient)} de l’hôpital", f" {place}{unit}{destination}"),
        FeedKind.DISCHARGE_CANCELLED: (
            f"Toujours {agreed('hospitalisé', row.patient)} {place}",
            f"{unit}\u00a0: la sortie est annulée",
        ),
        FeedKind.DEATH: (f"{agreed('Décédé', row.patient)} à l’hôpital", f" {place}"),
        FeedKind.PLANNED_STAY: (f"Hospitalisation prévue {place}", unit),
    }[FeedKind(kind)]


_ICONS = {
    MovementKind.DISCHARGE: "house",
    MovementKind.TRANSFER: "arrow-right",
    MovementKind.LEAVE: "door-open",
    MovementKind.RETURN: "undo-2",
    MovementKind.PREADMISSION: "calendar",
    MovementKind.PENDING_ADMISSION: "calendar",
    MovementKind.PENDING_DISCHARGE: "calendar",
    MovementKind.PENDING_TRANSFER: "calendar",
}


def _movement_shown(row: EncounterMovement) -> TimelineEntry:
    kind = MovementKind(row.kind)
    label = "Décès" if row.is_death else kind.label
    details = [row.unit_name]
    if kind is MovementKind.DISCHARGE and row.destination and not row.is_death:
        details.append(f"vers\u00a0: {row.destination}")
    said = ", ".join(part for part in details if part)
    return TimelineEntry(
        text=f"{label} annulé{_feminine(kind)}" if row.cancelled_at else label,
        source=said,
        at=row.occurred_at,
        icon="x" if row.cancelled_at else _ICONS.get(kind, "bed"),
    )


def _feminine(kind: MovementKind) -> str:
    masculine = {
        MovementKind.TRANSFER,
        MovementKind.TO_INPATIENT,
        MovementKind.TO_OUTPATIENT,
        MovementKind.LEAVE,
        MovementKind.RETURN,
        MovementKind.PENDING_TRANSFER,
        MovementKind.ATTENDING_CHANGE,
    }
    return "" if kind in masculine else "e"
