"""A value of CDA (xsi:type PQ, IVL_PQ, INT, REAL, CD, ST, RTO, TS…) as a result says it. Nothing raises."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from terresante.interop.cda.parsing import Element, attribute, every, local_name, one, text_at, type_of
from terresante.interop.hl7v2.dates import read_moment
from terresante.kernel.ui.wording import NBSP, long_date

# What originalText says, once its reference is followed.
Told = Callable[[Element | None], str]
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?", re.ASCII)
# « <1.0 mg/L », as some laboratories write a bound in a text.
# « <1/80 » is no bound of 1, it is that of a titre: it stays in words.
_BOUND = re.compile(
    r"(<=|>=|<|>|≤|≥)\s*([+-]?\d{1,15}(?:[.,]\d{1,9})?)(\s+\S{1,30}|(?![/:.,]?\d)\S{1,30})?", re.ASCII
)
_SIGNS = {"≤": "<=", "≥": ">="}
_SHOWN = {"<=": "≤", ">=": "≥"}
_NULL = {"NASK": "non demandé", "NAV": "en attente", "ASKU": "demandé, non obtenu"}


@dataclass(frozen=True, slots=True)
class Read:
    """`text` is without its unit. A bound (« moins de 1 ») has a comparator, and its number."""

    text: str = ""
    number: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    other_text: str = ""
    other_unit: str = ""


def number(text: str) -> Decimal | None:
    said = text.strip()
    return Decimal(said.replace(",", ".")) if _NUMBER.fullmatch(said) else None


def read_value(observation: Element, told: Told) -> Read:
    """The first value, and the second when it is the same measure in another unit."""
    values = every(observation, "value")
    if not values:
        return Read()
    first = _read(values[0], told)
    if first.other_text or len(values) < 2:
        return first
    second = _read(values[1], told)
    if second.number is None or second.unit == first.unit:
        return first
    return replace(first, other_text=second.text, other_unit=second.unit)


def read_bound(words: str) -> Read:
    """A text that is a bound and nothing else, else the text as it came."""
    found = _BOUND.fullmatch(words.strip())
    if found is None:
        return Read(words)
    sign = _SIGNS.get(found[1], found[1])
    return Read(_bounded(sign, found[2]), number(found[2]), sign, (found[3] or "").strip())


def read_number(said: str) -> Read:
    """Of a field that should hold a number: « 98 », or « <0.1 », as many analysers write what they cannot measure."""
    found = number(said)
    if found is not None:
        return Read(said, found)
    bound = read_bound(said)
    return bound if bound.comparator and not bound.unit else Read(said)


def _bounded(sign: str, digits: str) -> str:
    return f"{_SHOWN.get(sign, sign)}{NBSP}{digits}"


def _read(value: Element, told: Told) -> Read:
    if value.get("nullFlavor") and not value.get("value"):
        return _translated(value) or Read(_NULL.get(value.get("nullFlavor") or "", ""))
    kind = type_of(value)
    return _READERS.get(kind, _guessed)(value, told)


def _translated(value: Element) -> Read | None:
    """A measure whose unit is none of UCUM's: said in a translation, with the unit in the words of the laboratory."""
    for other in every(value, "translation"):
        digits = (other.get("value") or "").strip()
        if digits:
            words = (other.get("code") or other.get("displayName") or text_at(other, "originalText")).strip()
            return replace(read_number(digits), unit=words)
    return None


def _quantity(value: Element, told: Told) -> Read:
    said = (value.get("value") or "").strip()
    unit = (value.get("unit") or "").strip()
    read = replace(read_number(said), unit="" if unit == "1" else unit)
    for other in every(value, "translation"):
        digits, coded = (
            (other.get("value") or "").strip(),
            (other.get("code") or other.get("unit") or "").strip(),
        )
        if number(digits) is not None and coded and coded != read.unit:
            return replace(read, other_text=digits, other_unit=coded)
    return read


def _interval(value: Element, told: Told) -> Read:
    low, high = one(value, "low"), one(value, "high")
    edges = [(edge, attribute(edge, "", "value")) for edge in (low, high)]
    unit = next((attribute(edge, "", "unit") for edge, said in edges if said), "")
    lowest, highest = (said for _, said in edges)
    if lowest and highest:
        return Read(f"{lowest} à {highest}", unit=unit)
    if not lowest and not highest:
        return _quantity(value, told) if value.get("value") else Read()
    edge, sign, said = (low, ">", lowest) if lowest else (high, "<", highest)
    # CDA: a bound is inside its interval unless it says otherwise.
    is_inside = edge is not None and edge.get("inclusive") != "false"
    sign = f"{sign}=" if is_inside else sign
    return Read(_bounded(sign, said), number(said), sign, unit)


def _coded(value: Element, told: Told) -> Read:
    said = told(one(value, "originalText")) or (value.get("displayName") or "").strip()
    said = said or next((each.get("displayName") or "" for each in every(value, "translation")), "").strip()
    return Read(said or (value.get("code") or "").strip())


def _text(value: Element, told: Told) -> Read:
    return read_bound(told(value))


def _ratio(value: Element, told: Told) -> Read:
    parts = [one(value, name) for name in ("numerator", "denominator")]
    said = [attribute(part, "", "value") for part in parts]
    return Read("/".join(part for part in said if part))


def _moment(value: Element, told: Told) -> Read:
    at = read_moment((value.get("value") or "").strip())
    return Read(long_date(at) if at else (value.get("value") or "").strip())


def _boolean(value: Element, told: Told) -> Read:
    said = (value.get("value") or "").strip().lower()
    return Read({"true": "oui", "false": "non"}.get(said, said))


def _guessed(value: Element, told: Told) -> Read:
    """Its type is missing, or none of ours: what it holds says what it is."""
    names = {local_name(each) for each in value}
    if value.get("value") is not None:
        return _quantity(value, told)
    if names & {"low", "high"}:
        return _interval(value, told)
    return _coded(value, told) if value.get("code") else _text(value, told)


_READERS: dict[str, Callable[[Element, Told], Read]] = {
    **dict.fromkeys(("PQ", "INT", "REAL", "MO"), _quantity),
    **dict.fromkeys(("IVL_PQ", "IVL_INT", "IVL_REAL"), _interval),
    **dict.fromkeys(("CD", "CE", "CV", "CS", "CO"), _coded),
    **dict.fromkeys(("ST", "ED", "SC"), _text),
    **dict.fromkeys(("RTO", "RTO_PQ_PQ", "RTO_QTY_QTY"), _ratio),
    "TS": _moment,
    "BL": _boolean,
}
