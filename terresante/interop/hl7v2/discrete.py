"""Results of biology that an ORU^R01 gives one by one, without a document (HL7 v2.5, chapter 7; INTEROP.md 5).

One OBR is a chapter, each OBX below it a result, an NTE its comment. Nothing raises on what senders write. Which
of them are one report: `orders`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from terresante.interop.cda.values import Read, number, read_bound, read_number
from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.er7 import Repetition, Segment
from terresante.kernel.ui.wording import NBSP, long_date
from terresante.results.actions import NewResult
from terresante.results.enums import ResultKind
from terresante.results.merging import SUB_LENGTH, key_of, plain, sub_under

# What a sender says of a document, not of a person (CI-SIS, « Transmission de documents CDA en HL7v2 »).
_NO_RESULTS = frozenset(
    {
        *("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", "INVISIBLE_REPRESENTANTS_LEGAUX"),
        *("CONNEXION_SECRETE", "MODIF_CONF_CODE", "MODIF_CONFIDENTIALITYCODE", "DESTDMP", "DESTMSSANTEPS"),
        *("DESTMSSANTEPAT", "ACK_RECEPTION", "ACK_LECTURE_MSS", "ACK_LECTURE", "COMP_LOT"),
    }
)
_VALUED = frozenset({"NM", "SN", "ST", "TX", "FT", "CE", "CWE", "CNE", "DT", "TS", "TM", "IS", "ID"})
_CODED = ("CE", "CWE", "CNE")
# Of several values of one result none may be lost: they are words then. A text is cut into lines (`text_of`).
_REPEATED = ("NM", "IS", "ID", *_CODED)
_RANGE = re.compile(r"(-?\d{1,15}(?:[.,]\d{1,9})?)\s*(?:-|–|à|a)\s*(-?\d{1,15}(?:[.,]\d{1,9})?)", re.ASCII)
_LOINC, _LOINC_NAMES = "2.16.840.1.113883.6.1", ("LN", "LOINC")
_SHOWN = {"<=": "≤", ">=": "≥"}
# Table 0078: what an antibiotic does; of nothing else.
_ANTIBIOGRAM = "18769-0"
_SUSCEPTIBLE = ("S", "I", "R", "SDD")


@dataclass(frozen=True, slots=True)
class Chapter:
    code: str = ""
    label: str = ""
    specimen: str = ""
    at: datetime | None = None

    @property
    def is_antibiogram(self) -> bool:
        return self.code == _ANTIBIOGRAM or "antibiogramme" in self.label.casefold()


@dataclass(frozen=True, slots=True)
class Child:
    """An order that follows from a result of another one (OBR-26, OBR-29): an antibiogram, from a germ.

    `number` tells its results from those of the other germs; `title` says for who reads of which germ they are.
    """

    number: str = ""
    title: str = ""

    def told(self, result: NewResult) -> NewResult:
        if not self.number:
            return result
        return replace(
            result, sub_identifier=sub_under(self.number, result.sub_identifier), battery=self.title
        )


def results_below(
    segments: Iterable[Segment], under: Mapping[Segment, Child] = MappingProxyType({})
) -> Iterator[tuple[Segment, NewResult]]:
    """Those of one order, each with its OBX; `under`, the OBR that follow from a result of another."""
    chapter, child = Chapter(), Child()
    pending: tuple[Segment, NewResult] | None = None
    for segment in segments:
        if segment.name == "NTE" and pending is not None:
            said = text_of(segment, 3)
            pending = (
                pending[0],
                replace(pending[1], comment=" ".join(filter(None, (pending[1].comment, said)))),
            )
            continue
        if pending is not None:
            yield pending
            pending = None
        if segment.name == "OBR":
            chapter, child = chapter_of(segment), under.get(segment, Child())
        elif segment.name == "OBX" and _is_result(segment):
            pending = segment, child.told(_result(segment, chapter))
    if pending is not None:
        yield pending


def _is_result(segment: Segment) -> bool:
    """A line of text that names no examination is a part of a report, whose document is to be sent."""
    code, label, _ = _examination(segment)
    return bool(code or label) and segment.value(2) in _VALUED and code not in _NO_RESULTS


def chapter_of(segment: Segment) -> Chapter:
    return Chapter(
        code=segment.value(4),
        label=segment.value(4, 2) or segment.value(4),
        specimen=segment.value(15, 1, 2) or segment.value(15),
        at=read_moment(segment.value(7)) or read_moment(segment.value(22)),
    )


def _result(segment: Segment, chapter: Chapter) -> NewResult:
    read = _value(segment)
    low, high, words = _range(segment.value(7))
    code, label, system = _examination(segment)
    flag = segment.value(8).upper()
    if not flag and chapter.is_antibiogram and read.text in _SUSCEPTIBLE:
        flag = read.text
    return NewResult(
        kind=ResultKind.SUSCEPTIBILITY if flag in _SUSCEPTIBLE else ResultKind.VALUE,
        chapter_code=chapter.code,
        chapter=chapter.label,
        code=code,
        code_system=_LOINC if system in _LOINC_NAMES else system,
        label=label or code,
        comparator=read.comparator,
        value=read.number,
        text=read.text,
        unit=_unit(segment) or read.unit,
        low=low,
        high=high,
        range_text=words,
        interpretation=flag,
        effective_at=read_moment(segment.value(14)) or chapter.at,
        method=segment.value(17, 2) or segment.value(17),
        specimen=chapter.specimen,
        sub_identifier=plain(segment.value(4))[:SUB_LENGTH],
    )


def _examination(segment: Segment) -> tuple[str, str, str]:
    """Code, name and system of OBX-3: the LOINC code, wherever it stands, under the name that the laboratory gives."""
    code, label, system = (segment.value(3, part) for part in (1, 2, 3))
    other, other_label, other_system = (segment.value(3, part) for part in (4, 5, 6))
    if other and other_system in _LOINC_NAMES and system not in _LOINC_NAMES:
        return other, label or other_label, other_system
    return code or other, label or other_label, system or other_system


def _unit(segment: Segment) -> str:
    unit = segment.value(6)
    return "" if unit == "1" else unit


def _value(segment: Segment) -> Read:
    kind, said = segment.value(2), segment.value(5)
    if segment.value(11).upper() == "X":
        return Read("non rendu")
    if kind in _REPEATED and len(parts := [_shown(part, kind) for part in segment.repetitions(5)]) > 1:
        return Read(f"{NBSP}; ".join(filter(None, parts)))
    if kind == "NM":
        return read_number(said)
    if kind == "SN":
        return _structured(segment)
    if kind in _CODED:
        return Read(segment.value(5, 2) or said)
    if kind in ("DT", "TS"):
        at = read_moment(said)
        return Read(long_date(at) if at else said)
    return read_bound(text_of(segment, 5))


def _shown(part: Repetition, kind: str) -> str:
    return (part.value(2) if kind in _CODED else "") or part.value(1)


def _structured(segment: Segment) -> Read:
    """SN: comparator, number, separator, number: « <^10 », « ^1^:^160 », « ^10^-^20 »."""
    sign, first, between, second = (segment.value(5, part) for part in (1, 2, 3, 4))
    if second:
        return Read(f"{first} à {second}" if between == "-" else f"{first}{between}{second}")
    if sign in ("<", ">", "<=", ">="):
        return Read(f"{_SHOWN.get(sign, sign)}{NBSP}{first}", number(first), sign)
    return Read(first, number(first))


def _range(said: str) -> tuple[Decimal | None, Decimal | None, str]:
    """« 120-160 », « <5 », « >60 »; anything else stays in words."""
    plain = said.strip().removeprefix("[").removesuffix("]").removeprefix("(").removesuffix(")").strip()
    found = _RANGE.fullmatch(plain)
    if found:
        return number(found[1]), number(found[2]), ""
    bound = read_bound(plain)
    if not bound.comparator or bound.unit:
        return None, None, said.strip()
    return (None, bound.number, "") if bound.comparator.startswith("<") else (bound.number, None, "")


def text_of(segment: Segment, field: int) -> str:
    """All its repetitions: laboratories cut their texts into lines."""
    return " ".join(said for part in segment.repetitions(field) if (said := part.value(1).strip()))


def add_result(results: list[NewResult], result: NewResult, *, goes_on: bool) -> None:
    """The same again: a text that goes on, or the same measure in another unit; else a result of its own.

    `goes_on`: a text that may be cut into numbered lines (OBX-4); of anything else each number is a result.
    """
    last = results[-1] if results else None
    if last is None or _what_and_when(last) != _what_and_when(result):
        results.append(result)
    elif last.sub_identifier != result.sub_identifier and not goes_on:
        results.append(result)
    elif last.value is None and result.value is None and last.text != result.text:
        results[-1] = replace(last, text=f"{last.text} {result.text}".strip())
    elif (
        result.value is not None
        and last.value is not None
        and last.unit != result.unit
        and not last.other_text
    ):
        results[-1] = replace(last, other_text=result.text, other_unit=result.unit)
    else:
        results.append(result)


def _what_and_when(result: NewResult) -> tuple[object, ...]:
    return key_of(result.code, result.label), result.chapter_code, result.effective_at
