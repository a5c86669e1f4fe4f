"""A DocumentReference as PDSm has it filed (INTEROP.md 7), and its bytes: read into what a hospital's wire carries, so
that it is filed by the same code. Pure. Raises Problem for whatever cannot be filed as it says it should be.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from io import BytesIO
from uuid import UUID

from terresante.documents.enums import DocumentType, type_of
from terresante.interop.cda.body import check_whole, content_of, paper_of, read_cda
from terresante.interop.cda.model import CdaDocument
from terresante.interop.cda.parsing import NotCda, decoded
from terresante.interop.fhir.metadata import told_by_resource
from terresante.interop.fhir.outcome import Issue, Problem, Resource, wrong
from terresante.interop.fhir.people import Resolve, read_author
from terresante.interop.fhir.schema import at, codings, every, plain_identifier, text_at
from terresante.interop.hl7v2.adt_fields import rpps_of_national
from terresante.interop.hl7v2.adt_model import Identity
from terresante.interop.hl7v2.carried import Act, Carried, not_received, visit_told
from terresante.interop.hl7v2.dates import PARIS
from terresante.interop.hl7v2.same_person import speaks_of_another
from terresante.interop.hl7v2.saying import Visibility, levels_of, says_an_unknown_level
from terresante.interop.hl7v2.saying import visibility_of as seen_by
from terresante.kernel.files import pdf

_REQUIRED = (
    *(
        "masterIdentifier.value",
        "status",
        "type.coding",
        "category",
        "subject",
        "date",
        "author",
        "custodian",
    ),
    *("securityLabel", "content", "content.attachment.contentType", "content.attachment.title"),
    *("content.attachment.creation", "content.format", "context.period.start", "context.facilityType"),
    *("context.practiceSetting", "context.sourcePatientInfo"),
)
_PDF, _CDA = "application/pdf", ("text/xml", "application/xml")
_LABELS = ("N", "R", "V", "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX")
_OWN = re.compile(r"(?:.*/fhir/)?DocumentReference/([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Submitted:
    """Of the version before, `replaces` are the names that its sender gave it, or `replaced` is our key of it."""

    where: str
    carried: Carried
    replaces: tuple[str, ...] = ()
    replaced: UUID | None = None


def read_document(
    resource: Resource, where: str, content: bytes, identity: Identity, resolve: Resolve
) -> Submitted:
    """`resolve` finds what a reference of this resource names."""
    author = read_author(resource, where, resolve)
    cda = _read_content(resource, where, content)
    if cda is not None:
        _refuse_another_document(resource, where, cda, identity)
    names, replaced = _replaced(resource, where)
    attachment = at(resource, "content.attachment")
    return Submitted(
        where,
        Carried(
            act=Act.REPLACE if names or replaced else Act.NEW,
            identity=identity,
            local_ids=identity.ipps,
            content=content,
            cda=cda,
            type_code=_type(resource, where),
            title=cda.header.title if cda else text_at(attachment, "title"),
            dated_at=cda.header.dated_at if cda else _moment(attachment, where),
            names=(plain_identifier(at(resource, "masterIdentifier")),),
            replaces=(*names, *(str(each) for each in cda.header.replaced)) if cda else names,
            visibility=visibility_of(resource, where, cda),
            visit_number=(_visit(resource) or visit_told(cda))[:120],
            addressed_to=_addressees(cda),
            signed_by=author.signature,
            specialty=f"{author.specialty} {_setting(resource)}",
            metadata=told_by_resource(resource),
        ),
        names,
        replaced,
    )


def check_required(resource: Resource, where: str) -> None:
    """Every element that the profile demands, named together."""
    missing = [path for path in _REQUIRED if at(resource, path) in (None, "", [], {})]
    if missing:
        sentence = "Le profil PDSm demande cet élément."
        raise Problem(422, *(Issue(sentence, f"{where}.{path}", "required") for path in missing))
    if text_at(resource, "status") != "current":
        raise wrong("Un document se dépose avec le statut « current ».", f"{where}.status", code="value")
    if len(every(resource, "content")) > 1:
        sentence = "Un document a un seul contenu : déposez les autres séparément."
        raise wrong(sentence, f"{where}.content", code="not-supported")


def check_digests(resource: Resource, where: str, content: bytes) -> None:
    """Size, in bytes, and SHA-1 (in base64), when they are told."""
    attachment, place = at(resource, "content.attachment"), f"{where}.content[0].attachment"
    size, told = attachment.get("size"), text_at(attachment, "hash")
    if size is not None and size != len(content):
        sentence = f"La taille annoncée n’est pas celle du contenu ({len(content)} octets)."
        raise wrong(sentence, f"{place}.size", code="value")
    if told and told != b64encode(sha1(content, usedforsecurity=False).digest()).decode():
        raise wrong("L’empreinte SHA-1 n’est pas celle du contenu.", f"{place}.hash", code="value")


def bytes_of(data: object, where: str) -> bytes:
    if not isinstance(data, str) or not data:
        raise wrong("Le contenu du document, en base64, est obligatoire.", where, code="required")
    try:
        return decoded(data)
    except NotCda:
        raise wrong("Le contenu n’est pas du base64 lisible.", where, code="value") from None


def visibility_of(resource: Resource, where: str, cda: CdaDocument | None = None) -> Visibility:
    """JDV_J08. A level that is not known is refused: somebody would read what was not meant for him."""
    codes = [
        text_at(coding, "code") for label in every(resource, "securityLabel") for coding in codings(label)
    ]
    if not codes or any(code not in _LABELS for code in codes):
        sentence = f"Le niveau de visibilité est l’un de {', '.join(_LABELS)} (JDV_J08)."
        raise wrong(sentence, f"{where}.securityLabel", code="code-invalid")
    if says_an_unknown_level(cda):
        sentence = "Le document CDA porte un niveau de confidentialité (confidentialityCode) qui n’est pas de JDV_J08."
        raise wrong(sentence, f"{where}.content[0].attachment", code="code-invalid")
    return seen_by(frozenset(codes) | levels_of(cda))


def _type(resource: Resource, where: str) -> str:
    codes = [type_of(text_at(coding, "code")) for coding in codings(resource.get("type"))]
    found = next((code for code in codes if code in DocumentType.values), "")
    if not found:
        raise wrong(not_received((codes or [""])[0]), f"{where}.type", code="code-invalid")
    return found


def _read_content(resource: Resource, where: str, content: bytes) -> CdaDocument | None:
    """None for a PDF."""
    kind = text_at(resource, "content.attachment.contentType").partition(";")[0].strip().lower()
    place = f"{where}.content[0].attachment"
    if kind == _PDF:
        _refuse_paper(content, place)
        return None
    if kind not in _CDA:
        sentence = "Un document est un PDF (application/pdf) ou un CDA R2 (text/xml)."
        raise wrong(sentence, f"{place}.contentType", code="not-supported")
    try:
        cda = read_cda(content)
        check_whole(cda.body)
        paper = paper_of(cda.body)
        if paper is not None:
            _refuse_paper(content_of(paper), place)
    except NotCda as flaw:
        raise wrong(flaw.sentence, place, code="structure") from None
    return cda


def _refuse_paper(content: bytes, where: str) -> None:
    why = (
        pdf.why_refused(BytesIO(content)) if content.startswith(b"%PDF-") else "Le contenu n’est pas un PDF."
    )
    if why:
        raise wrong(why, where, code="value")


def _refuse_another_document(resource: Resource, where: str, cda: CdaDocument, identity: Identity) -> None:
    """What the DocumentReference says must be what its author signed."""
    header = cda.header
    if plain_identifier(at(resource, "masterIdentifier")) != str(header.identifier):
        sentence = "L’identifiant n’est pas celui du document CDA (ClinicalDocument/id)."
        raise wrong(sentence, f"{where}.masterIdentifier", code="value")
    if _type(resource, where) != type_of(header.type.code):
        sentence = "Le type n’est pas celui du document CDA (ClinicalDocument/code)."
        raise wrong(sentence, f"{where}.type", code="value")
    if speaks_of_another(identity, header.patient):
        sentence = "Le patient n’est pas celui du document CDA (recordTarget) : vérifiez de qui il parle."
        raise wrong(sentence, f"{where}.context.sourcePatientInfo", code="conflict")


def _replaced(resource: Resource, where: str) -> tuple[tuple[str, ...], UUID | None]:
    """The names of the version that it replaces, or our key of it."""
    names: list[str] = []
    key: UUID | None = None
    for number, each in enumerate(every(resource, "relatesTo")):
        place = f"{where}.relatesTo[{number}]"
        if text_at(each, "code") != "replaces":
            sentence = "Seul le lien « replaces » est reçu ici."
            raise wrong(sentence, f"{place}.code", code="not-supported")
        name = plain_identifier(at(each, "target.identifier"))
        found = _OWN.fullmatch(text_at(each, "target.reference"))
        if name:
            names.append(name)
        elif found and key is None:
            key = _key(found[1], place)
        else:
            sentence = (
                "Nommez le document remplacé par son identifiant, ou par sa référence DocumentReference/…"
            )
            raise wrong(sentence, f"{place}.target", code="value")
    return tuple(names), key


def _key(text: str, where: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise wrong("Cette référence est mal formée.", f"{where}.target.reference", code="value") from None


def _moment(attachment: Resource, where: str) -> datetime:
    """R4's dateTime; a day alone is its midnight here."""
    text = text_at(attachment, "creation")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        sentence = "La date de création du document est un jour, ou un instant avec son fuseau."
        raise wrong(sentence, f"{where}.content[0].attachment.creation", code="value") from None
    return found if found.tzinfo else found.replace(tzinfo=PARIS)


def _visit(resource: Resource) -> str:
    return text_at(resource, "context.encounter.identifier.value")


def _setting(resource: Resource) -> str:
    return " ".join(text_at(coding, "display") for coding in codings(at(resource, "context.practiceSetting")))


def _addressees(cda: CdaDocument | None) -> tuple[str, ...]:
    """RPPS numbers of those to whom the document itself is addressed."""
    said = [each.extension for party in (cda.header.recipients if cda else ()) for each in party.ids]
    return tuple(dict.fromkeys(number for each in said if (number := rpps_of_national(each))))
