"""From what a message says of a movement to its row: by any of its names, the latest word wins."""

from collections.abc import Sequence

from terresante.directory.enums import UnitSensitivity, sensitivity_said
from terresante.kernel.errors import Invalid
from terresante.stays.actions.reports import Hospital, ReportedMovement
from terresante.stays.enums import MovementAction, MovementKind, PrivateBecause, family_of
from terresante.stays.models import Encounter, EncounterMovement


def reported_row(
    encounter: Encounter,
    told: Sequence[EncounterMovement],
    movement: ReportedMovement,
    hospital: Hospital,
) -> EncounterMovement:
    """The row as this message makes it, not yet saved."""
    row = _row_of(encounter, told, movement)
    row.is_secret = row.is_secret or movement.is_secret
    if movement.action is MovementAction.CANCEL:
        if row.cancelled_at is None or movement.recorded_at < row.cancelled_at:
            row.cancelled_at, row.cancelled_by = movement.recorded_at, movement.message_id
            if not row.is_reported:
                _place(row, movement, hospital)
    else:
        if _happened_after_all(row, movement):
            row.cancelled_at = row.cancelled_by = None
        _take(row, movement, hospital)
    return row


def _happened_after_all(row: EncounterMovement, movement: ReportedMovement) -> bool:
    """Told, taken back, then told again later under the same number. One that was taken back before it was ever told
    stays so: its own message was only late.
    """
    if not row.is_reported or row.cancelled_at is None:
        return False
    return movement.action is MovementAction.INSERT and movement.recorded_at > row.cancelled_at


def _row_of(
    encounter: Encounter, told: Sequence[EncounterMovement], movement: ReportedMovement
) -> EncounterMovement:
    kind = movement.kind or _kind_corrected(told, movement)
    names = movement.names or [(movement.authority, _made_up(movement, kind))]
    alike = [row for row in told if row.family == family_of(kind)]
    row = next((row for row in alike if _is_one(row.names, names)), None)
    if row is not None:
        row.other_names = [*row.other_names, *(list(name) for name in names if name not in row.names)]
        return row
    # A number that two movements share names neither.
    taken = {(row.authority, row.identifier) for row in alike}
    own = next((name for name in names if name not in taken), None)
    if own is None:
        raise Invalid("Ces numéros de mouvement (ZBE-1) sont ceux de plusieurs mouvements déjà connus.")
    return EncounterMovement(
        patient_id=encounter.patient_id,
        encounter=encounter,
        authority=own[0],
        identifier=own[1],
        other_names=[list(name) for name in names if name != own],
        family=family_of(kind),
        kind=kind,
        trigger=movement.trigger,
        occurred_at=movement.occurred_at,
        recorded_at=movement.recorded_at,
        message_id=movement.message_id,
        has_own_identifier=bool(movement.identifier),
    )


def _is_one(known: Sequence[tuple[str, str]], said: Sequence[tuple[str, str]]) -> bool:
    """By a name that both have (ZBE-1 repeats, one name for each system), unless an authority numbers them apart."""
    authorities = {authority for authority, _ in known}
    told = {authority for authority, number in said if (authority, number) in known}
    return bool(told) and {authority for authority, _ in said} & authorities <= told


def _kind_corrected(told: Sequence[EncounterMovement], movement: ReportedMovement) -> MovementKind:
    """A Z99 without ZBE-6 corrects the movement that bears its number."""
    known = [row for row in told if movement.names and _is_one(row.names, movement.names)]
    if not known:
        raise Invalid("La correction ne dit pas quel mouvement elle corrige.")
    return MovementKind(min(known, key=lambda row: row.recorded_at).kind)


def _made_up(movement: ReportedMovement, kind: MovementKind) -> str:
    if movement.action is MovementAction.CANCEL:
        return f"sans numéro, annulation, {kind}, {movement.recorded_at.isoformat()}"
    return f"sans numéro, {kind}, {movement.occurred_at.isoformat()}"


def _take(row: EncounterMovement, movement: ReportedMovement, hospital: Hospital) -> None:
    """The latest word wins, a correction over what it corrects when both bear the same time."""
    if not row.is_reported or movement.action is MovementAction.INSERT:
        row.trigger, row.is_historic = movement.trigger, movement.is_historic
    said = (movement.recorded_at, movement.action is MovementAction.UPDATE, movement.occurred_at)
    if row.is_reported and said < (row.recorded_at, row.is_corrected, row.occurred_at):
        return
    row.is_reported = True
    row.is_corrected = movement.action is MovementAction.UPDATE
    if movement.kind is not None:
        row.kind = movement.kind
    row.occurred_at, row.recorded_at = movement.occurred_at, movement.recorded_at
    row.message_id = movement.message_id
    row.expected_start_at, row.expected_end_at = movement.expected_start_at, movement.expected_end_at
    row.destination, row.is_death = movement.destination, movement.is_death
    _place(row, movement, hospital)


def _place(row: EncounterMovement, movement: ReportedMovement, hospital: Hospital) -> None:
    """Where the message says she is, and whether that is to be kept secret."""
    row.class_code, row.admitted_at = movement.class_code, movement.admitted_at
    row.unit_code = movement.unit_code
    unit = hospital.units.get(movement.unit_code)
    row.unit_name = unit.name if unit else movement.unit_name
    row.sensitivity, row.private_because = _secrecy(movement, hospital)


def _secrecy(movement: ReportedMovement, hospital: Hospital) -> tuple[str, str]:
    """(sensitivity, why) of the movement alone; the fold decides for the stay."""
    if movement.is_legal_care:
        return UnitSensitivity.PSYCHIATRY, PrivateBecause.LEGAL_CARE
    units = hospital.units
    for code, name in (
        (movement.unit_code, movement.unit_name),
        (movement.care_unit_code, movement.care_unit_name),
        (movement.ward, movement.ward),
    ):
        sensitivity = units[code].sensitivity if code in units else sensitivity_said(f"{code} {name}")
        if sensitivity != UnitSensitivity.ORDINARY:
            return sensitivity, PrivateBecause.UNIT
    is_unknown = movement.unit_code not in units or movement.care_unit_code not in {"", *units}
    if is_unknown and hospital.is_psychiatric:
        return UnitSensitivity.PSYCHIATRY, PrivateBecause.UNKNOWN_UNIT
    return UnitSensitivity.ORDINARY, ""
