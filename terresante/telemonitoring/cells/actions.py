"""Cells, kept by who administers their structure."""

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from terresante.directory.access import MEMBERS_MANAGE
from terresante.directory.models import Organization
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.telemonitoring.alerts.access import CELL_MANAGE
from terresante.telemonitoring.cells.hours import check_week
from terresante.telemonitoring.cells.queries import people_of
from terresante.telemonitoring.models import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEntry:
    """`second_level_id`, `physician_id`: accounts of people who work in the structure, or None."""

    name: str
    territory: str
    phone: str
    on_call_name: str
    on_call_phone: str
    second_level_id: UUID | None
    physician_id: UUID | None
    lock_minutes: int
    days_off: list[str]
    opening_hours: dict[str, list[list[str]]]
    is_active: bool


@action
def add_cell(actor: Actor, organization_id: UUID, *, entry: CellEntry) -> Cell:
    """Raises NotFound for a structure that the actor does not administer, Invalid or Conflict as `change_cell`."""
    place = access.get(actor, MEMBERS_MANAGE, Organization, organization_id)
    _check(organization_id, entry)
    return _kept(actor, Cell(organization=place, **asdict(entry)))


@action
def change_cell(actor: Actor, cell_id: UUID, *, entry: CellEntry) -> Cell:
    """Raises Invalid for hours that overlap or somebody who does not work there, Conflict for a name that is taken."""
    cell = access.get(actor, CELL_MANAGE, Cell, cell_id, lock=True)
    _check(cell.organization_id, entry)
    for name, value in asdict(entry).items():
        setattr(cell, name, value)
    return _kept(actor, cell)


def _check(organization_id: UUID, entry: CellEntry) -> None:
    if wrong := check_week(entry.opening_hours):
        raise Invalid(wrong[0][1], fields={f"day_{day}": sentence for day, sentence in wrong})
    known = {key for key, _ in people_of(organization_id)}
    named = {"second_level": entry.second_level_id, "physician": entry.physician_id}
    strangers = {
        name: "Choisissez quelqu’un de la liste." for name, key in named.items() if key and key not in known
    }
    if strangers:
        raise Invalid("Cette personne ne travaille pas dans la structure.", fields=strangers)


def _kept(actor: Actor, cell: Cell) -> Cell:
    try:
        with transaction.atomic():
            cell.save()
    except IntegrityError as error:
        raise Conflict("La structure a déjà une cellule de ce nom : choisissez-en un autre.") from error
    audit.record(actor, CELL_MANAGE, about=cell, detail={"organization": str(cell.organization_id)})
    return cell
