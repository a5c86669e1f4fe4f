"""How numbers of messages are drawn and said. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from terresante.kernel.ui.wording import count

_HEIGHT, _STEP, _WIDTH = 32, 10, 8
# HL7 table 0357, as an administrator reads it.
_CONDITIONS = {
    "100": "segment absent ou mal placé",
    "101": "champ obligatoire absent",
    "102": "contenu illisible ou incohérent",
    "103": "valeur hors de la table attendue",
    "200": "type de message non pris en charge",
    "201": "événement non pris en charge ou non déclaré",
    "203": "version non prise en charge",
    "207": "message trop volumineux ou non enregistré",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """In the units of the drawing, from its top left corner."""

    x: int
    y: int
    width: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """`words` say the same as the drawing."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    words: str


def bars(numbers: Sequence[tuple[str, int]]) -> Bars:
    """A bar for each (label, number); what is not nought is seen, however small."""
    highest = max((number for _, number in numbers), default=0)
    drawn = []
    for index, (label, number) in enumerate(numbers):
        height = max(2, round(number * _HEIGHT / highest)) if number else 1
        words = f"{label} : {said(number)}"
        drawn.append(Bar(index * _STEP, _HEIGHT - height, _WIDTH, height, words))
    total, most = (
        sum(number for _, number in numbers),
        max(numbers, key=lambda pair: pair[1], default=("", 0)),
    )
    words = f"{said(total)}, le plus : {most[0]}, {said(most[1])}" if total else "aucun message"
    return Bars(tuple(drawn), max(len(numbers) * _STEP - (_STEP - _WIDTH), 1), _HEIGHT, words)


def said(number: int) -> str:
    return count(number, "message", "messages")


def hour_label(hour: datetime) -> str:
    return f"{hour:%H} h"


def refusal_words(mark: str) -> str:
    """Of a mark "AE 101 PV1^1^19": the condition and the place as people write it; '' for another."""
    parts = mark.split(" ")
    if len(parts) != 3 or parts[1] not in _CONDITIONS:
        return ""
    place = place_words(parts[2])
    return _CONDITIONS[parts[1]].capitalize() + (f" : {place}" if place else "")


def place_words(location: str) -> str:
    """ "PV1^1^19" is PV1-19; "OBX^2^5" the second OBX's fifth field."""
    name, _, rest = location.partition("^")
    numbers = rest.split("^") if rest else []
    field = f"-{numbers[1]}" if len(numbers) > 1 else ""
    rank = f" (nº {numbers[0]})" if numbers and numbers[0] != "1" else ""
    return f"{name}{field}{rank}"


def delay_words(seconds: float | None) -> str:
    """Of a delay in seconds, at the precision that counts."""
    if seconds is None:
        return "–"
    if seconds < 0.1:
        return "moins de 0,1 s"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".", ",")
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} j"
