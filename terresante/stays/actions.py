from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from terresante.care_team.enums import DataClass
from terresante.directory.enums import UnitSensitivity, sensitivity_said
from terresante.directory.models import Organization, Unit
from terresante.feed.actions import Fact, revise, tell, withdraw
from terresante.feed.enums import ALERTS, FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord, SourceIdentity
from terresante.stays.access import STAY_REPORT
from terresante.stays.course import Course, Told, fold, is_sensitive
from terresante.stays.enums import MovementAction, MovementKind, PrivateBecause, family_of
from terresante.stays.events import StayAlerted
from terresante.stays.models import Encounter, EncounterMovement

# INTEROP.md 4 and DESIGN.md 6: later than that, a fact enters the timeline and rings nowhere.
ALERT_WITHIN = timedelta(hours=24)
# Clocks of hospitals run a little ahead; a movement dated further in the future is no news yet.
_AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMovement:
    """What one message says of one movement. `identifier` is empty when the sender numbers nothing.

    `kind` is None for a correction that does not say what it corrects.
    """

    visit_number: str
    action: MovementAction
    kind: MovementKind | None
    trigger: str
    occurred_at: datetime
    recorded_at: datetime
    message_id: UUID
    identifier: str = ""
    authority: str = ""
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


@action
def apply_movement(
    actor: Actor, patient_id: UUID, *, source: SourceIdentity, movement: ReportedMovement, now: datetime
) -> Encounter:
    """Writes what a hospital reports and brings the stay, its limits and its facts up to date.

    Raises NotFound when this hospital knows no such person or there is no record, Invalid without a visit number,
    Conflict when the number is another person's. Locks the stay.
    """
    if actor.organization_id is None:
        raise NotFound
    record = _record_reported_to(actor, patient_id)
    known = _known_stay(record, actor.organization_id, movement.visit_number)
    encounter = known or Encounter(
        patient_id=record.patient_id,
        record=record,
        source_identity=source,
        organization_id=actor.organization_id,
        visit_number=movement.visit_number,
    )
    told = list(known.movements.all()) if known else []
    row = _reported(encounter, told, movement)
    _bring_up_to_date(actor, encounter, told, _Change(row, movement.action), now=now)
    detail = {"trigger": movement.trigger, "action": movement.action, "movement": str(row.pk)}
    if private_to := row.private_to_id or encounter.private_to_id:
        detail["private_to"] = str(private_to)
    audit.record(actor, STAY_REPORT, patient_id=patient_id, about=encounter, detail=detail)
    return encounter


def _record_reported_to(actor: Actor, patient_id: UUID) -> CareRecord:
    """The row opens first: until then a gateway sees nobody, and the rule of access would refuse everybody."""
    if not rls.open_record(patient_id):
        raise NotFound
    record = access.list(actor, STAY_REPORT, CareRecord).filter(patient_id=patient_id).first()
    if record is None:
        raise NotFound
    return record


def _known_stay(record: CareRecord, organization_id: UUID, visit_number: str) -> Encounter | None:
    if not visit_number:
        raise Invalid("Le numéro de venue manque : le mouvement ne peut être rattaché à aucun séjour.")
    found = Encounter.objects.select_for_update(of=("self",)).filter(
        organization_id=organization_id, visit_number=visit_number
    )
    return found.filter(patient_id=record.patient_id).first()


def _reported(
    encounter: Encounter, told: Sequence[EncounterMovement], movement: ReportedMovement
) -> EncounterMovement:
    """The row as this message makes it, not yet saved."""
    row = _row_of(encounter, told, movement)
    row.is_secret = row.is_secret or movement.is_secret
    if movement.action is MovementAction.CANCEL:
        if row.cancelled_at is None or movement.recorded_at < row.cancelled_at:
            row.cancelled_at, row.cancelled_by = movement.recorded_at, movement.message_id
            if not row.is_reported:
                _place(row, movement, encounter.organization_id)
    else:
        _take(row, movement, encounter.organization_id)
    return row


def _row_of(
    encounter: Encounter, told: Sequence[EncounterMovement], movement: ReportedMovement
) -> EncounterMovement:
    kind = movement.kind or _kind_corrected(told, movement)
    name = (movement.authority, movement.identifier or _made_up(movement, kind), family_of(kind))
    found = next((row for row in told if (row.authority, row.identifier, row.family) == name), None)
    return found or EncounterMovement(
        patient_id=encounter.patient_id,
        encounter=encounter,
        authority=name[0],
        identifier=name[1],
        family=name[2],
        kind=kind,
        trigger=movement.trigger,
        occurred_at=movement.occurred_at,
        recorded_at=movement.recorded_at,
        message_id=movement.message_id,
        has_own_identifier=bool(movement.identifier),
    )


def _kind_corrected(told: Sequence[EncounterMovement], movement: ReportedMovement) -> MovementKind:
    """A Z99 without ZBE-6 corrects the movement that bears its number."""
    name = (movement.authority, movement.identifier)
    known = [row for row in told if movement.identifier and (row.authority, row.identifier) == name]
    if not known:
        raise Invalid("La correction ne dit pas quel mouvement elle corrige.")
    return MovementKind(min(known, key=lambda row: row.recorded_at).kind)


def _made_up(movement: ReportedMovement, kind: MovementKind) -> str:
    if movement.action is MovementAction.CANCEL:
        return f"sans numéro, annulation, {kind}, {movement.recorded_at.isoformat()}"
    return f"sans numéro, {kind}, {movement.occurred_at.isoformat()}"


def _take(row: EncounterMovement, movement: ReportedMovement, organization_id: UUID) -> None:
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
    _place(row, movement, organization_id)


def _place(row: EncounterMovement, movement: ReportedMovement, organization_id: UUID) -> None:
    """Where the message says she is, and whether that is to be kept secret."""
    row.class_code, row.admitted_at = movement.class_code, movement.admitted_at
    row.unit_code = movement.unit_code
    codes = {movement.unit_code, movement.care_unit_code, movement.ward} - {""}
    units = {unit.code: unit for unit in Unit.objects.filter(organization_id=organization_id, code__in=codes)}
    unit = units.get(movement.unit_code)
    row.unit_name = unit.name if unit else movement.unit_name
    row.sensitivity, row.private_because = _secrecy(movement, units, organization_id)


def _secrecy(movement: ReportedMovement, units: dict[str, Unit], organization_id: UUID) -> tuple[str, str]:
    """(sensitivity, why) of the movement alone; the fold decides for the stay."""
    if movement.is_legal_care:
        return UnitSensitivity.PSYCHIATRY, PrivateBecause.LEGAL_CARE
    for code, name in (
        (movement.unit_code, movement.unit_name),
        (movement.care_unit_code, movement.care_unit_name),
        (movement.ward, movement.ward),
    ):
        sensitivity = units[code].sensitivity if code in units else sensitivity_said(name)
        if sensitivity != UnitSensitivity.ORDINARY:
            return sensitivity, PrivateBecause.UNIT
    is_unknown = movement.unit_code not in units or movement.care_unit_code not in {"", *units}
    if is_unknown and Organization.objects.filter(pk=organization_id, is_psychiatric=True).exists():
        return UnitSensitivity.PSYCHIATRY, PrivateBecause.UNKNOWN_UNIT
    return UnitSensitivity.ORDINARY, ""


@dataclass(frozen=True, slots=True)
class _Change:
    row: EncounterMovement
    action: MovementAction

    def is_heard_of(self, told: Told) -> bool:
        """A correction is silent (INTEROP.md 4), except the one that makes a discharge a death."""
        return self.action is not MovementAction.UPDATE or told.kind is FeedKind.DEATH


def _bring_up_to_date(
    actor: Actor,
    encounter: Encounter,
    told: Sequence[EncounterMovement],
    change: _Change,
    *,
    now: datetime,
) -> None:
    changed = change.row
    rows = list(told) if changed in told else [*told, changed]
    course = fold(rows)
    _set_state(encounter, course)
    try:
        encounter.save()
    except IntegrityError as error:
        raise Conflict("Ce numéro de venue est déjà celui du séjour d’une autre personne.") from error
    for row in rows:
        private_to = encounter.organization_id if course.is_private or is_sensitive(row) else None
        is_moved = row.private_to_id != private_to
        row.private_to_id = private_to
        if row is changed:
            row.save()
        elif is_moved:
            row.save(update_fields=["private_to"])
    ids = [row.pk for row in told]
    known = FeedItem.objects.filter(patient_id=encounter.patient_id, object_id__in=ids) if ids else []
    _set_facts(actor, encounter, course, known, change, now=now)


def _set_state(encounter: Encounter, course: Course) -> None:
    encounter.status = course.status
    encounter.class_code = course.class_code
    encounter.started_at, encounter.ended_at = course.started_at, course.ended_at
    encounter.expected_start_at = course.expected_start_at
    encounter.expected_end_at = course.expected_end_at
    encounter.unit_code, encounter.unit_name = course.unit_code, course.unit_name
    encounter.destination, encounter.is_deceased = course.destination, course.is_deceased
    encounter.sensitivity, encounter.private_because = course.sensitivity, course.private_because
    encounter.private_to_id = encounter.organization_id if course.is_private else None


def _set_facts(
    actor: Actor,
    encounter: Encounter,
    course: Course,
    already: Iterable[FeedItem],
    change: _Change,
    *,
    now: datetime,
) -> None:
    """Feeds what is not told yet, takes back what no longer holds; announces what is new, recent and still true."""
    wanted = {(told.movement_id, told.kind): told for told in course.facts}
    known = {(item.object_id, item.kind): item for item in already}
    for key, item in known.items():
        if key not in wanted or item.private_to_id != encounter.private_to_id:
            withdraw(encounter.patient_id, item.object_id, item.kind)
    for key, told in wanted.items():
        before = known.get(key)
        if before is None or before.private_to_id != encounter.private_to_id:
            _tell(actor, encounter, told, change, now=now)
            continue
        # An alert does not go stale by being looked at again, only by no longer being true.
        alerts = _may_alert(encounter, told, now=now) or (before.is_alert and told.is_still_true)
        if (before.occurred_at, before.is_alert) != (told.occurred_at, alerts and told.kind in ALERTS):
            revise(_fact(encounter, told, alerts=alerts))
            is_inserted = told.movement_id == change.row.pk and change.action is MovementAction.INSERT
            if alerts and not before.is_alert and is_inserted:
                # Its correction came first, silent; now it happens.
                _ring(actor, encounter, told, before)


def _tell(actor: Actor, encounter: Encounter, told: Told, change: _Change, *, now: datetime) -> None:
    alerts = _may_alert(encounter, told, now=now)
    item = tell(actor, _fact(encounter, told, alerts=alerts))
    if alerts and change.is_heard_of(told):
        _ring(actor, encounter, told, item)


def _ring(actor: Actor, encounter: Encounter, told: Told, item: FeedItem) -> None:
    if told.kind not in ALERTS:
        return
    emit(
        actor,
        StayAlerted(
            patient_id=encounter.patient_id,
            object_id=item.pk,
            private_to_id=encounter.private_to_id,
            hidden_from_patient=encounter.hidden_from_patient,
            data_class=DataClass.STAY,
            kind=told.kind,
        ),
    )


def _may_alert(encounter: Encounter, told: Told, *, now: datetime) -> bool:
    is_recent = -_AHEAD <= now - told.occurred_at <= ALERT_WITHIN
    return told.is_still_true and is_recent and encounter.private_to_id is None


def _fact(encounter: Encounter, told: Told, *, alerts: bool) -> Fact:
    return Fact(
        patient_id=encounter.patient_id,
        kind=told.kind,
        object_id=told.movement_id,
        occurred_at=told.occurred_at,
        data_class=DataClass.STAY,
        private_to_id=encounter.private_to_id,
        hidden_from_patient=encounter.hidden_from_patient,
        alerts=alerts,
    )
