"""One line of a board: what it says of a follow-up, and the cells that show it, each made once.

Fifty lines of eight cells: asked by the template value after value, they took two thirds of the page (docs/bench.md).
Most of a line changes with an answer or with the day alone, and every board of the cell shows it again at each change
of another: that part is kept by what it was made of, which its reader has just read under his own rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.safestring import SafeString

from terresante.kernel.ui.frame import Badge
from terresante.kernel.ui.links import link
from terresante.kernel.ui.templatetags.ui import (
    badge_html,
    elapsed,
    elapsed_from,
    html,
    joined,
    waiting,
    when,
)
from terresante.kernel.ui.wording import PARIS, age, french, lasting
from terresante.patients.enums import Sex
from terresante.patients.identity_rules import shown_name
from terresante.questionnaires import pathway as engine
from terresante.telemonitoring.alerts.enums import AlertLevel, CallResult
from terresante.telemonitoring.board.words import Trend, Why, badge_of, day_of, drawn, why

# Lines kept by a process: some kilobytes each, of the two or three cells that it serves.
MOST_KEPT = 3_000


class Seen(NamedTuple):
    """What a board reads of a follow-up: its fields are the columns that are asked for, by their names.

    Keys as texts; `reason` and `trend` as the text of their JSON.
    """

    pk: str
    patient_id: str
    version_id: str
    status: str
    colour: str
    colour_since: datetime
    reason: str
    trend: str
    to_confirm_until: datetime | None
    late: bool
    anchor_on: date
    last_call_at: datetime | None
    taken_at: datetime | None
    taken_by__name: str | None
    patient__birth_name: str
    patient__used_name: str
    patient__birth_given_name: str
    patient__used_given_name: str
    patient__sex: str
    patient__birth_date: date


class Waiting(NamedTuple):
    """The same of its open alert."""

    level: str
    taken_by_id: UUID | None
    calls_made: int
    waits_since: datetime
    confirm_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What only another answer, another act or another day changes."""

    badge: Badge
    why: Why
    day: str
    # Of the line: its beginning, its badge, its cells from who to the day, how its waiting begins, and what takes it.
    line: SafeString
    level: SafeString
    cells: SafeString
    waiting: SafeString
    button: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the board."""

    seen: Seen
    said: Said
    # Whom it was passed to, when it was.
    level: str
    is_waiting: bool
    is_takeable: bool
    is_mine: bool
    # Minutes that its pathway gives to take it, when they are over.
    overdue: int
    calls: int
    last_call: str


_kept: dict[tuple[Seen, date], Said] = {}


def row_of(
    seen: Seen,
    alert: Waiting | None,
    last_call: str,
    *,
    pathway: engine.Pathway,
    titles: Mapping[str, str],
    user_id: UUID | None,
    now: datetime,
) -> Row:
    """`last_call`: a CallResult, "" when nobody called; `titles`: of the forms of the pathway, by name."""
    held = alert is not None and alert.taken_by_id is not None
    return Row(
        seen=seen,
        said=_said(seen, titles, now),
        level=str(AlertLevel(alert.level).label) if alert and alert.level != AlertLevel.OPERATOR else "",
        is_waiting=alert is not None,
        is_takeable=not held and (alert is not None or (seen.colour == "grey" and seen.late)),
        is_mine=held and alert is not None and alert.taken_by_id == user_id,
        overdue=_overdue(seen, alert, pathway, now),
        calls=alert.calls_made if alert else 0,
        last_call=str(CallResult(last_call).label) if last_call else "",
    )


def _said(seen: Seen, titles: Mapping[str, str], now: datetime) -> Said:
    """`titles` need not be in the key: a published version never changes, and its key is there."""
    key = (seen, now.astimezone(PARIS).date())
    said = _kept.get(key)
    if said is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        said = _kept[key] = _made(seen, titles, now)
    return said


def _made(seen: Seen, titles: Mapping[str, str], now: datetime) -> Said:
    """Of `now` the day alone may count."""
    reason, trend = orjson.loads(seen.reason), orjson.loads(seen.trend)
    badge = badge_of(seen.colour, reason, to_confirm=seen.to_confirm_until is not None)
    told, curve, day = why(reason, titles, now=now), drawn(trend, reason), day_of(seen.anchor_on, now)
    board, name = link("board:board"), _name(seen)
    url = f"{board}{seen.pk}/"
    return Said(
        badge=badge,
        why=told,
        day=day,
        line=html(_LINE, url=f"{board}ligne/?suivi={seen.pk}", patient=seen.patient_id),
        level=badge_html(badge),
        cells=html(
            _CELLS,
            url=url,
            name=name,
            described=_described(seen, now),
            main=french(told.main),
            second=french(told.second),
            trend=_curve(curve, badge) if curve else _NO_CURVE,
            day=day,
        ),
        waiting=waiting(seen.colour_since),
        button=html(_TAKE, css="btn-main" if badge.level == "red" else "btn-second", url=url, name=name),
    )


def _name(seen: Seen) -> str:
    return shown_name(
        seen.patient__birth_name,
        seen.patient__used_name,
        seen.patient__birth_given_name,
        seen.patient__used_given_name,
    )


def _described(seen: Seen, now: datetime) -> str:
    sex = str(Sex(seen.patient__sex).label)[:1]
    aged = age(seen.patient__birth_date, today=now.astimezone(PARIS).date())
    return " · ".join(part for part in (sex, aged, seen.status) if part)


def _overdue(seen: Seen, alert: Waiting | None, pathway: engine.Pathway, now: datetime) -> int:
    minutes = {"red": pathway.delays.take_red, "orange": pathway.delays.take_orange}.get(seen.colour, 0)
    if alert is None or alert.taken_by_id is not None or not minutes or alert.confirm_until is not None:
        return 0
    return minutes if now - alert.waits_since > timedelta(minutes=minutes) else 0


_LINE = (
    '<tr data-row data-live-url="{url}" data-live-kinds="FollowUpChanged" data-live-patient="{patient}"'
    ' data-live-mode="refresh">'
)
_CELLS = (
    '<th scope="row" class="board-who"><a href="{url}" data-open>{name}</a>'
    '<span class="second-line">{described}</span></th>'
    '<td class="board-why"><b>{main}</b><span class="second-line">{second}</span></td>'
    '<td class="board-trend">{trend}</td>'
    '<td class="board-day">{day}</td>'
)
_AROUND = (
    '<td class="board-level">{level}</td>{cells}'
    '<td class="board-wait" data-label="Attend depuis">{wait}</td>'
    "{call}"
    '<td class="board-taken">{taken}</td>'
)
_PASSED = '{badge}<span class="second-line">passée à\u00a0: {level}</span>'
_CURVE = (
    '<svg class="trend is-{level}" viewBox="0 0 112 36" role="img" aria-label="{words}">{threshold}<path d="{path}" />'
    '<circle class="last" cx="{x}" cy="{y}" r="3" /></svg> <span class="small muted">{label}</span>'
)
_END = html("</tr>")
_NO_CURVE = html('<span class="muted" aria-hidden="true">–</span>')
_LATE = '<span class="level is-{level}">{since}</span><span class="second-line">objectif {delay}</span>'
_CALLED = (
    '<td class="board-call" data-label="Dernier appel">'
    '{when}<span class="second-line">{result}{tries}</span></td>'
)
_NO_CALL = html('<td class="board-call"><span class="muted">aucun appel</span></td>')
_HELD = '<span>{who}</span><span class="second-line">depuis {since}</span>'
_HELD_BY_ME = '<span class="strong">Vous</span><span class="second-line">depuis {since}</span>'
# One form for all the buttons of the page (board.html).
_TAKE = (
    '<button class="btn {css} btn-row" type="submit" form="prendre" formaction="{url}prendre/" data-take>Prendre'
    '<span class="visually-hidden">\u00a0: {name}</span></button>'
)


def lines_of(rows: Iterable[Row]) -> SafeString:
    now = timezone.now()
    return joined(part for row in rows for part in (row.said.line, _cells(row, now), _END))


def cells_of(row: Row) -> SafeString:
    return _cells(row, timezone.now())


def _cells(row: Row, now: datetime) -> SafeString:
    said, called = row.said, row.seen.last_call_at
    return html(
        _AROUND,
        level=html(_PASSED, badge=said.level, level=row.level.lower()) if row.level else said.level,
        cells=said.cells,
        wait=_wait(row, now) if row.is_waiting else "",
        call=_call(row, called) if called else _NO_CALL,
        taken=_taken(row),
    )


def _curve(trend: Trend, badge: Badge) -> SafeString:
    height = trend.threshold
    return html(
        _CURVE,
        level=badge.level.value,
        words=trend.words,
        threshold=""
        if height is None
        else html('<path class="threshold" d="M0 {y}h112" />', y=f"{height:.1f}"),
        path=trend.path,
        x=f"{trend.x:.1f}",
        y=f"{trend.y:.1f}",
        label=trend.label,
    )


def _wait(row: Row, now: datetime) -> SafeString:
    since = elapsed_from(row.said.waiting, row.seen.colour_since, now=now)
    return (
        html(_LATE, level=row.said.badge.level.value, since=since, delay=lasting(row.overdue))
        if row.overdue
        else since
    )


def _call(row: Row, at: datetime) -> SafeString:
    tries = f", {row.calls} essais" if row.calls > 1 else ""
    return html(_CALLED, when=when(at), result=row.last_call.lower(), tries=tries)


def _taken(row: Row) -> SafeString | str:
    at, who = row.seen.taken_at, row.seen.taken_by__name
    if at is not None and row.is_mine:
        return html(_HELD_BY_ME, since=elapsed(at))
    if at is not None and who:
        return html(_HELD, who=who, since=elapsed(at))
    return row.said.button if row.is_takeable else ""
