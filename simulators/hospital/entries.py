"""Sections whose rows are also said in codes, as the CI-SIS writes them: each entry points to its words."""

import re
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

_LOINC, _SNOMED = "2.16.840.1.113883.6.1", "2.16.840.1.113883.6.96"
_ACT = "2.16.840.1.113883.5.4"
_CRITICAL = {"grave": "CRITH", "sans gravité": "CRITL"}
_KINDS = {
    "médicament": ("416098002", "allergie médicamenteuse"),
    "aliment": ("414285001", "allergie alimentaire"),
}
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
Row = dict[str, str]


def coded_section(code: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The narrative and the entries of a section; rows alone for one that has no codes here.

    The first column is what is spoken of. Of the others, « Depuis » and « Jusqu’au » (dd/mm/yyyy), « Lot », « Rang »,
    « Réaction », « Gravité » and « Famille » are read.
    """
    make = _ENTRIES.get(code)
    lines, entries = [], []
    for number, row in enumerate(rows, start=1):
        name = f"s{code.replace('-', '')}-{number}"
        first, *others = row
        marked = f"<content ID={quoteattr(name)}>{escape(first)}</content>" if make else escape(first)
        lines.append("".join(f"<td>{cell}</td>" for cell in (marked, *map(escape, others))))
        if make:
            told = {title.lower(): cell for title, cell in zip(head[1:], others, strict=True)}
            entries.append(f"<entry>{make(name, first, told)}</entry>")
    heads = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>", "".join(entries)


def _time(text: str) -> str:
    found = _DAY.search(text)
    return f"{found[3]}{found[2]}{found[1]}" if found else ""


def _ts(name: str, text: str) -> str:
    time = _time(text)
    return f'<{name} value="{time}"/>' if time else f'<{name} nullFlavor="UNK"/>'


def _points_to(name: str, tag: str = "text") -> str:
    return f'<{tag}><reference value="#{name}"/></{tag}>'


def _drug(name: str, words: str, told: Row) -> str:
    span = f"{_ts('low', told.get('depuis', ''))}{_ts('high', told.get('jusqu’au', ''))}"
    return (
        '<substanceAdministration classCode="SBADM" moodCode="EVN">'
        f'<code code="DRUG" codeSystem="{_ACT}"/>{_points_to(name)}<statusCode code="completed"/>'
        f'<effectiveTime xsi:type="IVL_TS">{span}</effectiveTime>{_material(name, words, "")}'
        "</substanceAdministration>"
    )


def _material(name: str, words: str, lot: str) -> str:
    batch = f"<lotNumberText>{escape(lot)}</lotNumberText>" if lot else ""
    return (
        "<consumable><manufacturedProduct><manufacturedMaterial>"
        f'<code nullFlavor="NA">{_points_to(name, "originalText")}</code><name>{escape(words)}</name>{batch}'
        "</manufacturedMaterial></manufacturedProduct></consumable>"
    )


def _vaccine(name: str, words: str, told: Row) -> str:
    return (
        '<substanceAdministration classCode="SBADM" moodCode="EVN" negationInd="false">'
        f'<code code="IMMUNIZ" codeSystem="{_ACT}"/>{_points_to(name)}<statusCode code="completed"/>'
        f"{_ts('effectiveTime', told.get('fait le', ''))}{_material(name, words, told.get('lot', ''))}"
        "</substanceAdministration>"
    )


def _observed(name: str, kind: str, inside: str) -> str:
    return (
        '<act classCode="ACT" moodCode="EVN"><code nullFlavor="NA"/><statusCode code="active"/>'
        '<entryRelationship typeCode="SUBJ" inversionInd="false">'
        f'<observation classCode="OBS" moodCode="EVN" negationInd="false">{kind}{_points_to(name)}'
        f'<statusCode code="completed"/>{inside}</observation></entryRelationship></act>'
    )


def _allergy(name: str, words: str, told: Row) -> str:
    code, label = _KINDS.get(told.get("famille", "").lower(), ("419199007", "allergie"))
    kind = f'<code code="{code}" displayName={quoteattr(label)} codeSystem="{_SNOMED}"/>'
    agent = (
        '<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">'
        f'<code nullFlavor="NA">{_points_to(name, "originalText")}</code><name>{escape(words)}</name>'
        "</playingEntity></participantRole></participant>"
    )
    reaction = told.get("réaction", "")
    shown = (
        '<entryRelationship typeCode="MFST"><observation classCode="OBS" moodCode="EVN">'
        f'<code code="418799008" codeSystem="{_SNOMED}"/>'
        f'<value xsi:type="CD" displayName={quoteattr(reaction)}/></observation></entryRelationship>'
    )
    critical = _CRITICAL.get(told.get("gravité", "").lower(), "CRITU")
    grave = (
        '<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN">'
        f'<code code="82606-5" codeSystem="{_LOINC}"/><value xsi:type="CD" code="{critical}"/>'
        "</observation></entryRelationship>"
    )
    return _observed(name, kind, f'<value xsi:type="CD"/>{agent}{shown if reaction else ""}{grave}')


def _problem(name: str, words: str, told: Row) -> str:
    kind = f'<code code="282291009" codeSystem="{_SNOMED}"/>'
    since = f"<effectiveTime>{_ts('low', told.get('depuis', ''))}</effectiveTime>"
    value = f'<value xsi:type="CD">{_points_to(name, "originalText")}</value>'
    return _observed(name, kind, since + value)


def _planned(name: str, words: str, told: Row) -> str:
    return (
        '<observation classCode="OBS" moodCode="INT">'
        f'<code code="ORG-064" codeSystem="1.2.250.1.213.1.1.4.322"/>{_points_to(name)}<statusCode code="active"/>'
        f"{_ts('effectiveTime', told.get('quand', ''))}"
        f'<value xsi:type="ST">{escape(words)}</value></observation>'
    )


def _device(name: str, words: str, told: Row) -> str:
    return (
        '<supply classCode="SPLY" moodCode="EVN"><participant typeCode="DEV"><participantRole classCode="MANU">'
        f'<playingDevice><code nullFlavor="NA">{_points_to(name, "originalText")}</code></playingDevice>'
        "</participantRole></participant></supply>"
    )


_ENTRIES: dict[str, Callable[[str, str, Row], str]] = {
    **dict.fromkeys(("18610-6", "10183-2", "10160-0"), _drug),
    "48765-2": _allergy,
    "11369-6": _vaccine,
    **dict.fromkeys(("11450-4", "11348-0"), _problem),
    "18776-5": _planned,
    "46264-8": _device,
}
