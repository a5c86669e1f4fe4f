"""What a row of the board says of a follow-up, from its columns. Pure: the present moment is an argument."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from terresante.kernel.ui.frame import Badge, Level
from terresante.kernel.ui.wording import NBSP, PARIS, when
from terresante.telemonitoring.alerts.enums import AlertOutcome

# What the value itself was compared with: « hausse ≥ 2 kg en 3 jours », « ≥ 3 fois » are no height of the curve.
_COMPARED = re.compile(r"(?:[<>≤≥]\s*|de\s)?(?:seuil\spersonnel\s\()?(-?\d+(?:[.,]\d+)?)(?![\d.,]|\s*fois)")
_WIDTH, _HEIGHT, _EDGE = 112, 36, 6
# Fired rules named on a line; the page says the others.
_NAMED = 2
_LEVELS = {"red": Level.RED, "orange": Level.ORANGE, "grey": Level.SILENT, "green": Level.GREEN}


@dataclass(frozen=True, slots=True)
class Why:
    """Why this colour: what is read first, then what stands below it."""

    main: str
    second: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The main value of the last days, drawn in a frame of 112 by 36; `threshold` is a height, or None."""

    path: str
    x: float
    y: float
    threshold: float | None
    label: str
    words: str


def badge_of(colour: str, reason: Mapping[str, Any], *, to_confirm: bool) -> Badge:
    """Colour and word, never colour alone."""
    if reason.get("kind") == "handled" and colour == "green":
        return Badge(text="Traitée", level=Level.GREEN, icon="check")
    if to_confirm:
        return Badge(text="À confirmer", level=Level.RED, icon="clock")
    if not reason and colour == "grey":
        return Badge(text="À venir", level=Level.NEUTRAL, icon="clock")
    return Badge(text=_WORDS.get(colour, colour), level=_LEVELS.get(colour, Level.NEUTRAL))


_WORDS = {"red": "Rouge", "orange": "Orange", "grey": "Sans réponse", "green": "Vert"}


def why(reason: Mapping[str, Any], titles: Mapping[str, str], *, now: datetime) -> Why:
    """`titles`: of the forms of the pathway, by name."""
    match reason.get("kind"):
        case "answer":
            return _why_answer(reason, now)
        case "silence":
            asked = _moment(reason.get("opens_at"))
            second = f"attendu {_at(asked, now)}" if asked else ""
            return Why(f"{_title(reason, titles)} non rempli", second)
        case "handled":
            return _why_handled(reason, now)
    return Why("Aucune réponse attendue pour l’instant", "")


def _why_answer(reason: Mapping[str, Any], now: datetime) -> Why:
    fired = [one for one in reason.get("fired", ()) if one.get("colour") in ("red", "orange")]
    at = _moment(reason.get("at"))
    said = _at(at, now) if at else ""
    if not fired:
        return Why("Rien à signaler", f"réponse {said}" if said else "")
    more = len(fired) - _NAMED
    main = ", ".join(fired_words(one) for one in fired[:_NAMED]) + (f" (+{NBSP}{more})" if more > 0 else "")
    # Of what was chosen in a list, the threshold is the value itself.
    threshold = fired[0].get("threshold", "") if str(fired[0].get("value", ""))[:1].isdigit() else ""
    return Why(main, " · ".join(part for part in (f"seuil {threshold}" if threshold else "", said) if part))


def fired_words(fired: Mapping[str, Any]) -> str:
    """« SpO2 93 % », « Essoufflement : au repos »."""
    label, value = str(fired.get("label", "")), str(fired.get("value", ""))
    return f"{label} {value}".strip() if value[:1].isdigit() or not value else f"{label}{NBSP}: {value}"


def _why_handled(reason: Mapping[str, Any], now: datetime) -> Why:
    outcome = reason.get("outcome", "")
    said = AlertOutcome(outcome).label if outcome in AlertOutcome.values else "Alerte close"
    was = reason.get("was", {})
    before = [fired_words(one) for one in was.get("fired", ())][:1] if isinstance(was, Mapping) else []
    at = _moment(reason.get("at"))
    parts = (*before, f"close {_at(at, now)}" if at else "", reason.get("by", ""))
    return Why(said, " · ".join(part for part in parts if part))


def _title(reason: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    form = str(reason.get("form", ""))
    return f"«{NBSP}{titles.get(form, form)}{NBSP}»"


def _moment(said: Any) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return None


def _at(moment: datetime, now: datetime) -> str:
    return when(moment, now=now)


def day_of(anchor: date, now: datetime) -> str:
    """« J9 »; before the anchor, « J-7 »."""
    return f"J{(now.astimezone(PARIS).date() - anchor).days}"


def drawn(trend: Mapping[str, Any], reason: Mapping[str, Any]) -> Trend | None:
    """Nothing below two values: one value is a number, not a curve. The threshold is that of the rule that fired."""
    values = [_number(number) for _, number in trend.get("points", ())]
    numbers = [value for value in values if value is not None]
    if len(numbers) < 2:
        return None
    threshold = _threshold(trend, reason)
    known = [*numbers, *([threshold] if threshold is not None else [])]
    low, high = min(known), max(known)
    step = (_WIDTH - 2 * _EDGE) / (len(numbers) - 1)
    spots = [(_EDGE + step * place, _height(value, low, high)) for place, value in enumerate(numbers)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    label, unit = str(trend.get("label", "")), str(trend.get("unit", ""))
    return Trend(
        path=path,
        x=spots[-1][0],
        y=spots[-1][1],
        threshold=None if threshold is None else _height(threshold, low, high),
        label=label,
        words=f"{label} : {_course(numbers)}, {_figure(numbers[-1], unit)} en dernier",
    )


def _threshold(trend: Mapping[str, Any], reason: Mapping[str, Any]) -> float | None:
    for fired in reason.get("fired", ()):
        if fired.get("item") == trend.get("item") and (
            found := _COMPARED.match(str(fired.get("threshold", "")))
        ):
            return float(found[1].replace(",", "."))
    return None


def _course(numbers: Sequence[float]) -> str:
    first, last = numbers[0], numbers[-1]
    return "stable" if first == last else "en hausse" if last > first else "en baisse"


def _figure(number: float, unit: str) -> str:
    said = f"{Decimal(str(number)).normalize():f}".replace(".", ",")
    return f"{said}{NBSP}{unit}" if unit else said


def _height(value: float, low: float, high: float) -> float:
    if high == low:
        return _HEIGHT / 2
    return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (value - low) / (high - low)


def _number(said: Any) -> float | None:
    try:
        number = float(said)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None
