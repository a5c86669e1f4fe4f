"""What a structured document says in codes: treatments, allergies, problems, vaccinations, what is planned (CI-SIS,
INTEROP.md 6).

Tolerant: an entry that says too little is left out, its narrative stays on the page. Bounded: `MOST_ENTRIES` of one.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from terresante.interop.cda.body import all_sections
from terresante.interop.cda.header import coded
from terresante.interop.cda.model import CdaDocument, Coded, Section
from terresante.interop.cda.parsing import Element, attribute, every, local_name, one, text_at, type_of
from terresante.interop.cda.words import Words, said
from terresante.kernel.ui.wording import plain

MOST_ENTRIES = 400
# LOINC, sections (INTEROP.md 6).
STOPPED, AT_DISCHARGE, LONG_TERM = "18610-6", "10183-2", "10160-0"
PRESCRIBED, DISPENSED = "57828-6", "60590-7"
ALLERGIES, VACCINES = "48765-2", "11369-6"
PROBLEMS, HISTORY = "11450-4", "11348-0"
FOLLOW_UP, DEVICES, AWAITED = "18776-5", "46264-8", "30954-2"
_TREATMENTS = (STOPPED, AT_DISCHARGE, LONG_TERM, PRESCRIBED)
# LOINC, observations inside an entry.
_STATUS, _CERTAINTY, _CRITICALITY, _RANK, _COMMENT = "33999-4", "66455-7", "82606-5", "30973-2", "48767-8"
# What is said of a problem or an allergy, and stands inside it or beside it in its act (IHE PCC, 6.3.4.11 to 6.3.4.13):
# its status, its certainty, its criticality, a health status, a rank.
_SAID_OF_IT = frozenset({_STATUS, _CERTAINTY, _CRITICALITY, _RANK, "11323-3", "SEV"})
# Statuses of the first volumes, of which the codes (SNOMED 3.5) are no longer published: by their label.
_STATUS_WORDS = {
    **dict.fromkeys(("actif", "active", "chronique", "intermittent", "recurrent", "recidivant"), "active"),
    **dict.fromkeys(("inactif", "inactive"), "inactive"),
    **dict.fromkeys(("en remission", "remission"), "remission"),
    **dict.fromkeys(("resolu", "resolue", "gueri", "guerie"), "resolved"),
}
# SNOMED CT and HL7: nobody knows of any allergy.
_NONE_KNOWN = {"716186003", "no-known-allergies", "no-allergy-info-known"}
# Nobody knows of any problem, or nobody said: facts about the section, no problems.
_NO_PROBLEM = {"no-known-problems", "no-problem-info", "160245001"}
# Types of a `value` that measures: an observation beside a problem, not the problem (CDA R2, 4.3.6.5).
_MEASURES = {"PQ", "REAL", "INT", "BL", "IVL_PQ", "IVL_INT", "RTO", "TS", "IVL_TS"}
_YES = {"oui", "yes", "vrai", "true", "presente"}
_ANY_ALLERGY = {"419199007", "420134006", "106190000", "allergy"}
_REFUTED = {"refuted", "entered-in-error", "410516002"}
_NO = {"non", "no", "faux", "false", "absent"}
# What is to come (CDA R2, moodCode): meant, proposed, promised, asked for, an appointment asked for or made, a goal.
_TO_COME = {"INT", "PRP", "PRMS", "RQO", "ARQ", "APT", "GOL"}
_ACTS = {"act", "encounter", "observation", "procedure", "substanceAdministration", "supply"}
_BY_WHOM = re.compile("par qui|intervenant|professionnel|responsable|acteur")
_NO_CODE = Coded()
_LONGEST_NAME = 120
_DAY = re.compile(r"(\d{4})(\d{2})?(\d{2})?", re.ASCII)
_DOSED = re.compile(r"posolog|dose|frequen|rythme|voie|matin|midi|soir|coucher|schema")
_UNITS = {"{tbl}": "comprimé", "{tablet}": "comprimé", "{cp}": "comprimé", "1": "unité"}
_PERIODS = {"d": "jour", "wk": "semaine", "mo": "mois", "h": "heure"}


class Precision(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is known: the first day of its month, or of its year."""

    on: datetime.date
    precision: Precision = Precision.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """`change` is what the letter itself says of it: « nouveau », « modifié »."""

    section: str
    name: str
    code: Coded = _NO_CODE
    dosage: str = ""
    indication: str = ""
    comment: str = ""
    change: str = ""
    start: Day | None = None
    until: Day | None = None
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    """`kind` and `criticality` are codes, or their French label; `is_none_known`: there is none, said so."""

    substance: str
    kind: Coded = _NO_CODE
    criticality: str = ""
    status: str = ""
    reaction: str = ""
    is_none_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    name: str
    code: Coded = _NO_CODE
    since: Day | None = None
    status: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccination:
    vaccine: str
    given: Day
    lot: str = ""
    rank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Something to be done; `note` is the rest of its row in its author's words, `by` whom they name."""

    name: str
    note: str = ""
    by: str = ""
    on: Day | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    treatments: tuple[Treatment, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    problems: tuple[Problem, ...] = ()
    vaccinations: tuple[Vaccination, ...] = ()
    planned: tuple[Planned, ...] = ()


def read_entries(document: CdaDocument, words: Words | None = None) -> Entries:
    words = words or Words(document.element)
    found = list(islice(_entries(document), MOST_ENTRIES))
    return Entries(
        treatments=tuple(t for section, entry in found for t in treatments_of(section, entry, words)),
        allergies=tuple(a for section, entry in found for a in allergies_of(section, entry, words)),
        problems=tuple(p for section, entry in found for p in _problems_of(section, entry, words)),
        vaccinations=tuple(v for section, entry in found for v in _vaccinations_of(section, entry, words)),
        planned=tuple(p for section, entry in found for p in _planned_of(section, entry, words)),
    )


def _entries(document: CdaDocument) -> Iterator[tuple[Section, Element]]:
    for section in all_sections(document.body.sections):
        for entry in section.entries:
            yield section, entry


def day(text: str) -> Day | None:
    """HL7 TS, whatever its precision."""
    match = _DAY.match(text)
    if match is None:
        return None
    year, month, date = match.groups()
    precision = Precision.DAY if date else Precision.MONTH if month else Precision.YEAR
    try:
        return Day(datetime.date(int(year), int(month or 1), int(date or 1)), precision)
    except ValueError:
        return None


def treatments_of(section: Section, entry: Element, words: Words) -> Iterator[Treatment]:
    if section.code.code in _TREATMENTS:
        for each in every(entry, "substanceAdministration"):
            if treatment := _administered(section, each, words):
                yield treatment
    elif section.code.code == DISPENSED:
        for each in every(entry, "supply"):
            product = one(each, "product/manufacturedProduct/manufacturedMaterial")
            name = "" if product is None else _product(product, words)
            if product is not None and name:
                yield Treatment(section=DISPENSED, name=name, code=_best_code(one(product, "code")))


def _administered(section: Section, element: Element, words: Words) -> Treatment | None:
    product = one(element, "consumable/manufacturedProduct/manufacturedMaterial")
    name = "" if product is None else _product(product, words)
    if not name or product is None or element.get("negationInd") == "true":
        return None
    row = words.row(one(product, "code/originalText")) or words.row(one(element, "text"))
    times = every(element, "effectiveTime")
    span = times[0] if times else None
    return Treatment(
        section=section.code.code,
        name=name,
        code=_best_code(one(product, "code")),
        dosage=_cells(row, _DOSED) or _dosage(element, times[1:]),
        indication=_cells(row, re.compile("motif|indication|pour quoi|raison"))
        or _indication(element, words),
        comment=_cells(row, re.compile("comment|remarque|precision")) or _comment(element, words),
        change=_cells(row, re.compile("statut|evolution|changement|modification")),
        start=day(attribute(span, "low", "value") or attribute(span, "", "value")),
        until=day(attribute(span, "high", "value")),
        is_stopped=section.code.code == STOPPED and "arret" in plain(section.title or section.code.label),
    )


def _product(material: Element, words: Words) -> str:
    """The words of the narrative when they are a name, not a box ticked; else its own name, else its code's."""
    narrated = words.said(one(material, "code/originalText"))
    narrated = "" if plain(narrated) in _YES else narrated
    if 0 < len(narrated) <= _LONGEST_NAME:
        return narrated
    code = coded(one(material, "code"))
    labels = [coded(each).label for each in every(material, "code/translation")]
    return next((text for text in (said(text_at(material, "name")), code.label, *labels) if text), narrated)


def _best_code(code: Element | None) -> Coded:
    if code is None:
        return Coded()
    own = coded(code)
    translated = [found for each in every(code, "translation") if (found := coded(each)).code]
    return own if own.code else next(iter(translated), own)


def _cells(row: dict[str, str], head: re.Pattern[str]) -> str:
    return " · ".join(text for name, text in row.items() if head.search(name))


def _dosage(element: Element, rhythms: list[Element]) -> str:
    """« 1 comprimé, toutes les 6 heures »: what the codes say, when the narrative has no row for it."""
    value = attribute(element, "doseQuantity/low", "value") or attribute(element, "doseQuantity", "value")
    unit = attribute(element, "doseQuantity/low", "unit") or attribute(element, "doseQuantity", "unit")
    dose = " ".join(part for part in (value, _UNITS.get(unit, unit.strip("{}"))) if part) if value else ""
    period = next((found for each in rhythms if (found := one(each, "period")) is not None), None)
    every_, span = attribute(period, "", "value"), _PERIODS.get(attribute(period, "", "unit"), "")
    rhythm = ""
    if every_ and span:
        rhythm = f"1 fois par {span}" if every_ == "1" else f"toutes les {every_} {span}s"
    return ", ".join(part for part in (dose, rhythm, coded(one(element, "routeCode")).label) if part)


def _indication(element: Element, words: Words) -> str:
    for each in every(element, "entryRelationship"):
        if each.get("typeCode") == "RSON" and (act := one(each, "act")) is not None:
            return words.said(one(act, "code/originalText")) or coded(one(act, "code")).label
    return ""


def _comment(element: Element, words: Words) -> str:
    for each in every(element, "entryRelationship/act"):
        if attribute(each, "code", "code") == _COMMENT:
            return words.said(one(each, "text"))
    return ""


def _observations(entry: Element) -> list[Element]:
    """Problems, or allergies: not what is said of one beside it."""
    found = [*every(entry, "act/entryRelationship/observation"), *every(entry, "observation")]
    return [each for each in found if attribute(each, "code", "code") not in _SAID_OF_IT]


def _inner(observation: Element, code: str) -> str:
    """The code, else the label, of an observation inside it."""
    found = _said_inside(observation, code)
    return (found.code or found.label).lower()


def _said_inside(element: Element, code: str) -> Coded:
    for each in every(element, "entryRelationship/observation"):
        if attribute(each, "code", "code") == code:
            return coded(one(each, "value"))
    return _NO_CODE


def _status_of(entry: Element, observation: Element) -> str:
    """Said inside the observation, else of the whole act (the concern) where it stands."""
    act = one(entry, "act")
    found = _said_inside(observation, _STATUS)
    if found == _NO_CODE and act is not None:
        found = _said_inside(act, _STATUS)
    return _STATUS_WORDS.get(plain(found.label), (found.code or found.label).lower())


def allergies_of(section: Section, entry: Element, words: Words) -> Iterator[Allergy]:
    if section.code.code != ALLERGIES:
        return
    for each in _observations(entry):
        kind, value = coded(one(each, "code")), coded(one(each, "value"))
        is_denied = each.get("negationInd") == "true"
        if value.code in _NONE_KNOWN or (is_denied and kind.code in _ANY_ALLERGY):
            yield Allergy(substance="", is_none_known=True)
            continue
        substance = _substance(each, words) or _ticked(each, kind, words)
        if substance and not is_denied and _inner(each, _CERTAINTY) not in _REFUTED:
            yield Allergy(
                substance=substance,
                kind=kind,
                criticality=_inner(each, _CRITICALITY),
                status=_status_of(entry, each),
                reaction=_reaction(each, words),
            )


def _substance(observation: Element, words: Words) -> str:
    entity = one(observation, "participant/participantRole/playingEntity")
    if entity is None:
        return ""
    narrated = words.said(one(entity, "code/originalText"))
    name = said(text_at(entity, "name"))
    return narrated if 0 < len(narrated) <= _LONGEST_NAME else coded(one(entity, "code")).label or name


def _ticked(observation: Element, kind: Coded, words: Words) -> str:
    """« Allergie alimentaire : Oui », which names no substance: a box of the child's health record."""
    value = one(observation, "value")
    told = words.said(None if value is None else one(value, "originalText"))
    told = told or words.said(one(observation, "text"))
    return f"{kind.label.capitalize()}, sans autre précision" if kind.label and plain(told) in _YES else ""


def _reaction(observation: Element, words: Words) -> str:
    told = []
    for each in every(observation, "entryRelationship"):
        if each.get("typeCode") == "MFST" and (found := one(each, "observation")) is not None:
            label = coded(one(found, "value")).label
            told.append(words.said(one(found, "text")) or label)
    return " · ".join(dict.fromkeys(text for text in told if text))


def _problems_of(section: Section, entry: Element, words: Words) -> Iterator[Problem]:
    if section.code.code not in (PROBLEMS, HISTORY):
        return
    for each in _observations(entry):
        value = one(each, "value")
        code = coded(value)
        if code.code in _NO_PROBLEM or type_of(value) in _MEASURES:
            continue
        name = code.label or words.said(None if value is None else one(value, "originalText"))
        name = name or words.said(one(each, "text"))
        if name and each.get("negationInd") != "true" and _inner(each, _CERTAINTY) not in _REFUTED:
            status = _status_of(entry, each) or ("active" if section.code.code == PROBLEMS else "inactive")
            yield Problem(
                name=name,
                code=code,
                since=day(attribute(each, "effectiveTime/low", "value")),
                status=status,
                comment=_comment(each, words),
            )


def _vaccinations_of(section: Section, entry: Element, words: Words) -> Iterator[Vaccination]:
    if section.code.code != VACCINES:
        return
    for each in every(entry, "substanceAdministration"):
        product = one(each, "consumable/manufacturedProduct/manufacturedMaterial")
        given = day(
            attribute(each, "effectiveTime", "value") or attribute(each, "effectiveTime/low", "value")
        )
        name = "" if product is None else _product(product, words)
        if product is None or given is None or not name or each.get("negationInd") == "true":
            continue
        yield Vaccination(
            vaccine=name, given=given, lot=said(text_at(product, "lotNumberText")), rank=_rank(each)
        )


def _rank(element: Element) -> str:
    for each in every(element, "entryRelationship/observation"):
        if attribute(each, "code", "code") == _RANK:
            return attribute(each, "value", "value")
    return ""


def _planned_of(section: Section, entry: Element, words: Words) -> Iterator[Planned]:
    """Of a plan of care (« suites à donner »). What is said to be done, or not to be, is no plan."""
    kind = entry_kind(entry)
    act = one(entry, kind) if section.code.code == FOLLOW_UP and kind in _ACTS else None
    if act is None or act.get("moodCode") not in _TO_COME or act.get("negationInd") == "true":
        return
    name = _planned_name(act, words)
    if not name:
        return
    text = one(act, "text")
    others = [cell for cell in words.cells(text) if cell != name and plain(cell) not in _YES]
    yield Planned(
        name=name,
        note=" · ".join(others) or coded(one(act, "priorityCode")).label,
        by=_cells(words.row(text), _BY_WHOM),
        on=_planned_day(act, others),
    )


def _planned_name(act: Element, words: Words) -> str:
    """Its words in the narrative; of a box ticked « oui », what its row is about."""
    text = one(act, "text")
    narrated = words.said(text)
    if plain(narrated) in _NO or attribute(act, "value", "value") == "false":
        return ""
    if plain(narrated) in _YES:
        narrated = next((cell for cell in words.cells(text) if plain(cell) not in _YES), "")
    product = one(act, "consumable/manufacturedProduct/manufacturedMaterial")
    own = "" if product is None else _product(product, words)
    return narrated or own or said(text_at(act, "value")) or coded(one(act, "code")).label


def _planned_day(act: Element, written: list[str]) -> Day | None:
    """None when the row, which its author signed, does not say that day, or when the day is not known."""
    at = day(attribute(act, "effectiveTime", "value") or attribute(act, "effectiveTime/low", "value"))
    if at is None or at.precision != Precision.DAY:
        return None
    return at if not written or any(f"{at.on:%d/%m/%Y}" in cell for cell in written) else None


def entry_kind(entry: Element) -> str:
    """The local name of what it holds."""
    return next((name for each in entry if isinstance(each.tag, str) and (name := local_name(each))), "")
