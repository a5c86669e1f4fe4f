"""Reports of biology as a well-behaved laboratory writes them (CI-SIS, Volet CR-BIO 2024.01): a CDA of level 3, or
discrete results in an ORU^R01; every person is invented.
"""

import datetime
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from simulators.hospital.documents import Author, Letter, Passage, cda, table
from simulators.hospital.messages import PARIS, Person, pid_of, timestamp

_LOINC = "2.16.840.1.113883.6.1"
_IHE = "1.3.6.1.4.1.19376.1.3"
_CISIS = "1.2.250.1.213.1.1.3"
_SNOMED = "2.16.840.1.113883.6.96"
CHAPTERS = {
    "18719-5": "Biochimie",
    "18723-7": "Hématologie",
    "18725-2": "Microbiologie",
    "18720-3": "Hémostase, coagulation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`value` is a number as text when there is a `unit`, else words. `other` is the same in another unit;
    `before`, what the report recalls of earlier ones: value, unit, when.
    """

    code: str
    label: str
    value: str
    unit: str = ""
    low: str = ""
    high: str = ""
    flag: str = ""
    other: tuple[str, str] = ("", "")
    method: str = ""
    system: str = _LOINC
    before: tuple[tuple[str, str, datetime.datetime], ...] = ()

    @property
    def said(self) -> str:
        return f"{self.value} {self.unit}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Germ:
    """An isolate: its SNOMED code, how many, and what each antibiotic does to it (LOINC code, name, CMI, S I or R)."""

    code: str
    name: str
    count: str = ""
    antibiotics: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examinations:
    """A chapter, with its battery, its specimen and its results."""

    code: str
    results: tuple[Result, ...] = ()
    battery: str = ""
    germs: tuple[Germ, ...] = ()
    specimen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one OBR gives under its own number (OBR-3); `status` is its own (OBR-25) and that of its results."""

    number: str
    chapter: Examinations
    status: str = "F"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    identifier: str
    person: Person
    laboratory: Author
    at: datetime.datetime
    chapters: tuple[Examinations, ...]
    title: str = "Compte rendu d’examens de biologie médicale"
    order: str = ""
    comment: str = ""
    replaces: str = ""
    confidentiality: str = "N"


def report(told: Report) -> bytes:
    """The CDA."""
    passages = tuple(_chapter(each, told.at) for each in told.chapters)
    if told.comment:
        passages += (Passage("55112-7", "Commentaire", f"<paragraph>{escape(told.comment)}</paragraph>"),)
    return cda(
        Letter(
            identifier=told.identifier,
            person=told.person,
            author=told.laboratory,
            at=told.at,
            code="11502-2",
            title=told.title,
            passages=passages,
            order=told.order,
            performed_at=told.at,
            replaces=told.replaces,
            confidentiality=told.confidentiality,
        )
    )


def discrete(
    person: Person,
    *,
    control_id: str,
    at: datetime.datetime,
    chapters: tuple[Examinations, ...],
    number: str = "R1",
    status: str = "F",
    laboratory: str = "",
) -> bytes:
    """ORU^R01 of HL7 v2.5 without a document: one OBR for each chapter of one report, its results in OBX."""
    told = tuple(Order(number=number, chapter=each, status=status) for each in chapters)
    return ordered(person, control_id=control_id, at=at, orders=told, laboratory=laboratory)


def ordered(
    person: Person,
    *,
    control_id: str,
    at: datetime.datetime,
    orders: tuple[Order, ...],
    laboratory: str = "",
) -> bytes:
    """The same, of several orders: each OBR under its number."""
    head = (
        f"MSH|^~\\&|SIL|{person.authority.namespace}|TERR-ESANTE|TERR-ESANTE|{timestamp(at)}||ORU^R01^ORU_R01|{control_id}"
        "|D|2.5|||||FRA|UNICODE UTF-8"
    )
    lines = [head, pid_of(person, None, frozenset()), "PV1|1|N"]
    for place, order in enumerate(orders, start=1):
        number, chapter, status = order.number, order.chapter, order.status
        name = CHAPTERS.get(chapter.code, chapter.battery)
        lines.append(f"ORC|RE|D{number}|{number}||CM")
        obr = ["OBR", str(place), f"D{number}", f"{number}^{laboratory}", f"{chapter.code}^{name}^LN", "", ""]
        obr += [timestamp(at)] + [""] * 14 + [timestamp(at), "", "", status]
        lines.append("|".join(obr))
        for line, each in enumerate(chapter.results, start=1):
            kind = "NM" if each.unit or each.value.replace(".", "").isdigit() else "ST"
            known = (
                f"{each.low}-{each.high}"
                if each.low and each.high
                else (f"<{each.high}" if each.high else "")
            )
            lines.append(
                f"OBX|{line}|{kind}|{each.code}^{each.label}^LN||{each.value}|{each.unit}|{known}|{each.flag}|||{status}"
            )
    return "".join(f"{line}\r" for line in lines).encode()


def _chapter(chapter: Examinations, at: datetime.datetime) -> Passage:
    name = CHAPTERS[chapter.code]
    rows = [(each.label, each.said, f"{each.low} - {each.high}".strip(" -")) for each in chapter.results]
    rows += [("Germe isolé", each.name, "") for each in chapter.germs]
    rows += [
        (drug, f"{level} {verdict}", "")
        for each in chapter.germs
        for _, drug, level, verdict in each.antibiotics
    ]
    narrative = table(("Examen", "Résultat", "Valeurs de référence"), *rows)
    return Passage(chapter.code, name, narrative, entries=entry(chapter, at))


def entry(chapter: Examinations, at: datetime.datetime) -> str:
    """What the section of a chapter holds beside its narrative."""
    inside = _specimen(chapter, at)
    wrapped = _component if chapter.battery else _nested
    results = "".join(wrapped(_observation(each, at)) for each in chapter.results)
    inside += _organizer("BATTERY", f"{_IHE}.1.4", chapter.battery, results) if chapter.battery else results
    inside += "".join(_germ(each, at) for each in chapter.germs)
    code = _code(chapter.code, CHAPTERS[chapter.code])
    return (
        f'<entry typeCode="DRIV"><templateId root="{_IHE}.1"/><templateId root="{_CISIS}.21"/><act classCode="ACT" '
        f'moodCode="EVN">{code}<statusCode code="completed"/>{inside}</act></entry>'
    )


def _specimen(chapter: Examinations, at: datetime.datetime) -> str:
    if not chapter.specimen:
        return ""
    return _nested(
        f'<procedure classCode="PROC" moodCode="EVN"><templateId root="{_CISIS}.77"/>'
        f'<effectiveTime value="{_zoned(at)}"/><participant typeCode="PRD"><participantRole classCode="SPEC">'
        f'<playingEntity><code code="UR" displayName={quoteattr(chapter.specimen)}/></playingEntity></participantRole>'
        "</participant>"
        "</procedure>"
    )


def _germ(germ: Germ, at: datetime.datetime) -> str:
    counted = (
        _component(
            _observation(Result(code="51480-2", label="Dénombrement", value=germ.count, unit="/mL"), at)
        )
        if germ.count
        else ""
    )
    drugs = "".join(
        _component(
            _observation(
                Result(code=code, label=name, value=level, unit="mg/L", flag=verdict, method="CMI"), at
            )
        )
        for code, name, level, verdict in germ.antibiotics
    )
    antibiogram = (
        f'<component><organizer classCode="BATTERY" moodCode="EVN"><templateId root="{_IHE}.1.4"/>'
        f'{_code("18769-0", "Antibiogramme")}<statusCode code="completed"/>{drugs}</organizer></component>'
        if drugs
        else ""
    )
    return _nested(
        f'<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="{_IHE}.1.5"/><templateId root="{_CISIS}.79"/>'
        f'<statusCode code="completed"/><effectiveTime value="{_zoned(at)}"/>'
        '<specimen typeCode="SPC"><specimenRole classCode="SPEC"><specimenPlayingEntity classCode="MIC">'
        f'<code code={quoteattr(germ.code)} displayName={quoteattr(germ.name)} codeSystem="{_SNOMED}"/>'
        f"</specimenPlayingEntity></specimenRole></specimen>{counted}{antibiogram}</organizer>"
    )


def _organizer(kind: str, template: str, label: str, inside: str) -> str:
    return _nested(
        f'<organizer classCode="{kind}" moodCode="EVN"><templateId root="{template}"/>'
        f'<code><originalText>{escape(label)}</originalText></code><statusCode code="completed"/>{inside}</organizer>'
    )


def _observation(result: Result, at: datetime.datetime) -> str:
    flag = (
        f'<interpretationCode code="{result.flag}" codeSystem="2.16.840.1.113883.5.83"/>'
        if result.flag
        else ""
    )
    method = f"<methodCode displayName={quoteattr(result.method)}/>" if result.method else ""
    return (
        f'<observation classCode="OBS" moodCode="EVN"><templateId root="{_IHE}.1.6"/><templateId root="{_CISIS}.80"/>'
        f"<code code={quoteattr(result.code)} codeSystem={quoteattr(result.system)} "
        f"displayName={quoteattr(result.label)}/>"
        f'<statusCode code="completed"/><effectiveTime value="{_zoned(at)}"/>{_value(result)}{flag}{method}'
        f"{_range(result)}{''.join(_recalled(result, *each) for each in result.before)}</observation>"
    )


def _recalled(result: Result, value: str, unit: str, at: datetime.datetime) -> str:
    return (
        '<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN">'
        f"<code code={quoteattr(result.code)} codeSystem={quoteattr(result.system)}/>"
        f'<statusCode code="completed"/><effectiveTime value="{_zoned(at)}"/>'
        f'<value xsi:type="PQ" value={quoteattr(value)} unit={quoteattr(unit)}/></observation></entryRelationship>'
    )


def _value(result: Result) -> str:
    if not result.unit:
        return f'<value xsi:type="ST">{escape(result.value)}</value>'
    digits, unit = result.other
    other = f"<translation value={quoteattr(digits)} code={quoteattr(unit)}/>" if digits else ""
    return (
        f'<value xsi:type="PQ" value={quoteattr(result.value)} unit={quoteattr(result.unit)}>{other}</value>'
    )


def _range(result: Result) -> str:
    edges = "".join(
        f"<{name} value={quoteattr(edge)} unit={quoteattr(result.unit)}/>"
        for name, edge in (("low", result.low), ("high", result.high))
        if edge
    )
    if not edges:
        return ""
    return (
        '<referenceRange typeCode="REFV"><observationRange classCode="OBS" moodCode="EVN.CRT">'
        f'<value xsi:type="IVL_PQ">{edges}</value><interpretationCode code="N" codeSystem="2.16.840.1.113883.5.83"/>'
        "</observationRange></referenceRange>"
    )


def _code(code: str, label: str) -> str:
    return f"<code code={quoteattr(code)} displayName={quoteattr(label)} codeSystem={quoteattr(_LOINC)}/>"


def _nested(inside: str) -> str:
    return f'<entryRelationship typeCode="COMP">{inside}</entryRelationship>'


def _component(inside: str) -> str:
    return f"<component>{inside}</component>"


def _zoned(moment: datetime.datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y%m%d%H%M%S%z")
