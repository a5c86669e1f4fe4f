"""The results of a report of biology (CI-SIS, Volet CR-BIO; INTEROP.md 6): chapters, examinations, germs, antibiograms.

By structure and tolerant: a result is an observation with the template of a laboratory, or that stands in a chapter of
one; what an observation refers to (REFR) is an earlier value of the same examination, when it is dated. Nothing raises
on what senders write, and each piece of the document is looked at a bounded number of times.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from terresante.interop.cda.header import moment
from terresante.interop.cda.model import COPY_SECTION, CdaDocument, Header
from terresante.interop.cda.parsing import (
    Element,
    attribute,
    every,
    first_words,
    identified,
    local_name,
    one,
    text_at,
)
from terresante.interop.cda.values import Read, number, read_value
from terresante.results.actions import NewReport, NewResult
from terresante.results.enums import ReportStatus, ResultKind

_OBSERVATION = frozenset({"1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80"})
_CHAPTER = frozenset(
    {
        "1.3.6.1.4.1.19376.1.3.3.2.1",
        "1.3.6.1.4.1.19376.1.3.3.2.2",
        "1.2.250.1.213.1.1.2.70",
        "1.2.250.1.213.1.1.2.71",
    }
)
_COMMENT_SECTIONS, _COMMENT_ACT = ("55112-7", "48767-8"), "48767-8"
_ANTIBIOGRAM = "18769-0"
# Beyond, the document itself is there to be read.
MOST_RESULTS = 2000
# Letters kept of a text that a reference points to.
_LONGEST = 500
# « Glucose à jeun [Moles/Volume] Sérum/Plasma ; Numérique »: what comes before is its name.
_AXES = re.compile(r"\s*(?:\[|;|:).*", re.DOTALL)
_NESTED = ("entryRelationship", "component")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: what is said above a result holds for it."""

    chapter_code: str = ""
    chapter: str = ""
    section: str = ""
    battery: str = ""
    specimen: str = ""
    isolate: int | None = None
    is_antibiogram: bool = False
    is_laboratory: bool = False


def read_results(document: CdaDocument) -> NewReport | None:
    """None for a document that has no result in a form that can be read one by one."""
    return _Reading(document).report()


class _Reading:
    """One walk of one document; the texts that references point to are indexed once."""

    def __init__(self, document: CdaDocument) -> None:
        self._document = document
        self._by_id = identified(document.element)
        self._texts: dict[str, str] = {}
        self._germs = 0

    def report(self) -> NewReport | None:
        body = one(self._document.element, "component/structuredBody")
        if body is None:
            return None
        sections = every(body, "component/section")
        found = tuple(islice(self._sections(sections, _Place()), MOST_RESULTS))
        if not any(each.kind not in (ResultKind.ISOLATE, ResultKind.EARLIER) for each in found):
            return None
        header = self._document.header
        return NewReport(
            effective_at=_dated(header, found),
            results=found,
            laboratory=_laboratory(header),
            prescription=", ".join(each.extension or each.root for each in header.orders),
            comment="\n".join(self._comments(sections)),
            status=ReportStatus.FINAL,
        )

    def _sections(self, sections: list[Element], place: _Place) -> Iterator[NewResult]:
        for section in sections:
            code = attribute(section, "code", "code")
            if code == COPY_SECTION:
                continue
            here = replace(place, is_laboratory=place.is_laboratory or _has(section, _CHAPTER))
            label = attribute(section, "code", "displayName") or text_at(section, "title") or code
            if place.chapter:
                here = replace(here, section=label)
            else:
                here = replace(here, chapter_code=code, chapter=label)
            for entry in every(section, "entry"):
                yield from self._inside(entry, here)
            yield from self._sections(every(section, "component/section"), here)

    def _inside(self, element: Element, place: _Place) -> Iterator[NewResult]:
        """What stands right below an entry, an act, an organizer or an observation."""
        for child in element:
            name = local_name(child)
            if name in _NESTED:
                if child.get("typeCode") != "REFR":
                    yield from self._inside(child, place)
            elif name == "act":
                if attribute(child, "code", "code") != _COMMENT_ACT:
                    yield from self._inside(
                        child, replace(place, specimen=self._specimen(child) or place.specimen)
                    )
            elif name == "organizer":
                yield from self._organizer(child, place)
            elif name == "observation":
                if place.is_laboratory or _has(child, _OBSERVATION):
                    result = self._result(child, place)
                    yield result
                    yield from self._earlier(child, result)
                yield from self._inside(child, place)

    def _organizer(self, organizer: Element, place: _Place) -> Iterator[NewResult]:
        """A battery groups results; with a germ, they tell of it."""
        germ = one(organizer, "specimen/specimenRole/specimenPlayingEntity")
        code = one(organizer, "code")
        here = replace(place, battery=self._label(code) or place.battery)
        if germ is not None:
            self._germs += 1
            here = replace(here, isolate=self._germs)
            yield self._isolate(germ, organizer, here)
        if place.isolate is not None:
            here = replace(here, is_antibiogram=attribute(code, "", "code") == _ANTIBIOGRAM)
        yield from self._inside(organizer, here)

    def _isolate(self, germ: Element, organizer: Element, place: _Place) -> NewResult:
        code = one(germ, "code")
        coded = _first_coded(code)
        return NewResult(
            kind=ResultKind.ISOLATE,
            chapter_code=place.chapter_code,
            chapter=place.chapter,
            section=place.section,
            isolate=place.isolate,
            code=attribute(coded, "", "code"),
            code_system=attribute(coded, "", "codeSystem"),
            label="Germe isolé",
            text=self._label(code) or text_at(germ, "name"),
            effective_at=moment(organizer, "effectiveTime") or moment(organizer, "effectiveTime/low"),
            specimen=place.specimen,
        )

    def _result(self, observation: Element, place: _Place) -> NewResult:
        code = one(observation, "code")
        coded = _first_coded(code)
        read = read_value(observation, self._told)
        low, high, range_text = self._range(observation, read)
        interpretation = attribute(observation, "interpretationCode", "code").upper()
        is_antibiogram = place.is_antibiogram or (
            place.isolate is not None and interpretation in ("S", "I", "R", "SDD")
        )
        return NewResult(
            kind=ResultKind.SUSCEPTIBILITY if is_antibiogram else ResultKind.VALUE,
            chapter_code=place.chapter_code,
            chapter=place.chapter,
            section=place.section,
            battery=place.battery,
            isolate=place.isolate,
            code=attribute(coded, "", "code"),
            code_system=attribute(coded, "", "codeSystem"),
            label=self._label(code),
            comparator=read.comparator,
            value=read.number,
            text=read.text,
            unit=read.unit,
            other_text=read.other_text,
            other_unit=read.other_unit,
            low=low,
            high=high,
            range_text=range_text,
            interpretation=interpretation,
            effective_at=moment(observation, "effectiveTime")
            or moment(observation, "effectiveTime/low")
            or moment(observation, "effectiveTime/high"),
            method=self._label(one(observation, "methodCode")),
            specimen=place.specimen,
            comment=self._comment(observation),
        )

    def _earlier(self, observation: Element, result: NewResult) -> Iterator[NewResult]:
        """Without a date of its own it could be taken for a new one: it is then left to the document."""
        if result.kind != ResultKind.VALUE or result.isolate is not None:
            return
        for link in every(observation, "entryRelationship"):
            for before in every(link, "observation") if link.get("typeCode") == "REFR" else []:
                code = attribute(_first_coded(one(before, "code")), "", "code")
                read = read_value(before, self._told)
                at = moment(before, "effectiveTime") or moment(before, "effectiveTime/low")
                if code in ("", result.code) and at is not None and read.text:
                    low, high, words = self._range(before, read)
                    yield replace(
                        result,
                        kind=ResultKind.EARLIER,
                        comparator=read.comparator,
                        value=read.number,
                        text=read.text,
                        unit=read.unit,
                        other_text=read.other_text,
                        other_unit=read.other_unit,
                        low=low,
                        high=high,
                        range_text=words,
                        interpretation=attribute(before, "interpretationCode", "code").upper(),
                        effective_at=at,
                        method="",
                        specimen="",
                        comment="",
                    )

    def _range(self, observation: Element, read: Read) -> tuple[Decimal | None, Decimal | None, str]:
        """The normal one when there are several, in the unit of the value, else in words."""
        ranges = every(observation, "referenceRange/observationRange")
        normal = next(
            (each for each in ranges if attribute(each, "interpretationCode", "code") in ("N", "")),
            next(iter(ranges), None),
        )
        if normal is None:
            return None, None, ""
        edges = {name: one(normal, f"value/{name}") for name in ("low", "high")}
        units = {attribute(edge, "", "unit") for edge in edges.values() if edge is not None}
        low, high = (number(attribute(edge, "", "value")) for edge in edges.values())
        words = self._told(one(normal, "text")) or (
            "" if edges["low"] is not None or edges["high"] is not None else self._told(one(normal, "value"))
        )
        if not units <= {read.unit, ""}:
            said = " à ".join(
                f"{attribute(edge, '', 'value')} {attribute(edge, '', 'unit')}"
                for edge in edges.values()
                if edge is not None
            )
            return None, None, words or said
        return low, high, words

    def _specimen(self, act: Element) -> str:
        for procedure in every(act, "entryRelationship/procedure"):
            for code in every(procedure, "participant/participantRole/playingEntity/code"):
                if said := self._label(code):
                    return said
        return ""

    def _comment(self, observation: Element) -> str:
        acts = every(observation, "entryRelationship/act")
        said = [
            self._told(one(act, "text")) for act in acts if attribute(act, "code", "code") == _COMMENT_ACT
        ]
        return " ".join(each for each in said if each)

    def _comments(self, sections: list[Element]) -> Iterator[str]:
        for section in sections:
            if attribute(section, "code", "code") in _COMMENT_SECTIONS:
                said = first_words(one(section, "text"), _LONGEST)
                title = text_at(section, "title")
                if said:
                    yield f"{title} : {said}" if title else said

    def _label(self, code: Element | None) -> str:
        """As the laboratory writes it, else the name of its code, without what LOINC adds to it."""
        if code is None:
            return ""
        said = self._told(one(code, "originalText"))
        if 0 < len(said) <= 120:
            return said
        names = [code, *every(code, "translation")]
        known = (" ".join((each.get("displayName") or "").split())[:_LONGEST] for each in names)
        named = next((name for name in known if name), "")
        return _AXES.sub("", named) or named or said

    def _told(self, element: Element | None) -> str:
        """Its own words, else those of the narrative it points to, with or without its `#`."""
        if element is None:
            return ""
        own = first_words(element, _LONGEST)
        target = attribute(element, "reference", "value").removeprefix("#")
        if own or not target:
            return own
        if target not in self._texts:
            self._texts[target] = first_words(self._by_id.get(target), _LONGEST)
        return self._texts[target]


def _has(element: Element, templates: frozenset[str]) -> bool:
    return any(each.get("root") in templates for each in every(element, "templateId"))


def _first_coded(code: Element | None) -> Element | None:
    """The code itself, else the first of its translations that has one: a code local to its laboratory."""
    if code is None or attribute(code, "", "code"):
        return code
    return next((each for each in every(code, "translation") if attribute(each, "", "code")), code)


def _laboratory(header: Header) -> str:
    named = (party.organization for party in (*header.performers, *header.authors))
    return next((name for name in named if name), header.custodian.organization if header.custodian else "")


def _dated(header: Header, results: tuple[NewResult, ...]) -> datetime.datetime:
    """When the person was examined: the start of the act, else its first result, else the date of the document."""
    first = next((each.effective_at for each in results if each.effective_at), None)
    return header.event_period.start or first or header.dated_at
