"""The shape of a message: its segments and fields, what each looks like, and nothing of what it says.

Content is told apart: for whom it is shown, and of which segments. A document that a message carries is never told.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.er7 import Message, Segment, unescape

# Who it is, and what kind of message: all that a decision about an identity, or about a refusal, ever needs.
OF_THE_IDENTITY = frozenset({"MSH", "EVN", "PID", "MRG", "ZFD"})
# A field at fault may be read outside of them, but never in what carries care.
_OF_CARE = frozenset({"OBX", "OBR", "NTE", "TXA", "AL1", "DG1", "PR1", "PRB", "ORC", "SPM", "RXA", "RXE"})
_MOST_SEGMENTS, _MOST_FIELDS, _LONGEST = 200, 60, 200
_LONG = 400  # characters; beyond, base64 without any other sign is an embedded document
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_SEGMENTS = {
    "MSH": "en-tête",
    "EVN": "événement",
    "PID": "identité",
    "PD1": "médecin traitant, structure",
    "MRG": "identifiant remplacé",
    "PV1": "venue",
    "PV2": "venue, suite",
    "ZBE": "mouvement",
    "ZFD": "démographie",
    "ZFA": "DMP",
    "ZFV": "séjour",
    "ZFM": "PMSI",
    "ROL": "intervenant",
    "NK1": "proche",
    "OBR": "examen",
    "OBX": "résultat ou document",
    "ORC": "demande",
    "TXA": "document",
    "PRT": "participant",
    "NTE": "commentaire",
}


@dataclass(frozen=True, slots=True)
class FieldShape:
    """`value` is empty where content is not shown; `is_told` says that the reader may have it shown."""

    place: str
    words: str
    is_at_fault: bool = False
    is_told: bool = False
    value: str = ""


@dataclass(frozen=True, slots=True)
class SegmentShape:
    name: str
    label: str
    fields: tuple[FieldShape, ...]
    is_at_fault: bool = False


def shape_of(message: Message, *, faults: Collection[str] = (), shown: bool = False) -> list[SegmentShape]:
    """`faults` are places as a refusal names them ("PV1^1^19"). At most two hundred segments of sixty fields."""
    ranks: dict[str, int] = {}
    found = []
    for segment in list(message)[:_MOST_SEGMENTS]:
        ranks[segment.name] = ranks.get(segment.name, 0) + 1
        found.append(_segment(message, segment, ranks[segment.name], faults, shown))
    return found


def _segment(
    message: Message, segment: Segment, rank: int, faults: Collection[str], shown: bool
) -> SegmentShape:
    wrong = {
        int(parts[2])
        for place in faults
        if len(parts := place.split("^")) > 2
        and parts[:2] == [segment.name, str(rank)]
        and parts[2].isdigit()
    }
    numbers = sorted({*range(1, min(len(segment), _MOST_FIELDS) + 1), *wrong})
    fields = [_field(message, segment, number, number in wrong, shown) for number in numbers]
    return SegmentShape(
        name=segment.name[:3],
        label=_SEGMENTS.get(segment.name, ""),
        fields=tuple(field for field in fields if field.words or field.is_at_fault),
        is_at_fault=bool(wrong) or segment.name in faults,
    )


def _field(message: Message, segment: Segment, number: int, is_wrong: bool, shown: bool) -> FieldShape:
    raw = segment.raw(number)
    is_told = (
        bool(raw)
        and (segment.name in OF_THE_IDENTITY or (is_wrong and segment.name not in _OF_CARE))
        and not _is_document(message, raw)
    )
    return FieldShape(
        place=f"{segment.name[:3]}-{number}",
        words=_words(message, raw) if raw else ("absent" if is_wrong else ""),
        is_at_fault=is_wrong,
        is_told=is_told,
        value=unescape(raw, message.separators, message.codec)[:_LONGEST] if shown and is_told else "",
    )


def _words(message: Message, raw: str) -> str:
    if _is_document(message, raw):
        return f"document joint, {len(raw)} caractères encodés"
    marks = message.separators
    repetitions = raw.split(marks.repetition)
    parts = [part for each in repetitions for part in each.split(marks.component) if part]
    said = _kind(raw) if len(parts) < 2 else f"{len(parts)} composants"
    more = f", {len(repetitions)} répétitions" if len(repetitions) > 1 else ""
    return f"{said}{more}, {len(raw)} caractères" if len(raw) > 1 else f"{said}{more}, 1 caractère"


def _kind(text: str) -> str:
    if text.isdigit():
        return "date" if len(text) in (8, 12, 14) and read_moment(text) else "chiffres"
    if text.replace(" ", "").replace("-", "").replace("'", "").isalpha():
        return "lettres"
    return "texte"


def _is_document(message: Message, raw: str) -> bool:
    longest = max(raw.split(message.separators.component), key=len)
    return len(longest) > _LONG and bool(_BASE64.fullmatch(longest))
