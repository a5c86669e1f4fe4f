"""The document that an ORU or an MDM carries (CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1; INTEROP.md 5).

Of the two forms of one report (level 1 and level 3), the structured one is kept. Nothing raises on what senders write.
"""

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from terresante.documents.enums import ACCOUNT, NARROWED, NOT_SHOWN, DocumentType, type_of
from terresante.interop.cda.model import CdaDocument
from terresante.interop.hl7v2.adt_fields import Oddities, rpps_of_national
from terresante.interop.hl7v2.adt_identity import read_identity
from terresante.interop.hl7v2.adt_model import Identifier, Identity, Oddity
from terresante.interop.hl7v2.attached import Attached, is_left_out, read_attached
from terresante.interop.hl7v2.er7 import Message, Segment
from terresante.interop.hl7v2.grammar import (
    Code,
    Refusal,
    has_identifier,
    missing_field,
    missing_segment,
    person_refusal,
    wrong_value,
)
from terresante.interop.hl7v2.orders import (
    MOST_ORDERS,
    MOST_RESULTS,
    Discrete,
    TooMany,
    read_discrete,
    report_number,
)
from terresante.interop.hl7v2.same_person import local_ids, medical_records, speaks_of_another
from terresante.interop.hl7v2.saying import (
    Visibility,
    changes_visibility,
    dated_at,
    levels_of,
    recipients,
    told_by,
    unknown_levels,
    visibility_of,
    written_by,
)

# As for what people file themselves.
OLDEST_YEAR = 1900
_STAYING = ("E", "I", "O", "R")
_TOO_MANY = (
    f"Le message porte plus de {MOST_RESULTS} résultats (OBX), ou plus de {MOST_ORDERS} comptes rendus (OBR-3) : "
    "envoyez-les en plusieurs messages."
)
_NO_BIOLOGY = (
    "Ces observations ne sont pas de la biologie (OBR-24) : envoyez leur compte rendu comme document, un CDA ou un PDF "
    "(OBX-2 ED)."
)
# Table 0074: imaging, and explorations that are read as images are.
_IMAGING = frozenset("CT CTH CUS EC EN NMR NMS OUS PF RAD RT RUS RX VUS XRC".split())


class Act(enum.StrEnum):
    NEW = "new"
    REPLACE = "replace"
    DELETE = "delete"


# Documents that give results one by one, in them or beside them.
WITH_RESULTS = (DocumentType.LABORATORY_REPORT, DocumentType.RAPID_TEST)
_ACTS = {"T02": Act.NEW, "T10": Act.REPLACE, "T04": Act.DELETE, "C": Act.REPLACE, "D": Act.DELETE}


@dataclass(frozen=True, slots=True)
class Carried:
    """`content` is the CDA or the PDF as received; empty for a deletion that names its document only.

    `names` are those under which the document may be known, `replaces` those of what it replaces.
    """

    act: Act
    identity: Identity
    local_ids: tuple[Identifier, ...]
    content: bytes
    cda: CdaDocument | None
    type_code: str
    title: str
    dated_at: datetime.datetime | None
    names: tuple[str, ...]
    replaces: tuple[str, ...]
    visibility: Visibility
    # PV1-19, else what the document says, else the account (PID-18): of which stay it tells.
    visit_number: str
    addressed_to: tuple[str, ...]
    warnings: tuple[Oddity, ...] = ()
    # What its sender is told beside the acceptance.
    reservations: tuple[Refusal, ...] = ()
    # Of a document that is not a CDA, what comes with it says who wrote it; of any, what he does, or in which unit.
    signed_by: str = ""
    specialty: str = ""
    # Results that the message gives one by one, order by order, beside its document or in place of one.
    discrete: tuple[Discrete, ...] = ()
    # Of a document sent before, who reads it changes.
    changes_visibility: bool = False
    # As FHIR says them, of what came by FHIR.
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def author(self) -> str:
        """Who signs it; of a document that names nobody, as its message says."""
        authors = self.cda.header.authors if self.cda else ()
        return next((each.signature for each in authors if each.signature), self.signed_by)


def read_carried(message: Message) -> Carried | Refusal:
    if found := person_refusal(message) or _visit_refusal(message):
        return found
    header, pid = message.segment("MSH"), message.segment("PID")
    if header is None or pid is None:
        return missing_segment("PID", "l’identité du patient")
    txa = message.segment("TXA")
    if header.value(9) == "MDM" and txa is None:
        return missing_segment("TXA", "l’identifiant et le type du document")
    payloads = read_attached(message)
    if isinstance(payloads, Refusal):
        return payloads
    chosen = max(payloads, key=lambda each: each.level, default=None)
    act = _act(header.value(9, 2), chosen)
    # A structured report gives its results itself.
    gives_them = header.value(9) == "ORU" and not (chosen and chosen.is_structured)
    discrete = _discrete(message) if gives_them else ()
    if isinstance(discrete, Refusal):
        return discrete
    if chosen is None and discrete:
        return _results(message, pid, discrete)
    if chosen is None and not (act is Act.DELETE and txa is not None and txa.value(12)):
        return missing_field("OBX", 5, "aucun document (OBX-2 ED, OBX-5.3 XML ou PDF)")
    oddities = Oddities()
    if len(payloads) > 1:
        oddities.add(
            "second-form", "OBX", "Le message porte deux formes du document : la plus structurée est gardée."
        )
    if any(is_left_out(segment) for segment in message.segments("OBX")):
        sentence = "Une pièce jointe (OBX-5) n’est ni un CDA ni un PDF : elle n’est pas gardée."
        oddities.add("part-not-kept", "OBX", sentence)
    carried = replace(_carried(message, pid, txa, chosen, act, oddities), discrete=discrete)
    return _identity_refusal(carried) or _name_refusal(carried, is_mdm=txa is not None) or carried


def _discrete(message: Message) -> tuple[Discrete, ...] | Refusal:
    try:
        return read_discrete(message)
    except TooMany as error:
        return wrong_value(error.place, _TOO_MANY)


def _results(message: Message, pid: Segment, discrete: tuple[Discrete, ...]) -> Carried | Refusal:
    """Each order is known under its number; refused whole when one has none, or when one is no biology."""
    for number, request in enumerate(message.segments("OBR"), start=1):
        if request.value(24).upper() in _IMAGING:
            return Refusal(Code.ERROR, "103", f"OBR^{number}^24", _NO_BIOLOGY)
    if not discrete[0].name:
        return missing_field("OBR", 3, "le numéro du compte rendu, ou celui de la demande (OBR-2),")
    carried = replace(
        _carried(message, pid, None, None, Act.NEW, Oddities()),
        type_code=DocumentType.LABORATORY_REPORT,
        discrete=discrete,
    )
    found = carried.local_ids or medical_records(carried.identity)
    told = replace(carried, local_ids=found, names=tuple(order.name for order in discrete))
    return _identity_refusal(told) or told


def _act(event: str, payload: Attached | None) -> Act:
    """Of an ORU, OBX-11; of an MDM, its event. A new document whose CDA replaces another one replaces it."""
    act = _ACTS.get(event) or _ACTS.get(payload.segment.value(11) if payload else "") or Act.NEW
    replaces = payload.cda.header.replaced if payload and payload.cda else ()
    return Act.REPLACE if act is Act.NEW and replaces else act


def _carried(
    message: Message,
    pid: Segment,
    txa: Segment | None,
    payload: Attached | None,
    act: Act,
    oddities: Oddities,
) -> Carried:
    identity = read_identity(pid, None, oddities)
    cda = payload.cda if payload else None
    header = cda.header if cda else None
    said = payload.segment if payload else None
    code = header.type.code if header else (txa.value(2) if txa else "") or (said.value(3) if said else "")
    names = _names(message, txa, cda)
    told = told_by(message)
    unknown = unknown_levels(message, cda, payload.place if payload else "")
    for each in unknown:
        oddities.add("level-unknown", each.location.replace("^1^", "-"), each.sentence)
    replaces = [*_parents(cda), *([txa.value(13).strip()] if txa and txa.value(13) else [])]
    if changes_visibility(told) or act is Act.REPLACE or (payload and cda is None):
        # Corrected, or shown to others, under the name that it had; a paper is known by its request's number.
        replaces += names
    return Carried(
        act=act,
        identity=identity,
        local_ids=local_ids(identity, cda),
        content=payload.content if payload else b"",
        cda=cda,
        type_code=type_of(code),
        title=header.title if header else (said.value(3, 2) if said else ""),
        dated_at=header.dated_at if header else dated_at(message, txa, said, oddities),
        names=names,
        replaces=tuple(dict.fromkeys(replaces)),
        visibility=visibility_of(told | levels_of(cda)),
        visit_number=_visit_number(message, pid, cda),
        addressed_to=_recipients(message, cda),
        warnings=oddities.found(),
        reservations=unknown,
        signed_by=written_by(message, txa, said),
        specialty=_ward(message),
        changes_visibility=changes_visibility(told),
    )


def _visit_number(message: Message, pid: Segment, cda: CdaDocument | None) -> str:
    """As stays are numbered (mapping), else as the document itself says: a message that only carries it may say none.
    An account is marked, and never taken for a visit.
    """
    visit = message.segment("PV1")
    number = (visit.value(19) if visit is not None else "") or visit_told(cda)
    return (number or (f"{ACCOUNT}{pid.value(18)}" if pid.value(18) else ""))[:120]


def _ward(message: Message) -> str:
    """PV1-3, as it is written: its name may tell of a restricted care."""
    visit = message.segment("PV1")
    return visit.value(3) if visit is not None else ""


def visit_told(cda: CdaDocument | None) -> str:
    """By the header of the document (componentOf)."""
    stay = cda.header.encounter if cda else None
    return stay.number if stay else ""


def _visit_refusal(message: Message) -> Refusal | None:
    visit = message.segment("PV1")
    if visit is not None and visit.value(2) in _STAYING and not has_identifier(visit, 19):
        return missing_field("PV1", 19, "le numéro de venue d’un patient présent")
    return None


def _identity_refusal(carried: Carried) -> Refusal | None:
    """CI-SIS 2.1: PID-3 and the document name the same person. A number of hers is needed to know her again."""
    if carried.cda is not None:
        if speaks_of_another(carried.identity, carried.cda.header.patient):
            return wrong_value(
                "PID^1^3",
                "Le patient du message (PID-3, ou ses traits) n’est pas celui du document "
                "(recordTarget) : vérifiez de qui il parle, puis renvoyez-le.",
            )
    if not carried.local_ids:
        return missing_field(
            "PID", 3, "ni IPP avec son autorité, ni matricule INS juste, ici ou dans le document,"
        )
    return None


def _name_refusal(carried: Carried, *, is_mdm: bool) -> Refusal | None:
    """A CDA says what it is; the message does of a paper."""
    if not carried.names:
        return missing_field(*(("TXA", 12) if is_mdm else ("OBR", 3)), "l’identifiant unique du document")
    if not carried.type_code:
        return missing_field(*(("TXA", 2) if is_mdm else ("OBX", 3)), "le type du document (JDV_J07)")
    if carried.type_code not in DocumentType.values:
        place = "OBX^1^5" if carried.cda else "TXA^1^2" if is_mdm else "OBX^1^3"
        return Refusal(Code.ERROR, "103", place, not_received(carried.type_code))
    if carried.dated_at is not None and carried.dated_at.year < OLDEST_YEAR:
        sentence = f"Le document est daté d’avant {OLDEST_YEAR} (effectiveTime, TXA-4) : corrigez sa date."
        return wrong_value("OBX^1^5", sentence)
    return None


def not_received(code: str) -> str:
    """Why documents of this type are not filed here, and what to do."""
    if code in NARROWED:
        return (
            f"Le type de document {code} n’est pas reçu ici : ses lecteurs sont plus restreints que ce dossier ne sait "
            "le dire. Ne l’envoyez pas sous un autre type."
        )
    if code in NOT_SHOWN:
        return (
            f"Le type de document {code} n’est pas reçu ici : il s’adresse à un logiciel, aucune page de ce dossier ne "
            "le montre. Ne l’envoyez pas sous un autre type."
        )
    return f"Le type de document {code[:20] or 'absent'} n’est pas reçu ici : choisissez-en un de JDV_J07."


def _names(message: Message, txa: Segment | None, cda: CdaDocument | None) -> tuple[str, ...]:
    """The CDA's own identifier first; of a PDF, TXA-12, or in an ORU the report's number (OBR-3)."""
    found = [str(cda.header.identifier)] if cda else []
    if txa is not None and txa.value(12):
        found.append(txa.value(12).strip())
    report = message.segment("OBR")
    if not found and report is not None:
        found.append(report_number(report, 3))
    return tuple(dict.fromkeys(name for name in found if name))


def _parents(cda: CdaDocument | None) -> list[str]:
    return [str(each) for each in cda.header.replaced] if cda else []


def _recipients(message: Message, cda: CdaDocument | None) -> tuple[str, ...]:
    """RPPS numbers: those of the document (informationRecipient), then those of the message."""
    said = [each.extension for party in (cda.header.recipients if cda else ()) for each in party.ids]
    found = [*map(rpps_of_national, said), *recipients(message)]
    return tuple(dict.fromkeys(number for number in found if number))
