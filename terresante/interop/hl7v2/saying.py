"""What a message says of the document that it carries: who wrote it and when, if the document does not (HL7 v2.5, 7 and
9); to whom it goes; and who does not see it (CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1).

Nothing raises on what senders write.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from terresante.interop.cda.model import CdaDocument
from terresante.interop.hl7v2.adt_fields import Oddities, moment, rpps_of, rpps_of_national
from terresante.interop.hl7v2.er7 import Message, Repetition, Segment
from terresante.interop.hl7v2.grammar import Code, Refusal

_TITLES = {"DR": "Dr", "DOCTEUR": "Dr", "PR": "Pr", "PROFESSEUR": "Pr"}
# CDA's confidentiality codes that narrow the readers (JDV_J08).
_NARROW = frozenset({"R", "V", "MASQUE_PS"})
_USUAL = frozenset({"", "U", "N", "L", "M"})
# The other codes of tables 0272 (TXA-18) and 0177 (ORC-28).
_NARROW_ORDERS = frozenset("R V EMP UWM VIP PSY AID HIV ETH".split())
_FROM_REPRESENTATIVES = frozenset(
    {"INVISIBLE_REP_LEGAUX", "INVISIBLE_REPRESENTANTS_LEGAUX", "CONNEXION_SECRETE"}
)
# All that a document may say of itself (confidentialityCode).
_LEVELS = _NARROW | _USUAL | _FROM_REPRESENTATIVES | {"INVISIBLE_PATIENT"}
_UNKNOWN_LEVEL = (
    "Le niveau de confidentialité ({said}) est inconnu de {table} : par prudence, ce que porte le message n’est lu que "
    "dans votre structure. Corrigez-le, puis renvoyez-le comme remplacement."
)
_CHANGED = frozenset({"MODIF_CONF_CODE", "MODIF_CONFIDENTIALITYCODE"})


@dataclass(frozen=True, slots=True)
class Visibility:
    """Asked by the sender, in either spelling of the volume (1.2 and 2.x)."""

    is_masked: bool = False
    is_hidden_from_patient: bool = False
    is_hidden_from_representatives: bool = False


def visibility_of(said: frozenset[str]) -> Visibility:
    """Of codes of JDV_J08 and of the volume, wherever they stand."""
    return Visibility(
        is_masked=bool(said & _NARROW),
        is_hidden_from_patient="INVISIBLE_PATIENT" in said,
        is_hidden_from_representatives=bool(said & _FROM_REPRESENTATIVES),
    )


def levels_of(cda: CdaDocument | None) -> frozenset[str]:
    """What the document says of itself. A level that is not known narrows as the known ones do."""
    said = frozenset(cda.header.confidentiality if cda else ())
    return said | {"R"} if says_an_unknown_level(cda) else said


def says_an_unknown_level(cda: CdaDocument | None) -> bool:
    return cda is not None and not _LEVELS.issuperset(cda.header.confidentiality)


def unknown_levels(message: Message, cda: CdaDocument | None, place: str) -> tuple[Refusal, ...]:
    """Read as the narrowest, and told to their sender: nobody else sees that fewer read it than was meant.

    `place` is where the document stands.
    """
    found = [
        (f"{name}^{number}^{field}", f"{name}-{field}", table)
        for name, field, table in (("TXA", 18, "la table HL7 0272"), ("ORC", 28, "la table HL7 0177"))
        for number, segment in enumerate(message.segments(name), start=1)
        if segment.value(field).upper() not in _USUAL | _NARROW_ORDERS
    ]
    if says_an_unknown_level(cda):
        found.append((place, "confidentialityCode", "JDV_J08"))
    return tuple(
        Refusal(Code.ACCEPTED, "103", where, _UNKNOWN_LEVEL.format(said=said, table=table))
        for where, said, table in found
    )


def told_by(message: Message) -> frozenset[str]:
    """Metadata that the message says yes to, whatever the type of its field (OBX-2): what hides must not be missed.

    With them, what the standard itself has for that: the confidentiality of a document (TXA-18, table 0272) and of an
    order (ORC-28, table 0177), of which every code but that of the usual one narrows.
    """
    said = {segment.value(3) for segment in message.segments("OBX") if segment.value(5).upper() == "Y"}
    places = [(each, 18) for each in message.segments("TXA")] + [
        (each, 28) for each in message.segments("ORC")
    ]
    if any(segment.value(field).upper() not in _USUAL for segment, field in places):
        said.add("R")
    return frozenset(said)


def changes_visibility(said: frozenset[str]) -> bool:
    """The document may be one that was sent before, which others read from now on."""
    return bool(said & _CHANGED)


def written_by(message: Message, txa: Segment | None, said: Segment | None) -> str:
    """Who wrote it (TXA-9), else did the act (TXA-5); of an ORU, who interprets it (OBR-32), or measured (OBX-16)."""
    return next((name for name in _names(message, txa, said) if name), "")


def dated_at(
    message: Message, txa: Segment | None, said: Segment | None, oddities: Oddities
) -> datetime.datetime | None:
    """When it was done (TXA-4), written (TXA-6); of an ORU, reported (OBR-22), observed (OBX-14, OBR-7); else sent."""
    request = message.segment("OBR")
    places = ((txa, 4), (txa, 6), (request, 22), (said, 14), (request, 7), (message.segment("MSH"), 7))
    found = (moment(segment, field, oddities) for segment, field in places)
    return next((at for at in found if at is not None), None)


def recipients(message: Message) -> list[str]:
    """Numbers of those to whom the message says that it goes (PRT-4 RCT, PRT-5), RPPS ones without their 8."""
    return [
        rpps_of(part) or rpps_of_national(part.value(1))
        for prt in message.segments("PRT")
        if prt.value(4) == "RCT"
        for part in prt.repetitions(5)
    ]


def _names(message: Message, txa: Segment | None, said: Segment | None) -> Iterator[str]:
    for segment, field in ((txa, 9), (txa, 5)):
        yield from (_name(part) for part in (segment.repetitions(field) if segment else ()))
    request = message.segment("OBR")
    for part in request.repetitions(32) if request else ():
        # NDL: the person is one component, in pieces.
        yield " ".join(piece for piece in (part.value(1, 3), part.value(1, 2)) if piece)
    yield from (_name(part) for part in (said.repetitions(16) if said else ()))


def _name(part: Repetition) -> str:
    """XCN: identifier, family name, given name, …, prefix: « Dr Paul MARTEL »."""
    pieces = (_TITLES.get(part.value(6).upper().rstrip("."), ""), part.value(3), part.value(2))
    return " ".join(piece for piece in pieces if piece)
