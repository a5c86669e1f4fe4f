from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from terresante.care_team.enums import DataClass
from terresante.directory.enums import UnitSensitivity, sensitivity_said
from terresante.directory.models import Organization, Unit
from terresante.feed.actions import Fact, revise_together, tell_together, withdraw_together
from terresante.feed.enums import ALERTS, FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.events import emit
from terresante.kernel.together import insert, update
from terresante.patients.models import CareRecord
from terresante.stays.access import STAY_REPORT
from terresante.stays.course import Course, Told, fold, is_sensitive
from terresante.stays.enums import MovementAction, MovementKind, PrivateBecause, family_of
from terresante.stays.events import StayAlerted, StayChanged
from terresante.stays.models import Encounter, EncounterMovement

# INTEROP.md 4 and DESIGN.md 6: later than that, a fact enters the timeline and rings nowhere.
ALERT_WITHIN = timedelta(hours=24)
# Clocks of hospitals run a little ahead; a movement dated further in the future is no news yet.
_AHEAD = timedelta(hours=1)


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
class _Hospital:
    """What its directory entry says of the units that a batch names."""

    organization_id: UUID
    units: Mapping[str, Unit]
    is_psychiatric: bool


@dataclass(slots=True)
class _Change:
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


@action
def apply_movements(actor: Actor, reports: Sequence[Report], *, now: datetime) -> list[Encounter]:
    """Writes what a hospital reports, at most one movement of each person, and brings the stays, their limits and
    their facts up to date: the same few statements for one report as for hundreds, written whole or not at all.

    Raises NotFound when this hospital knows no such person or there is no record, Invalid without a visit number,
    Conflict when the number is another person's. Locks the stays.
    """
    if actor.organization_id is None:
        raise NotFound
    records = _records_reported_to(actor, [report.patient_id for report in reports])
    hospital = _hospital(actor.organization_id, reports)
    known = _known_stays(actor.organization_id, reports)
    changes = [_change(actor, records[report.patient_id], hospital, known, report) for report in reports]
    _write(changes)
    _bring_facts_up_to_date(changes, now=now)
    for change in changes:
        _trace(change)
        change.encounter.has_turned = change.has_turned
    return [change.encounter for change in changes]


def _records_reported_to(actor: Actor, patient_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The rows open first: until then a gateway sees nobody, and the rule of access would refuse everybody."""
    if len(set(patient_ids)) != len(patient_ids):
        raise ValueError("one report of each person at a time: the second would not see the first")
    opened = rls.open_records(patient_ids)
    found = access.list(actor, STAY_REPORT, CareRecord).filter(patient_id__in=opened)
    records = dict(found.values_list("patient_id", "pk"))
    if len(records) < len(patient_ids):
        raise NotFound
    return records


def _hospital(organization_id: UUID, reports: Sequence[Report]) -> _Hospital:
    codes = {code for report in reports for code in report.movement.unit_codes}
    units = Unit.objects.filter(organization_id=organization_id, code__in=codes) if codes else ()
    is_psychiatric = Organization.objects.filter(pk=organization_id, is_psychiatric=True).exists()
    return _Hospital(organization_id, {unit.code: unit for unit in units}, is_psychiatric)


_Known = dict[tuple[UUID, str], tuple[Encounter, list[EncounterMovement]]]


def _known_stays(organization_id: UUID, reports: Sequence[Report]) -> _Known:
    """By person and visit number, each with its movements."""
    asked = {(report.patient_id, report.movement.visit_number) for report in reports}
    if any(not number for _, number in asked):
        raise Invalid("Le numéro de venue manque : le mouvement ne peut être rattaché à aucun séjour.")
    found = (
        Encounter.objects.select_for_update(of=("self",))
        .filter(
            organization_id=organization_id,
            patient_id__in=[patient_id for patient_id, _ in asked],
            visit_number__in=[number for _, number in asked],
        )
        .order_by("visit_number")
    )
    stays = {stay.pk: (stay, list[EncounterMovement]()) for stay in found}
    if stays:
        for row in EncounterMovement.objects.filter(encounter_id__in=stays):
            stays[row.encounter_id][1].append(row)
    return {(stay.patient_id, stay.visit_number): (stay, rows) for stay, rows in stays.values()}


def _change(actor: Actor, record_id: UUID, hospital: _Hospital, known: _Known, report: Report) -> _Change:
    movement = report.movement
    stay, told = known.get((report.patient_id, movement.visit_number), (None, []))
    encounter = stay or Encounter(
        patient_id=report.patient_id,
        record_id=record_id,
        source_identity_id=report.source_id,
        organization_id=hospital.organization_id,
        visit_number=movement.visit_number,
    )
    was_shown = stay is not None and stay.is_shown
    row = _reported(encounter, told, movement, hospital)
    course = fold(told if row in told else [*told, row])
    _set_state(encounter, course)
    teller = replace(actor, correlation_id=movement.message_id)
    return _Change(teller, encounter, stay is None, was_shown, told, row, movement, course)


def _reported(
    encounter: Encounter,
    told: Sequence[EncounterMovement],
    movement: ReportedMovement,
    hospital: _Hospital,
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


def _take(row: EncounterMovement, movement: ReportedMovement, hospital: _Hospital) -> None:
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


def _place(row: EncounterMovement, movement: ReportedMovement, hospital: _Hospital) -> None:
    """Where the message says she is, and whether that is to be kept secret."""
    row.class_code, row.admitted_at = movement.class_code, movement.admitted_at
    row.unit_code = movement.unit_code
    unit = hospital.units.get(movement.unit_code)
    row.unit_name = unit.name if unit else movement.unit_name
    row.sensitivity, row.private_because = _secrecy(movement, hospital)


def _secrecy(movement: ReportedMovement, hospital: _Hospital) -> tuple[str, str]:
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


def _write(changes: Sequence[_Change]) -> None:
    """Stays before their movements; of the other movements of a stay, those whose secrecy it changed."""
    try:
        insert([change.encounter for change in changes if change.is_new])
    except IntegrityError as error:
        raise Conflict("Ce numéro de venue est déjà celui du séjour d’une autre personne.") from error
    update([change.encounter for change in changes if not change.is_new])
    added: list[EncounterMovement] = []
    changed: list[EncounterMovement] = []
    for change in changes:
        for row in change.rows:
            is_private = change.course.is_private or is_sensitive(row)
            private_to = change.encounter.organization_id if is_private else None
            is_moved = row.private_to_id != private_to
            row.private_to_id = private_to
            if row is change.row and row not in change.told:
                added.append(row)
            elif row is change.row or is_moved:
                changed.append(row)
    insert(added)
    update(changed)


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


@dataclass(slots=True)
class _Facts:
    """What becomes of the feed: gathered for all the stays, written at once."""

    told: list[tuple[_Change, Fact]] = field(default_factory=list)
    revised: list[tuple[FeedItem, Fact]] = field(default_factory=list)
    # Revised facts that ring: their correction came first, silent; now it happens.
    rung: list[tuple[_Change, Fact, FeedItem]] = field(default_factory=list)
    withdrawn: list[FeedItem] = field(default_factory=list)


def _bring_facts_up_to_date(changes: Sequence[_Change], *, now: datetime) -> None:
    """Feeds what is not told yet, takes back what no longer holds; announces what is new, recent and still true."""
    already = _facts_told(changes)
    facts = _Facts()
    for change in changes:
        known = {key: item for row in change.told for key, item in already.get(row.pk, {}).items()}
        _compare_facts(facts, change, known, now=now)
    withdraw_together(facts.withdrawn)
    revise_together(facts.revised)
    items = tell_together(changes[0].actor, [fact for _, fact in facts.told]) if facts.told else []
    new = [(change, fact, item) for (change, fact), item in zip(facts.told, items, strict=True)]
    announced: set[UUID] = set()
    for change, fact, item in [*facts.rung, *new]:
        if item.is_alert and change.is_heard_of(fact.kind):
            _announce(change.actor, fact, item)
            announced.add(change.encounter.pk)
    for change in changes:
        if change.encounter.pk not in announced:
            _say_changed(change)


_Told = dict[tuple[UUID, str], FeedItem]


def _facts_told(changes: Sequence[_Change]) -> dict[UUID, _Told]:
    found: dict[UUID, _Told] = {}
    ids = [row.pk for change in changes for row in change.told]
    if ids:
        patients = [change.encounter.patient_id for change in changes]
        for item in FeedItem.objects.filter(patient_id__in=patients, object_id__in=ids):
            found.setdefault(item.object_id, {})[item.object_id, item.kind] = item
    return found


def _compare_facts(facts: _Facts, change: _Change, known: _Told, *, now: datetime) -> None:
    encounter = change.encounter
    wanted = {(told.movement_id, str(told.kind)): told for told in change.course.facts}
    for key, item in known.items():
        if key not in wanted or item.private_to_id != encounter.private_to_id:
            facts.withdrawn.append(item)
    for key, told in wanted.items():
        before = known.get(key)
        if before is None or before.private_to_id != encounter.private_to_id:
            facts.told.append((change, _fact(encounter, told, alerts=_may_alert(encounter, told, now=now))))
            continue
        # An alert does not go stale by being looked at again, only by no longer being true.
        alerts = _may_alert(encounter, told, now=now) or (before.is_alert and told.is_still_true)
        if (before.occurred_at, before.is_alert) != (told.occurred_at, alerts and told.kind in ALERTS):
            fact = _fact(encounter, told, alerts=alerts)
            if not before.is_alert and change.inserts(told.movement_id):
                facts.rung.append((change, fact, before))
            facts.revised.append((before, fact))


def _announce(actor: Actor, fact: Fact, item: FeedItem) -> None:
    emit(
        actor,
        StayAlerted(
            patient_id=fact.patient_id,
            object_id=item.pk,
            private_to_id=fact.private_to_id,
            hidden_from_patient=fact.hidden_from_patient,
            hidden_from_representative=fact.hidden_from_representative,
            data_class=fact.data_class,
            kind=fact.kind,
        ),
    )


def _say_changed(change: _Change) -> None:
    """To those who were shown the stay, even when they no longer are: their screens withdraw what it said."""
    encounter = change.encounter
    emit(
        change.actor,
        StayChanged(
            patient_id=encounter.patient_id,
            private_to_id=None if change.was_shown or encounter.is_shown else encounter.organization_id,
            hidden_from_patient=encounter.hidden_from_patient,
            hidden_from_representative=encounter.hidden_from_representative,
            data_class=DataClass.STAY,
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
        hidden_from_representative=encounter.hidden_from_representative,
        alerts=alerts,
    )


def _trace(change: _Change) -> None:
    row, encounter, movement = change.row, change.encounter, change.movement
    detail = {"trigger": movement.trigger, "action": movement.action, "movement": str(row.pk)}
    if not change.is_plain:
        detail["private_to"] = str(encounter.organization_id)
    audit.record(change.actor, STAY_REPORT, patient_id=encounter.patient_id, about=encounter, detail=detail)
