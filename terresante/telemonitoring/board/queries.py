"""The board of cells: a page of rows and their counters, a handful of questions whatever the number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from terresante.kernel import access, compiled, sql
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.patients.identity_rules import normalised_name
from terresante.questionnaires.models import PathwaySignature
from terresante.questionnaires.queries import pathway_of
from terresante.telemonitoring.access import CELL_READ
from terresante.telemonitoring.alerts.access import ALERT_READ, BOARD_LIST, classes_on_a_board
from terresante.telemonitoring.alerts.enums import AlertState
from terresante.telemonitoring.board import departments
from terresante.telemonitoring.board.lines import Row, Seen, Waiting, row_of
from terresante.telemonitoring.models import Alert, Call, Cell, FollowUp

PER_PAGE = 50
# As PostgreSQL wrote them: a line that was made already is known by them, and texts are compared faster than keys.
_TEXTS = {
    name: Cast(name, TextField())
    for name in ("pk", "patient_id", "version_id", "follow_up_id", "reason", "trend")
}
_SEEN = tuple(_TEXTS.get(name, name) for name in Seen.__annotations__)
_WAITING = tuple(Waiting.__annotations__)
_LONGEST_SEARCH = 60
# What the rules let on a board and what was asked keep, the worst first (migration 0021).
_KEYS = "board_keys(%s, %s, %s::text[], %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_AMONG_KEYS = f"{{0}} = ANY (ARRAY(SELECT {_KEYS}))"
_FOUND = f"SELECT count(*) FROM {_KEYS}"  # noqa: S608 -- our own words


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


_COLOURS = {
    Only.RED: ("red",),
    Only.ORANGE: ("orange",),
    Only.GREY: ("grey",),
    Only.GREEN: ("green",),
    Only.TO_TAKE: ("red", "orange"),
}


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


def board_of(actor: Actor, asked: Asked, *, number: int = 1, counters_only: bool = False) -> Board:
    """The worst first, then who has waited longest; what does not come back is not the actor's to see."""
    where = _where(actor, asked)
    groups = _groups(where.classes, asked.scope)
    counts = _counts(_of_place(groups, asked), asked.cell_id)
    of_cells: dict[UUID, int] = {}
    for *_, cell_id, _, _, _, many in groups:
        of_cells[cell_id] = of_cells.get(cell_id, 0) + many
    total = _total(where) if where.words else counts[asked.only]
    number = min(max(number, 1), max(1, -(-total // PER_PAGE)))
    page = [] if counters_only else _page(where, (number - 1) * PER_PAGE)
    return Board(
        rows=rows_of(actor, page),
        places=_places(groups),
        counts=counts,
        of_cells=of_cells,
        total=total,
        number=number,
    )


def count_of(actor: Actor, scope: Scope) -> int:
    return sum(number for *_, number in _groups(classes_on_a_board(actor), scope))


def unsigned(actor: Actor, version_ids: Iterable[UUID]) -> list[str]:
    """Titles of the pathways whose thresholds are shipped ones that the actor's structure has not signed."""
    shown = {key for key in version_ids if pathway_of(key).default_thresholds}
    if shown and actor.organization_id is not None:
        shown -= {key for (key,) in _signed(actor.organization_id, list(shown))}
    return sorted({pathway_of(key).title for key in shown})


@compiled.rows
def _signed(organization_id: UUID, version_ids: list[UUID]) -> QuerySet[PathwaySignature, Any]:
    signed = PathwaySignature.objects.filter(
        among("version_id", version_ids), organization_id=organization_id
    )
    return signed.values_list("version_id")


def rows_of(actor: Actor, page: Sequence[tuple[Any, ...]]) -> tuple[Row, ...]:
    """`page`: as `_page` or `one_of` bring it."""
    shown = [Seen(*one) for one in page]
    keys = [one.pk for one in shown]
    called = [one.pk for one in shown if one.last_call_at is not None]
    alerts = {key: Waiting(*rest) for key, *rest in _open_alerts(keys)} if keys else {}
    calls = dict(_last_calls(actor, called)) if called else {}
    pathways = {key: pathway_of(UUID(key)) for key in {one.version_id for one in shown}}
    titles = {key: {name: form.title for name, form in one.forms.items()} for key, one in pathways.items()}
    now = timezone.now()
    return tuple(
        row_of(
            one,
            alerts.get(one.pk),
            calls.get(one.pk, ""),
            pathway=pathways[one.version_id],
            titles=titles[one.version_id],
            user_id=actor.user_id,
            now=now,
        )
        for one in shown
    )


def one_of(actor: Actor, follow_up_id: UUID) -> Row | None:
    return next(iter(rows_of(actor, _one(actor, follow_up_id))), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where(compiled.Given):
    """What narrows a board, as `board_keys` takes it."""

    classes: list[str]
    scope: Scope
    only: Only
    cell_id: UUID | None
    within: Within
    place: str
    words: list[str]

    def values(self, first: int, most: int | None) -> tuple[Any, ...]:
        return (
            self.classes,
            self.scope == Scope.MINE,
            list(_COLOURS.get(self.only, ())),
            self.only == Only.TO_TAKE,
            self.only == Only.BY_ME,
            self.only == Only.LATE,
            self.cell_id,
            self.place if self.within == Within.DEPARTMENT else "",
            self.place if self.within == Within.COMMUNE else "",
            self.words,
            first,
            most,
        )


def _where(actor: Actor, asked: Asked) -> _Where:
    return _Where(
        classes=classes_on_a_board(actor),
        scope=asked.scope,
        only=asked.only,
        cell_id=asked.cell_id,
        within=asked.within,
        place=asked.place,
        words=normalised_name(asked.words[:_LONGEST_SEARCH]).split(),
    )


@compiled.rows
def _page(where: _Where, first: int) -> QuerySet[FollowUp, Any]:
    """Keys are chosen first, by the rule: identities are read for the page alone, whatever waits as long."""
    rows = FollowUp.objects.filter(SqlCondition(_AMONG_KEYS, "pk", values=where.values(first, PER_PAGE)))
    return rows.order_by("-severity", "colour_since", "pk").values_list(*_SEEN)


def _total(where: _Where) -> int:
    return int(sql.value(_FOUND, *where.values(0, None)))


@compiled.rows
def _one(actor: Actor, follow_up_id: UUID) -> QuerySet[FollowUp, Any]:
    return access.list(actor, BOARD_LIST, FollowUp).filter(pk=follow_up_id).values_list(*_SEEN)


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
        kept |= {only: colour in names for only, names in _COLOURS.items()}
        kept[Only.TO_TAKE] &= not taken
        for only, is_kept in kept.items():
            counts[only.value] += number if is_kept else 0
    return counts


def _groups(classes: list[str], scope: Scope) -> list[tuple[Any, ...]]:
    """Of what the actor reads, by the rules and the row policies: `board_groups` asks both of each row once."""
    return sql.rows("SELECT * FROM board_groups(%s, %s)", classes, scope == Scope.MINE)


@compiled.rows
def _open_alerts(keys: list[str]) -> QuerySet[Alert, Any]:
    """Without the rule of alerts: it is that of follow-ups, which let these through already. The row policies still
    apply.
    """
    rows = Alert.objects.filter(among("follow_up_id", keys)).exclude(state=AlertState.CLOSED)
    return rows.values_list(_TEXTS["follow_up_id"], *_WAITING)


@compiled.rows
def _last_calls(actor: Actor, keys: list[str]) -> QuerySet[Call, Any]:
    rows = access.list(actor, ALERT_READ, Call).filter(among("follow_up_id", keys))
    rows = rows.order_by("follow_up_id", F("at").desc()).distinct("follow_up_id")
    return rows.values_list(_TEXTS["follow_up_id"], "result")
