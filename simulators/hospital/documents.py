"""CDA R2 documents as a well-behaved hospital or laboratory writes them, and the HL7 v2 messages that carry them.

CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1 and « Structuration minimale »; every person is invented.
"""

import base64
import datetime
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from simulators.hospital.messages import PARIS, Authority, Person, Stay, pid_of, segment, timestamp

LABELS = {
    "11490-0": "Lettre de liaison à la sortie",
    "11502-2": "CR d'examens biologiques",
    "18748-4": "CR d'imagerie médicale",
    "34112-3": "CR hospitalier",
}
_LOINC = "2.16.840.1.113883.6.1"
_PROFILE = "2.1^CISIS_CDA_HL7_V2"


@dataclass(frozen=True, slots=True)
class Author:
    rpps: str
    given: str
    family: str
    structure: str
    finess: str
    role: str = "G15_10/SM26"


@dataclass(frozen=True, slots=True)
class Passage:
    """A section: `narrative` is XML of the narrative block, written by hand."""

    code: str
    title: str
    narrative: str
    entries: str = ""
    passages: "tuple[Passage, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """With `passages` it is of level 3, and `pdf` is its copy; without, `pdf` is its whole body."""

    identifier: str
    person: Person
    author: Author
    at: datetime.datetime
    code: str = "11490-0"
    title: str = "Lettre de liaison"
    passages: tuple[Passage, ...] = ()
    pdf: bytes = b""
    media_type: str = "application/pdf"
    set_id: str = ""
    version: int = 1
    replaces: str = ""
    confidentiality: str = "N"
    recipients: tuple[Author, ...] = ()
    stay: tuple[datetime.datetime, datetime.datetime] | None = None
    # Of what was prescribed, and when it was done: laboratories say both.
    order: str = ""
    performed_at: datetime.datetime | None = None

    @property
    def label(self) -> str:
        return LABELS.get(self.code, self.title)


def cda(letter: Letter) -> bytes:
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<?xml-stylesheet type="text/xsl" href="https://exemple.invalid/CDA-FO.xsl"?>\n'
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        '<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>',
        f"<id root={quoteattr(letter.identifier)}/>",
        f"<code code={quoteattr(letter.code)} codeSystem={quoteattr(_LOINC)} displayName={quoteattr(letter.label)}/>",
        f"<title>{escape(letter.title)}</title>",
        f'<effectiveTime value="{_zoned(letter.at)}"/>',
        f'<confidentialityCode code="{letter.confidentiality}" codeSystem="2.16.840.1.113883.5.25"/>',
        '<languageCode code="fr-FR"/>',
        f"<setId root={quoteattr(letter.set_id or letter.identifier)}/>",
        f'<versionNumber value="{letter.version}"/>',
        _record_target(letter.person),
        f'<author><time value="{_zoned(letter.at)}"/>{_entity("assignedAuthor", letter.author)}</author>',
        _custodian(letter.author),
        *(_recipient(each) for each in letter.recipients),
        f'<legalAuthenticator><time value="{_zoned(letter.at)}"/><signatureCode code="S"/>'
        f"{_entity('assignedEntity', letter.author)}</legalAuthenticator>",
        _order(letter.order),
        _performed(letter),
        _replaced(letter.replaces),
        _encounter(letter),
        _body(letter),
        "</ClinicalDocument>",
    ]
    return "".join(parts).encode()


def oru(
    contents: tuple[bytes, ...],
    person: Person,
    *,
    control_id: str,
    at: datetime.datetime,
    code: str = "11502-2",
    status: str = "F",
    told: dict[str, str] | None = None,
    subtype: str = "XML",
) -> bytes:
    """ORU^R01, HL7 v2.5; `told` is the metadata, "MASQUE_PS" to "Y"."""
    obx = [_payload(number, each, code, status, subtype) for number, each in enumerate(contents, start=1)]
    segments = [
        _header("ORU^R01^ORU_R01", person.authority, control_id, at, "2.5"),
        pid_of(person, None, frozenset()),
        "PV1|1|N",
        "ORC|NW|D1|R1",
        f"OBR|1|D1|R1|{code}^{LABELS.get(code, '')}^LN|||{timestamp(at)}",
        *obx,
        *_metadata(told or {}, "CE", len(obx)),
    ]
    return _written(segments)


def mdm(
    event: str,
    content: bytes,
    person: Person,
    *,
    control_id: str,
    at: datetime.datetime,
    identifier: str = "",
    replaces: str = "",
    code: str = "11490-0",
    status: str = "F",
    told: dict[str, str] | None = None,
    subtype: str = "XML",
    stay: Stay | None = None,
) -> bytes:
    """MDM^T02 (new), T10 (replace) or T04 (delete), HL7 v2.6; `stay` is the one it tells of."""
    visit = {1: "1", 2: "N"}
    if stay is not None:
        visit = {1: "1", 2: stay.patient_class, 19: f"{stay.number}^^^{person.authority}^VN"}
    txa = {1: "1", 2: code, 3: "TEXT", 4: timestamp(at), 12: identifier, 13: replaces, 17: "AU"}
    segments = [
        _header(f"MDM^{event}^MDM_T02", person.authority, control_id, at, "2.6"),
        f"EVN||{timestamp(at)}",
        pid_of(person, None, frozenset()),
        segment("PV1", visit),
        segment("TXA", txa),
        _payload(1, content, code, status, subtype),
        *_metadata(told or {}, "CWE", 1),
    ]
    return _written(segments)


def table(headers: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    """A narrative table."""
    head = "".join(f"<th>{escape(each)}</th>" for each in headers)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table border="1"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _header(event: str, authority: Authority, control_id: str, at: datetime.datetime, version: str) -> str:
    return (
        f"MSH|^~\\&|DOC|{authority.namespace}|TERR-ESANTE|TERR-ESANTE|{timestamp(at)}||{event}|{control_id}|D|{version}"
        f"|||||FRA|UNICODE UTF-8|||{_PROFILE}"
    )


def _payload(number: int, content: bytes, code: str, status: str, subtype: str) -> str:
    encoded = base64.b64encode(content).decode()
    kind = "TEXT" if subtype == "XML" else "AP"
    return (
        f"OBX|{number}|ED|{code}^{LABELS.get(code, '')}^LN||^{kind}^{subtype}^Base64^{encoded}||||||{status}"
    )


def _metadata(told: dict[str, str], kind: str, after: int) -> list[str]:
    return [
        f"OBX|{number}|{kind}|{name}^{name}^MetaDMPMSS||{value}^^expandedYes-NoIndicator||||||F"
        for number, (name, value) in enumerate(told.items(), start=after + 1)
    ]


def _written(segments: list[str]) -> bytes:
    return "".join(f"{segment}\r" for segment in segments if segment).encode()


def _record_target(person: Person) -> str:
    ins = f"<id root={quoteattr(person.ins_oid)} extension={quoteattr(person.ins)}/>" if person.ins else ""
    place = (
        f"<birthplace><place><addr><county>{escape(person.birth_place)}</county></addr></place></birthplace>"
        if person.birth_place
        else ""
    )
    first = person.given.split(" ", 1)[0]
    return (
        f"<recordTarget><patientRole>{ins}<id root={quoteattr(person.authority.universal_id)} "
        f'extension={quoteattr(person.ipp)}/><patient><name><family qualifier="BR">{escape(person.birth_name)}'
        f'</family><given>{escape(person.given)}</given><given qualifier="BR">{escape(first)}</given></name>'
        f'<administrativeGenderCode code={quoteattr(person.sex)} codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{person.birth_date.replace("-", "")}"/>{place}</patient></patientRole></recordTarget>'
    )


def _entity(name: str, author: Author) -> str:
    return (
        f'<{name}><id root="1.2.250.1.71.4.2.1" extension="8{author.rpps}"/>'
        f'<code code={quoteattr(author.role)} codeSystem="1.2.250.1.213.1.1.4.5"/>'
        f"<assignedPerson><name><prefix>M</prefix><given>{escape(author.given)}</given><family>{escape(author.family)}"
        f"</family><suffix>DR</suffix></name></assignedPerson>{_structure(author)}</{name}>"
    )


def _structure(author: Author) -> str:
    return (
        f'<representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1{author.finess}"/>'
        f"<name>{escape(author.structure)}</name></representedOrganization>"
    )


def _custodian(author: Author) -> str:
    kept = _structure(author).replace("representedOrganization", "representedCustodianOrganization")
    return f"<custodian><assignedCustodian>{kept}</assignedCustodian></custodian>"


def _recipient(author: Author) -> str:
    return (
        f'<informationRecipient><intendedRecipient><id root="1.2.250.1.71.4.2.1" extension="8{author.rpps}"/>'
        f"<informationRecipient><name><given>{escape(author.given)}</given><family>{escape(author.family)}</family>"
        "</name></informationRecipient></intendedRecipient></informationRecipient>"
    )


def _order(number: str) -> str:
    identified = f'<id root="1.2.250.1.999.9" extension={quoteattr(number)}/>'
    return f"<inFulfillmentOf><order>{identified}</order></inFulfillmentOf>" if number else ""


def _performed(letter: Letter) -> str:
    if letter.performed_at is None:
        return ""
    return (
        f'<documentationOf><serviceEvent><effectiveTime value="{_zoned(letter.performed_at)}"/>'
        f'<performer typeCode="PRF">{_entity("assignedEntity", letter.author)}</performer>'
        "</serviceEvent></documentationOf>"
    )


def _replaced(identifier: str) -> str:
    if not identifier:
        return ""
    parent = f"<parentDocument><id root={quoteattr(identifier)}/></parentDocument>"
    return f'<relatedDocument typeCode="RPLC">{parent}</relatedDocument>'


def _encounter(letter: Letter) -> str:
    if letter.stay is None:
        return ""
    start, end = letter.stay
    return (
        "<componentOf><encompassingEncounter><effectiveTime>"
        f'<low value="{_zoned(start)}"/><high value="{_zoned(end)}"/></effectiveTime>'
        "</encompassingEncounter></componentOf>"
    )


def _body(letter: Letter) -> str:
    copy = base64.b64encode(letter.pdf).decode()
    if not letter.passages:
        return (
            f'<component><nonXMLBody><text mediaType={quoteattr(letter.media_type)} representation="B64">{copy}'
            "</text></nonXMLBody></component>"
        )
    passages = letter.passages
    if letter.pdf:
        media = (
            '<entry><observationMedia classCode="OBS" moodCode="EVN" ID="COPIE">'
            f'<value mediaType="application/pdf" representation="B64">{copy}</value></observationMedia></entry>'
        )
        passages = (*passages, Passage("55108-5", "Copie du document", "Copie", entries=media))
    return f"<component><structuredBody>{''.join(map(_passage, passages))}</structuredBody></component>"


def _passage(passage: Passage) -> str:
    return (
        f"<component><section><code code={quoteattr(passage.code)} codeSystem={quoteattr(_LOINC)}/>"
        f"<title>{escape(passage.title)}</title><text>{passage.narrative}</text>{passage.entries}"
        f"{''.join(map(_passage, passage.passages))}</section></component>"
    )


def _zoned(moment: datetime.datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y%m%d%H%M%S%z")
