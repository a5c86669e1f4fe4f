"""The board of cells: a page of rows and their counters, a handful of questions whatever the number."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils import timezone

from terresante.care_team.models import LASTING, CareTeamParticipant
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.kernel.ui.frame import Badge
from terresante.kernel.ui.wording import PARIS, age
from terresante.patients.identity_rules import normalised_name
from terresante.questionnaires.models import PathwaySignature
from terresante.questionnaires.queries import pathway_of
from terresante.telemonitoring.access import CELL_READ
from terresante.telemonitoring.alerts.access import ALERT_READ, BOARD_LIST, acts_for_cell
from terresante.telemonitoring.alerts.enums import AlertLevel, AlertState
from terresante.telemonitoring.board import departments
from terresante.telemonitoring.board.words import Trend, Why, badge_of, day_of, drawn, why
from terresante.telemonitoring.enums import FollowUpState
from terresante.telemonitoring.models import Alert, Call, Cell, FollowUp

PER_PAGE = 50
_LONGEST_SEARCH = 60
_NAMED = """NOT EXISTS (SELECT 1 FROM unnest(%s::text[]) AS word WHERE NOT (
    starts_with({0}, word) OR strpos({0}, ' ' || word) > 0 OR starts_with({1}, word) OR starts_with({2}, word)))"""


class Scope(StrEnum):
    """Whose follow-ups: those that my cells watch, or those of my own patients, whoever watches them."""

    NETWORK = "reseau"
    MINE = "mes-patients"


class Only(StrEnum):
    """What the chips keep."""

    ALL = ""
    RED = "rouge"
    ORANGE = "orange"
    GREY = "sans-reponse"
    GREEN = "vert"
    TO_TAKE = "a-prendre"
    BY_ME = "a-moi"
    LATE = "en-retard"


class Within(StrEnum):
    """How far the place that is asked for reaches."""

    ANYWHERE = ""
    DEPARTMENT = "department"
    COMMUNE = "postal_code"


_COLOURS = {Only.RED: "red", Only.ORANGE: "orange", Only.GREY: "grey", Only.GREEN: "green"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `place`: where the persons live, a department or a postal code."""

    scope: Scope = Scope.NETWORK
    only: Only = Only.ALL
    cell_id: UUID | None = None
    words: str = ""
    place: str = ""

    @property
    def within(self) -> Within:
        if not self.place:
            return Within.ANYWHERE
        return Within.DEPARTMENT if self.place in departments.NAMES else Within.COMMUNE


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the board."""

    follow_up: FollowUp
    name: str
    # Sex, age, status.
    described: str
    badge: Badge
    why: Why
    trend: Trend | None
    day: str
    level: str
    is_waiting: bool
    is_takeable: bool
    is_mine: bool
    # Minutes that its pathway gives to take it, when they are over.
    overdue: int
    calls: int
    last_call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where followed persons live: a department and its communes, or the communes of one postal code."""

    code: str
    label: str
    count: int
    communes: tuple["Place", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    rows: tuple[Row, ...]
    places: tuple[Place, ...]
    # By filter, then by cell.
    counts: dict[str, int]
    of_cells: dict[UUID, int]
    total: int
    number: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def has_next(self) -> bool:
        return self.last < self.total


def cells_of(actor: Actor) -> list[Cell]:
    """Those of the structure that the actor works for now, by name."""
    return [] if actor.organization_id is None else _cells_of(actor, actor.organization_id)


@compiled.rows
def _cells_of(actor: Actor, organization_id: UUID) -> QuerySet[Cell]:
    rows = access.list(actor, CELL_READ, Cell).filter(organization_id=organization_id, is_active=True)
    return rows.order_by("name", "pk")


def board_of(actor: Actor, asked: Asked, *, number: int = 1) -> Board:
    """The worst first, then who has waited longest; what does not come back is not the actor's to see."""
    words = normalised_name(asked.words[:_LONGEST_SEARCH]).split()
    groups = _groups(actor, asked.scope)
    counts = _counts(_of_place(groups, asked), asked.cell_id)
    where = (asked.scope, asked.only, asked.cell_id, asked.within, asked.place)
    total = _total(actor, *where, words, searched=True) if words else counts[asked.only]
    number = min(max(number, 1), max(1, -(-total // PER_PAGE)))
    page = _page(actor, *where, words, searched=bool(words), first=(number - 1) * PER_PAGE)
    of_cells: dict[UUID, int] = {}
    for *_, cell_id, _, _, _, many in groups:
        of_cells[cell_id] = of_cells.get(cell_id, 0) + many
    return Board(
        rows=tuple(rows_of(actor, page)),
        places=_places(groups),
        counts=counts,
        of_cells=of_cells,
        total=total,
        number=number,
    )


def count_of(actor: Actor, scope: Scope) -> int:
    return _number(actor, scope)


@compiled.number
def _number(actor: Actor, scope: Scope) -> QuerySet[FollowUp]:
    return _scoped(actor, scope)


def unsigned(actor: Actor, follow_ups: Iterable[FollowUp]) -> list[str]:
    """Titles of the pathways whose thresholds are shipped ones that the actor's structure has not signed."""
    shown = {one.version_id for one in follow_ups if pathway_of(one.version_id).default_thresholds}
    if not shown or actor.organization_id is None:
        return sorted({pathway_of(key).title for key in shown})
    signatures = PathwaySignature.objects.filter(version_id__in=shown, organization_id=actor.organization_id)
    signed = set(signatures.values_list("version_id", flat=True))
    return sorted({pathway_of(key).title for key in shown - signed})


def rows_of(actor: Actor, follow_ups: Sequence[FollowUp]) -> list[Row]:
    keys = [one.pk for one in follow_ups]
    alerts = {alert.follow_up_id: alert for alert in _open_alerts(actor, keys)} if keys else {}
    calls = {call.follow_up_id: call for call in _last_calls(actor, keys)} if keys else {}
    now = timezone.now()
    return [_row(actor, one, alerts.get(one.pk), calls.get(one.pk), now) for one in follow_ups]


def one_of(actor: Actor, follow_up_id: UUID) -> FollowUp | None:
    return next(iter(_one(actor, follow_up_id)), None)


def _row(actor: Actor, one: FollowUp, alert: Alert | None, call: Call | None, now: datetime) -> Row:
    held = alert is not None and alert.taken_by_id is not None
    return Row(
        follow_up=one,
        name=str(one.patient),
        described=_described(one, now),
        badge=badge_of(one.colour, one.reason, to_confirm=one.to_confirm_until is not None),
        why=why(one.reason, titles_of(one), now=now),
        trend=drawn(one.trend, one.reason),
        day=day_of(one.anchor_on, now),
        level=str(AlertLevel(alert.level).label) if alert and alert.level != AlertLevel.OPERATOR else "",
        is_waiting=alert is not None,
        is_takeable=not held and (alert is not None or (one.colour == "grey" and one.late)),
        is_mine=held and alert is not None and alert.taken_by_id == actor.user_id,
        overdue=_overdue(one, alert, now),
        calls=alert.calls_made if alert else 0,
        last_call=call.get_result_display() if call else "",
    )


def _described(one: FollowUp, now: datetime) -> str:
    sex = str(one.patient.get_sex_display())[:1]
    aged = age(one.patient.birth_date, today=now.astimezone(PARIS).date())
    return " · ".join(part for part in (sex, aged, one.status) if part)


def _overdue(one: FollowUp, alert: Alert | None, now: datetime) -> int:
    delays = pathway_of(one.version_id).delays
    minutes = {"red": delays.take_red, "orange": delays.take_orange}.get(one.colour, 0)
    if alert is None or alert.taken_by_id is not None or not minutes or alert.is_to_confirm:
        return 0
    return minutes if now - alert.waits_since > timedelta(minutes=minutes) else 0


def titles_of(follow_up: FollowUp) -> dict[str, str]:
    """Of the forms of its version, by name; nothing of a version that cannot be read any more."""
    return {name: form.title for name, form in pathway_of(follow_up.version_id).forms.items()}


def _scoped(actor: Actor, scope: Scope) -> QuerySet[FollowUp]:
    rows = access.list(actor, BOARD_LIST, FollowUp).filter(state=FollowUpState.ACTIVE)
    if scope == Scope.NETWORK:
        return rows.filter(acts_for_cell(actor))
    own = CareTeamParticipant.objects.filter(
        LASTING, member_id=actor.principal_id or actor.person_id, ended_at=None, suspended_at=None
    )
    return rows.filter(patient_id__in=own.values("patient_id"))


def _kept(actor: Actor, only: Only) -> Q:
    if only in _COLOURS:
        return Q(colour=_COLOURS[only])
    match only:
        case Only.TO_TAKE:
            return Q(severity__gt=1, taken_by=None)
        case Only.BY_ME:
            return Q(taken_by_id=actor.user_id)
        case Only.LATE:
            return Q(late=True)
    return Q()


def _filtered(
    actor: Actor,
    scope: Scope,
    only: Only,
    cell_id: UUID | None,
    within: Within,
    place: str,
    words: list[str],
    *,
    searched: bool,
) -> QuerySet[FollowUp]:
    rows = _scoped(actor, scope).filter(_kept(actor, only))
    if within != Within.ANYWHERE:
        rows = rows.filter(**{within.value: place})
    if cell_id is not None:
        rows = rows.filter(cell_id=cell_id)
    names = ("patient__match_birth_name", "patient__match_given_name", "patient__match_used_name")
    return rows.filter(SqlCondition(_NAMED, *names, values=(words,))) if searched else rows


# A row of fifty made of every column of what it names costs more than what is read of it.
_SHOWN = (
    *(
        "version_id",
        "status",
        "colour",
        "colour_since",
        "reason",
        "trend",
        "to_confirm_until",
        "late",
        "anchor_on",
    ),
    *("last_call_at", "taken_at", "taken_by__name", "patient__birth_name", "patient__used_name"),
    *("patient__birth_given_name", "patient__used_given_name", "patient__sex", "patient__birth_date"),
)


@compiled.rows
def _page(
    actor: Actor,
    scope: Scope,
    only: Only,
    cell_id: UUID | None,
    within: Within,
    place: str,
    words: list[str],
    *,
    searched: bool,
    first: int,
) -> QuerySet[FollowUp]:
    rows = _filtered(actor, scope, only, cell_id, within, place, words, searched=searched)
    rows = rows.select_related("patient", "taken_by").only(*_SHOWN)
    return rows.order_by("-severity", "colour_since", "pk")[first : first + PER_PAGE]


@compiled.number
def _total(
    actor: Actor,
    scope: Scope,
    only: Only,
    cell_id: UUID | None,
    within: Within,
    place: str,
    words: list[str],
    *,
    searched: bool,
) -> QuerySet[FollowUp]:
    return _filtered(actor, scope, only, cell_id, within, place, words, searched=searched)


@compiled.rows
def _one(actor: Actor, follow_up_id: UUID) -> QuerySet[FollowUp]:
    rows = access.list(actor, BOARD_LIST, FollowUp).filter(pk=follow_up_id)
    return rows.select_related("patient", "taken_by", "cell", "record")


def _of_place(groups: Iterable[tuple[Any, ...]], asked: Asked) -> list[tuple[Any, ...]]:
    column = {Within.DEPARTMENT: -4, Within.COMMUNE: -3}.get(asked.within)
    return [one for one in groups if column is None or one[column] == asked.place]


def _places(groups: Iterable[tuple[Any, ...]]) -> tuple[Place, ...]:
    """The communes of one postal code go together, however their names are written; who has no address is nowhere."""
    counts: dict[str, dict[str, int]] = {}
    names: dict[str, dict[str, str]] = {}
    for *_, department, postal_code, city, number in groups:
        if department:
            of_department = counts.setdefault(department, {})
            of_department[postal_code] = of_department.get(postal_code, 0) + number
            names.setdefault(postal_code, {}).setdefault(normalised_name(city), city.strip())
    return tuple(
        Place(
            code=code,
            label=departments.named(code),
            count=sum(communes.values()),
            communes=tuple(
                Place(code=one, label=f"{one} {', '.join(sorted(names[one].values()))}".strip(), count=many)
                for one, many in sorted(communes.items())
            ),
        )
        for code, communes in sorted(counts.items())
    )


def _counts(groups: Iterable[tuple[Any, ...]], cell_id: UUID | None) -> dict[str, int]:
    """Of each chip; the groups are few, whatever the number of rows."""
    counts = dict.fromkeys((each.value for each in Only), 0)
    for colour, late, taken, mine, cell, _, _, _, number in groups:
        if cell_id not in (None, cell):
            continue
        kept = {Only.ALL: True, Only.LATE: late, Only.BY_ME: mine}
        kept |= {only: name == colour for only, name in _COLOURS.items()}
        kept[Only.TO_TAKE] = colour in ("red", "orange") and not taken
        for only, is_kept in kept.items():
            counts[only.value] += number if is_kept else 0
    return counts


@compiled.rows
def _groups(actor: Actor, scope: Scope) -> QuerySet[FollowUp, tuple[Any, ...]]:
    taken = Case(When(taken_by__isnull=False, then=Value(True)), default=Value(False))
    mine = Case(When(taken_by_id=actor.user_id, then=Value(True)), default=Value(False))
    rows: QuerySet[FollowUp, Any] = _scoped(actor, scope).annotate(taken=taken, by_me=mine)
    by = ("colour", "late", "taken", "by_me", "cell_id", "department", "postal_code", "city")
    groups: QuerySet[FollowUp, Any] = rows.order_by().values(*by).annotate(number=Count("pk"))
    counted: QuerySet[FollowUp, tuple[Any, ...]] = groups.values_list(*by, "number")
    return counted


@compiled.rows
def _open_alerts(actor: Actor, keys: Collection[UUID]) -> QuerySet[Alert]:
    rows = access.list(actor, ALERT_READ, Alert).filter(among("follow_up_id", keys))
    shown = ("follow_up_id", "level", "taken_by_id", "calls_made", "waits_since", "confirm_until")
    return rows.filter(~Q(state=AlertState.CLOSED)).only(*shown)


@compiled.rows
def _last_calls(actor: Actor, keys: Collection[UUID]) -> QuerySet[Call]:
    rows = access.list(actor, ALERT_READ, Call).filter(among("follow_up_id", keys))
    rows = rows.order_by("follow_up_id", F("at").desc()).distinct("follow_up_id")
    return rows.only("follow_up_id", "result")
