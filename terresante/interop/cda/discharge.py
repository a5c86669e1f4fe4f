"""A letter of discharge for the page of who takes over at home (CI-SIS, LDL-SES; INTEROP.md 6).

Tolerant: the reports of a stay, of an emergency visit or of a newborn have the same sections.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from django.utils.safestring import SafeString

from terresante.documents.reading import Discharge, Part, Told
from terresante.interop.cda.body import paper_of, picture_of
from terresante.interop.cda.entries import (
    ALLERGIES,
    AT_DISCHARGE,
    AWAITED,
    DEVICES,
    FOLLOW_UP,
    LONG_TERM,
    MOST_ENTRIES,
    PRESCRIBED,
    STOPPED,
    Treatment,
    allergies_of,
    day,
    entry_kind,
    treatments_of,
)
from terresante.interop.cda.header import coded
from terresante.interop.cda.model import COPY_SECTION, CdaDocument, Section
from terresante.interop.cda.narrative import rendered
from terresante.interop.cda.parsing import Element, attribute, every, local_name, one, plain_text
from terresante.interop.cda.words import Words
from terresante.kernel.ui.wording import lowered, plain, short_period

_STATUS = "33557-0"
# LOINC of a section to the part it feeds.
_PARTS = {
    "42349-1": "reason",
    "46239-0": "reason",
    "42545-4": "synthesis",
    "8648-8": "synthesis",
    "11535-2": "synthesis",
    "51848-0": "synthesis",
    STOPPED: "stopped",
    AT_DISCHARGE: "treatments",
    LONG_TERM: "treatments",
    PRESCRIBED: "treatments",
    FOLLOW_UP: "follow_up",
    AWAITED: "awaited",
    ALLERGIES: "allergies",
    DEVICES: "devices",
}
_KINDS = {
    "procedure": "Acte",
    "observation": "Examen ou suivi",
    "encounter": "Consultation",
    "substanceAdministration": "Traitement",
    "supply": "Fourniture",
}
_PROVISIONAL = ("en cours", "provisoire", "preliminaire")


@dataclass(slots=True)
class _Gathered:
    title: str
    html: list[str] = field(default_factory=list)
    lines: list[Told] = field(default_factory=list)


def discharge_of(document: CdaDocument, facts: tuple[tuple[str, str], ...]) -> Discharge:
    parts: dict[str, _Gathered] = {}
    others: list[str] = []
    words = Words(document.element)
    for section in document.body.sections:
        _gather(section, "", words, parts, others)
    return Discharge(
        **{
            name: Part(one_.title, SafeString("".join(one_.html)), tuple(one_.lines))
            for name, one_ in parts.items()
        },
        others=tuple(dict.fromkeys(others)),
        is_provisional=_is_provisional(document),
        facts=facts,
        has_paper=(paper_of(document.body) or picture_of(document.body)) is not None,
    )


def _gather(
    section: Section, inherited: str, words: Words, parts: dict[str, _Gathered], others: list[str]
) -> None:
    """A section inside a part that says nothing of its own kind belongs to that part."""
    code = section.code.code
    if code in (COPY_SECTION, _STATUS):
        return
    name = _PARTS.get(code) or inherited
    title = section.title or section.code.label
    html = rendered(section.narrative)
    if not name and html:
        others.append(title or "Section sans titre")
    if name:
        into = parts.setdefault(name, _Gathered(title))
        is_another = bool(into.html) or title != into.title
        into.html += [f"<p><strong>{escape(title)}</strong></p>"] if is_another and title and html else []
        into.html.append(html)
        into.lines += list(_lines(section, words))[: MOST_ENTRIES - len(into.lines)]
    for inside in section.sections:
        _gather(inside, name, words, parts, others)


def _lines(section: Section, words: Words) -> Iterator[Told]:
    code = section.code.code
    for entry in section.entries[:MOST_ENTRIES]:
        for treatment in treatments_of(section, entry, words):
            yield _treatment(treatment)
        for allergy in allergies_of(section, entry, words):
            if not allergy.is_none_known:
                yield Told(strong=allergy.substance, text=allergy.reaction, note=allergy.kind.label)
        if code == FOLLOW_UP and (planned := _planned(entry, words)):
            yield planned
        if code == DEVICES and (device := _device(entry, words)):
            yield device


def _treatment(found: Treatment) -> Told:
    start, until = (each.on if each else None for each in (found.start, found.until))
    period = short_period(start, until)
    note = " · ".join(part for part in (found.indication, found.comment, period) if part)
    return Told(strong=found.name, text=found.dosage, note=note, change=lowered(found.change))


def _planned(entry: Element, words: Words) -> Told | None:
    """An act to be done, an examination, a consultation, with its day when it has one."""
    kind = entry_kind(entry)
    planned = one(entry, kind) if kind in _KINDS else None
    if planned is None:
        return None
    value = one(planned, "value")
    text = words.said(one(planned, "text")) or plain_text(value) or coded(one(planned, "code")).label
    if not text:
        return None
    at = day(attribute(planned, "effectiveTime", "value") or attribute(planned, "effectiveTime/low", "value"))
    note = coded(one(planned, "priorityCode")).label
    # The row it stands in says the day as its author wrote it: both are shown when they differ.
    written = " · ".join(cell for cell in words.cells(one(planned, "text")) if cell != text)
    on = at.on if at else None
    if on is not None and written and f"{on:%d/%m/%Y}" not in written:
        on = None
    return Told(strong=text, text=_KINDS[kind], note=written or note, on=on)


def _device(entry: Element, words: Words) -> Told | None:
    for supply in every(entry, "supply"):
        code = one(supply, "participant/participantRole/playingDevice/code")
        text = words.said(None if code is None else one(code, "originalText")) or coded(code).label
        since = day(
            attribute(supply, "effectiveTime/low", "value") or attribute(supply, "effectiveTime", "value")
        )
        if text:
            return Told(strong=text, on=since.on if since else None)
    return None


def _is_provisional(document: CdaDocument) -> bool:
    """« Statut du document »: its narrative, or its code."""
    for section in document.body.sections:
        if section.code.code == _STATUS:
            told = [plain_text(section.narrative)]
            told += [
                coded(each).label
                for entry in section.entries
                for each in entry.iter()
                if local_name(each) == "value"
            ]
            return any(word in plain(text) for text in told for word in _PROVISIONAL)
    return False
