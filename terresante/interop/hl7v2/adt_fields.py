"""HL7 v2.5 data types as IHE France constrains them (annex N): CX, HD, XON, XCN, PL, TS."""

import datetime
import re

from terresante.interop.hl7v2.adt_model import Authority, Identifier, Location, Oddity, Physician, Unit
from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.er7 import Repetition, Segment

_NATIONAL_PRACTITIONER_OID = "1.2.250.1.71.4.2.1"
_RPPS = re.compile(r"\d{11}", re.ASCII)
_NATIONAL_RPPS = re.compile(r"8(\d{11})", re.ASCII)


class Oddities:
    """Gathers what was tolerated while one message is read; each code and place once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Oddity] = {}

    def add(self, code: str, where: str, sentence: str) -> None:
        self._found.setdefault((code, where), Oddity(code, where, sentence))

    def found(self) -> tuple[Oddity, ...]:
        return tuple(self._found.values())


def moment(segment: Segment | None, field: int, oddities: Oddities) -> datetime.datetime | None:
    text = segment.value(field) if segment else ""
    if not text or segment is None:
        return None
    found = read_moment(text)
    if found is None:
        where = f"{segment.name}-{field}"
        oddities.add("date-unreadable", where, f"La date {where} est illisible : elle est ignorée.")
    return found


def authority(part: Repetition, component: int) -> Authority:
    return Authority(part.value(component, 1), part.value(component, 2), part.value(component, 3))


def identifier(part: Repetition) -> Identifier:
    return Identifier(part.value(1), part.value(5), authority(part, 4))


def identifiers(segment: Segment | None, field: int) -> tuple[Identifier, ...]:
    if segment is None:
        return ()
    return tuple(identifier(part) for part in segment.repetitions(field) if part.value(1))


def first_identifier(segment: Segment | None, field: int) -> Identifier | None:
    return next(iter(identifiers(segment, field)), None)


def unit(segment: Segment, field: int) -> Unit | None:
    """XON: the code of the unit is in component 10, in 3 for older senders."""
    part = next(iter(segment.repetitions(field)), None)
    if part is None:
        return None
    name, code = part.value(1), part.value(10) or part.value(3)
    return Unit(name, code, authority(part, 6)) if name or code else None


def location(segment: Segment, field: int) -> Location:
    part = next(iter(segment.repetitions(field)), None)
    if part is None:
        return Location()
    return Location(part.value(1), part.value(2), part.value(3), authority(part, 4))


def physicians(segment: Segment | None, field: int, role: str) -> list[Physician]:
    if segment is None:
        return []
    return [_physician(part, role) for part in segment.repetitions(field) if part.value(1) or part.value(2)]


def _physician(part: Repetition, role: str) -> Physician:
    return Physician(
        role=role,
        identifier=part.value(1),
        family=part.value(2),
        given=part.value(3),
        rpps=rpps_of(part),
    )


def rpps_of(part: Repetition) -> str:
    value, kind = part.value(1), part.value(13)
    national = rpps_of_national(value)
    if national and (kind == "IDNPS" or part.value(9, 2) == _NATIONAL_PRACTITIONER_OID):
        return national
    return value if kind == "RPPS" and _RPPS.fullmatch(value) else ""


def rpps_of_national(number: str) -> str:
    """Of 8 and the RPPS number (INTEROP.md 3); '' for any other."""
    found = _NATIONAL_RPPS.fullmatch(number)
    return found[1] if found else ""
