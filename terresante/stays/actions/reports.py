"""What a hospital reports, and the stay as one report makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from terresante.directory.models import Unit
from terresante.feed.enums import FeedKind
from terresante.kernel.actor import Actor
from terresante.stays.course import Course
from terresante.stays.enums import MovementAction, MovementKind
from terresante.stays.models import Encounter, EncounterMovement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMovement:
    """What one message says of one movement. `identifier` is empty when the sender numbers nothing; `other_names`, as
    (authority, identifier), is how other systems name the same one.

    `kind` is None for a correction that does not say what it corrects.
    """

    visit_number: str
    action: MovementAction
    kind: MovementKind | None
    trigger: str
    occurred_at: datetime
    recorded_at: datetime
    message_id: UUID
    # PID-18: what it names beside the visit, or in place of it (`visit_number` is then marked).
    account: str = ""
    identifier: str = ""
    authority: str = ""
    other_names: tuple[tuple[str, str], ...] = ()
    class_code: str = ""
    unit_code: str = ""
    unit_name: str = ""
    admitted_at: datetime | None = None
    expected_start_at: datetime | None = None
    expected_end_at: datetime | None = None
    destination: str = ""
    is_death: bool = False
    is_secret: bool = False
    is_legal_care: bool = False
    # ZBE-5: the sender inserts what happened before the present movement.
    is_historic: bool = False
    # Where she lies may be another unit than the one that answers for her: either may be sensitive.
    care_unit_code: str = ""
    care_unit_name: str = ""
    ward: str = ""

    @property
    def unit_codes(self) -> set[str]:
        return {self.unit_code, self.care_unit_code, self.ward} - {""}

    @property
    def names(self) -> list[tuple[str, str]]:
        return [(self.authority, self.identifier), *self.other_names] if self.identifier else []


@dataclass(frozen=True, slots=True)
class Report:
    """A movement of somebody the hospital knows under the local number `source_id`."""

    patient_id: UUID
    source_id: UUID
    movement: ReportedMovement


@dataclass(frozen=True, slots=True)
class Hospital:
    """What its directory entry says of the units that a batch names."""

    organization_id: UUID
    units: Mapping[str, Unit]
    is_psychiatric: bool


@dataclass(slots=True)
class Change:
    """A stay as one report makes it: all its movements, the one reported among them."""

    actor: Actor
    encounter: Encounter
    is_new: bool
    # Before this report, to whoever reads the record: neither private nor taken back.
    was_shown: bool
    told: Sequence[EncounterMovement]
    row: EncounterMovement
    movement: ReportedMovement
    course: Course

    @property
    def rows(self) -> list[EncounterMovement]:
        return list(self.told) if self.row in self.told else [*self.told, self.row]

    @property
    def has_turned(self) -> bool:
        """Taken from the circle by this report, or given back; of a new stay, never given."""
        return (self.is_new or self.was_shown) != self.encounter.is_shown

    @property
    def is_plain(self) -> bool:
        """What takes a stay from the circle, or gives it back, is told to nobody else than the hospital, whether a
        movement became secret or an admission was a mistake: told of one alone, it would tell which.
        """
        return self.encounter.is_shown and not self.has_turned and self.row.private_to_id is None

    def is_heard_of(self, kind: str) -> bool:
        """A correction is silent (INTEROP.md 4), except the one that makes a discharge a death."""
        return self.movement.action is not MovementAction.UPDATE or kind == FeedKind.DEATH

    def inserts(self, movement_id: UUID) -> bool:
        return self.row.pk == movement_id and self.movement.action is MovementAction.INSERT
