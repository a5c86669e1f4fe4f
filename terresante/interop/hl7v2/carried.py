"""The document that an ORU or an MDM carries (CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1; INTEROP.md 5).

Of the two forms of one report (level 1 and level 3), the structured one is kept. Nothing raises on what senders write.
"""

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

from terresante.documents.enums import ACCOUNT, NARROWED, NOT_SHOWN, DocumentType, type_of
from terresante.interop.cda.body import check_whole, content_of, paper_of, read_cda
from terresante.interop.cda.model import CdaDocument, CdaPatient, InstanceId
from terresante.interop.cda.parsing import Flaw, NotCda, decoded
from terresante.interop.hl7v2.adt_fields import Oddities, rpps_of_national
from terresante.interop.hl7v2.adt_identity import read_identity
from terresante.interop.hl7v2.adt_model import Authority, Identifier, Identity, Oddity
from terresante.interop.hl7v2.er7 import Message, Repetition, Segment
from terresante.interop.hl7v2.grammar import (
    IDENTIFIER_LENGTH,
    Code,
    Refusal,
    has_identifier,
    missing_field,
    missing_segment,
    person_refusal,
)
from terresante.interop.hl7v2.orders import (
    MOST_ORDERS,
    MOST_RESULTS,
    Discrete,
    TooMany,
    read_discrete,
    report_number,
)
from terresante.interop.hl7v2.saying import (
    Visibility,
    changes_visibility,
    dated_at,
    recipients,
    told_by,
    visibility_of,
    written_by,
)
from terresante.kernel.files import pdf
from terresante.patients.identity_rules import INS_OIDS, normalised_name

# The national numbers of a person: the INS, and those that look like one (INS-C, health insurance).
_NATIONAL = "1.2.250.1.213.1.4."
# As for a number that names somebody already (matching): one trait apart may be a slip, two are another person.
_TRAITS_APART = 2
# As for what people file themselves.
OLDEST_YEAR = 1900
# Stands for the authority of a person whom a sender knows by her matricule alone.
BY_MATRICULE = "*INS*"
_STAYING = ("E", "I", "O", "R")
_PDF_START = b"%PDF-"
# OBX-5.3.
_KEPT = ("XML", "PDF")
_DUMMY = (
    "La pièce jointe (OBX-5) n’est ni un CDA ni un PDF : "
    "joignez le document lui-même, encodé en base64, et dites XML ou PDF dans OBX-5.3."
)


_SEVERAL = (
    "Le message porte plusieurs documents (OBX-5), or un message n’en porte qu’un, sous une ou plusieurs formes : "
    "envoyez-les un par un."
)
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


@dataclass(frozen=True, slots=True)
class _Payload:
    segment: Segment
    place: str
    content: bytes
    cda: CdaDocument | None

    @property
    def level(self) -> int:
        return self.cda.body.level if self.cda else 0

    @property
    def type_code(self) -> str:
        return self.cda.header.type.code if self.cda else self.segment.value(3)


def read_carried(message: Message) -> Carried | Refusal:
    if found := person_refusal(message) or _visit_refusal(message):
        return found
    header, pid = message.segment("MSH"), message.segment("PID")
    if header is None or pid is None:
        return missing_segment("PID", "l’identité du patient")
    txa = message.segment("TXA")
    if header.value(9) == "MDM" and txa is None:
        return missing_segment("TXA", "l’identifiant et le type du document")
    payloads = _payloads(message)
    if isinstance(payloads, Refusal):
        return payloads
    chosen = max(payloads, key=lambda each: each.level, default=None)
    act = _act(header.value(9, 2), chosen)
    # A structured report gives its results itself.
    discrete = _discrete(message) if header.value(9) == "ORU" and not _is_structured(chosen) else ()
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
    if any(_is_left_out(segment) for segment in message.segments("OBX")):
        sentence = "Une pièce jointe (OBX-5) n’est ni un CDA ni un PDF : elle n’est pas gardée."
        oddities.add("part-not-kept", "OBX", sentence)
    carried = replace(_carried(message, pid, txa, chosen, act, oddities), discrete=discrete)
    return _identity_refusal(carried) or _name_refusal(carried, is_mdm=txa is not None) or carried


def _discrete(message: Message) -> tuple[Discrete, ...] | Refusal:
    try:
        return read_discrete(message)
    except TooMany as error:
        return _wrong(error.place, _TOO_MANY)


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
    found = carried.local_ids or _medical_records(carried.identity)
    told = replace(carried, local_ids=found, names=tuple(order.name for order in discrete))
    return _identity_refusal(told) or told


def _medical_records(identity: Identity) -> tuple[Identifier, ...]:
    """As senders outside France type the numbers they give (table 0203)."""
    return tuple(each for each in identity.other_identifiers if each.type == "MR" and each.authority.key)


def _is_left_out(segment: Segment) -> bool:
    """Neither what is filed, nor the words of a mail, which say no subtype (CORPSMAIL_PS, XDM/1.0/DDM)."""
    if segment.value(2) != "ED" or segment.value(3).startswith("CORPSMAIL"):
        return False
    kinds = (part.value(3).upper() for part in segment.repetitions(5))
    return any(kind and kind not in _KEPT for kind in kinds)


def _is_structured(payload: _Payload | None) -> bool:
    return payload is not None and payload.level > 1


def _act(event: str, payload: _Payload | None) -> Act:
    """Of an ORU, OBX-11; of an MDM, its event. A new document whose CDA replaces another one replaces it."""
    act = _ACTS.get(event) or _ACTS.get(payload.segment.value(11) if payload else "") or Act.NEW
    replaces = payload.cda.header.replaced if payload and payload.cda else ()
    return Act.REPLACE if act is Act.NEW and replaces else act


def _carried(
    message: Message,
    pid: Segment,
    txa: Segment | None,
    payload: _Payload | None,
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
    replaces = [*_parents(cda), *([txa.value(13).strip()] if txa and txa.value(13) else [])]
    if changes_visibility(told) or act is Act.REPLACE or (payload and cda is None):
        # Corrected, or shown to others, under the name that it had; a paper is known by its request's number.
        replaces += names
    return Carried(
        act=act,
        identity=identity,
        local_ids=_local_ids(identity, cda),
        content=payload.content if payload else b"",
        cda=cda,
        type_code=type_of(code),
        title=header.title if header else (said.value(3, 2) if said else ""),
        dated_at=header.dated_at if header else dated_at(message, txa, said, oddities),
        names=names,
        replaces=tuple(dict.fromkeys(replaces)),
        visibility=visibility_of(told | frozenset(header.confidentiality if header else ())),
        visit_number=_visit_number(message, pid, cda),
        addressed_to=_recipients(message, cda),
        warnings=oddities.found(),
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


def _payloads(message: Message) -> list[_Payload] | Refusal:
    found: list[_Payload] = []
    for number, segment in enumerate(message.segments("OBX"), start=1):
        # A document may stand in each repetition of the field.
        for part in segment.repetitions(5) if segment.value(2) == "ED" else ():
            if part.value(3).upper() not in _KEPT:
                continue
            payload = _payload(segment, part, f"OBX^{number}^5")
            if isinstance(payload, Refusal):
                return payload
            if found and not _is_same_document(found[0], payload):
                return _wrong(payload.place, _SEVERAL)
            found.append(payload)
    return found


def _is_same_document(one: _Payload, other: _Payload) -> bool:
    """Sent twice, or in another form (level 1 and level 3, a paper) of one type. Two of one form are two documents."""
    if one.cda is None and other.cda is None:
        return one.content == other.content
    if one.cda and other.cda and one.cda.header.identifier == other.cda.header.identifier:
        return True
    return one.level != other.level and one.type_code == other.type_code


def _payload(segment: Segment, part: Repetition, place: str) -> _Payload | Refusal:
    if part.value(4).lower() != "base64":
        return _wrong(place, "Le document (OBX-5.5) doit être encodé en base64, et OBX-5.4 le dire.")
    try:
        content = decoded(part.value(5))
        if part.value(3).upper() == "PDF" or content.startswith(_PDF_START):
            return _paper_refusal(content, place) or _Payload(segment, place, content, None)
        # Its blanks, and the marks and zeros of UTF-16.
        if not content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
            return _wrong(place, _DUMMY)
        cda = read_cda(content)
        check_whole(cda.body)
        paper = paper_of(cda.body)
        if paper is not None and not content_of(paper).startswith(_PDF_START):
            raise NotCda(Flaw.NOT_PDF)
        refused = _paper_refusal(content_of(paper), place) if paper else None
        return refused or _Payload(segment, place, content, cda)
    except NotCda as flaw:
        return _wrong(place, flaw.sentence)


def _paper_refusal(content: bytes, place: str) -> Refusal | None:
    if not content.startswith(_PDF_START):
        return _wrong(place, _DUMMY)
    why = pdf.why_refused(BytesIO(content))
    return _wrong(place, why) if why else None


def _wrong(place: str, sentence: str) -> Refusal:
    return Refusal(Code.ERROR, "102", place, sentence)


def _local_ids(identity: Identity, cda: CdaDocument | None) -> tuple[Identifier, ...]:
    """The IPPs of PID-3, and those of the document; each number of each authority once.

    Ségur lets a document name its person by the matricule alone: it is then what the sender knows her by.
    """
    found = {(each.authority.key, each.value): each for each in identity.ipps if each.authority.key}
    for each in cda.header.patient.ids if cda else ():
        if not each.root.startswith(_NATIONAL) and len(each.extension) <= IDENTIFIER_LENGTH:
            own = Identifier(each.extension, "PI", Authority("", each.root, "ISO"))
            found.setdefault((each.root, each.extension), own)
    matricule = identity.usable_ins
    if not found and matricule is not None:
        return (Identifier(matricule.value, "INS", Authority(BY_MATRICULE)),)
    return tuple(found.values())


def _identity_refusal(carried: Carried) -> Refusal | None:
    """CI-SIS 2.1: PID-3 and the document name the same person. A number of hers is needed to know her again."""
    if carried.cda is not None:
        if speaks_of_another(carried.identity, carried.cda.header.patient):
            return _wrong(
                "PID^1^3",
                "Le patient du message (PID-3, ou ses traits) n’est pas celui du document "
                "(recordTarget) : vérifiez de qui il parle, puis renvoyez-le.",
            )
    if not carried.local_ids:
        return missing_field(
            "PID", 3, "ni IPP avec son autorité, ni matricule INS juste, ici ou dans le document,"
        )
    return None


def speaks_of_another(identity: Identity, patient: CdaPatient) -> bool:
    """CI-SIS 2.1: what carries a document and the document name the same person, under one number at least."""
    return (
        _contradicts(identity, patient.ids)
        or not _is_shared(identity, patient.ids)
        or _apart(identity, patient) >= _TRAITS_APART
    )


def _contradicts(identity: Identity, theirs: tuple[InstanceId, ...]) -> bool:
    """Two matricules, or two numbers of one authority, that differ."""
    ins = {each.extension for each in theirs if each.root in INS_OIDS}
    ours = {each.value for each in identity.ins}
    if ins and ours and not ins & ours:
        return True
    numbers = {each.root: each.extension for each in theirs}
    return any(numbers.get(each.authority.universal_id, each.value) != each.value for each in identity.ipps)


def _apart(identity: Identity, patient: CdaPatient) -> int:
    """How many traits known on both sides differ. The first given name alone: lists are written in many ways."""
    born, theirs = identity.birth_date, patient.birth_date
    pairs = (
        (normalised_name(identity.birth_name.family), normalised_name(patient.birth_name)),
        (_first(identity.birth_name.first_given), _first(patient.first_given)),
        (born.text if born else "", theirs.text if theirs else ""),
        (identity.sex.removeprefix("U"), patient.sex),
    )
    return sum(bool(ours and said and ours != said) for ours, said in pairs)


def _first(given: str) -> str:
    return normalised_name(given).split(" ")[0]


def _is_shared(identity: Identity, theirs: tuple[InstanceId, ...]) -> bool:
    ours = {each.value for each in identity.ins} | {each.value for each in identity.ipps}
    return any(each.extension in ours for each in theirs)


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
        return Refusal(Code.ERROR, "102", "OBX^1^5", sentence)
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
