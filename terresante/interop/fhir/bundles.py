"""What is sent at once: a Bundle of ITI-65, or the one DocumentReference of ITI-105 (IHE MHD 4.0.1, PDSm). Pure.

Everything is read before anything is written: a fault anywhere refuses the whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from terresante.interop.enums import ListKind
from terresante.interop.fhir import documents, schema
from terresante.interop.fhir.documents import Submitted
from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.people import Resolve, rpps_of
from terresante.interop.fhir.persons import read_patient
from terresante.interop.fhir.schema import at, codings, every, plain_identifier, text_at
from terresante.interop.hl7v2.adt_model import Identity
from terresante.interop.hl7v2.dates import PARIS

MOST_DOCUMENTS = 20
_RECIPIENT = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-ext-intended-recipient"
_TAKEN = ("List", "DocumentReference", "Binary", "Patient")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9.-]{1,64}", re.ASCII)
# Of what a reference may name without being filed.
_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SentList:
    """`items`: places of its documents among those of the submission."""

    kind: ListKind
    identifier: str
    title: str
    sent_at: datetime
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """`order` is that of the entries: what each was, and its place among its own."""

    identity: Identity
    documents: tuple[Submitted, ...]
    lists: tuple[SentList, ...] = ()
    order: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Entry:
    where: str
    url: str
    resource: Resource


@dataclass(slots=True)
class _Entries:
    all: list[_Entry]
    by_url: dict[str, _Entry] = field(default_factory=dict)

    def of(self, kind: str) -> list[_Entry]:
        return [entry for entry in self.all if entry.resource["resourceType"] == kind]

    def named(self, reference: str) -> _Entry | None:
        """By its fullUrl, or relative to it: `Patient/1` is the entry of `https://…/Patient/1` (R4, 2.36.4.1)."""
        found = self.by_url.get(reference)
        if found is None and _RELATIVE.fullmatch(reference):
            ends = [entry for entry in self.all if entry.url.endswith(f"/{reference}")]
            found = ends[0] if len(ends) == 1 else None
        return found

    def resolver(self, resource: Resource) -> Resolve:
        """References of one resource: what it contains, then what came with it."""
        contained = {f"#{text_at(each, 'id')}": each for each in every(resource, "contained")}

        def resolve(reference: str) -> Resource | None:
            if reference.startswith("#"):
                return contained.get(reference)
            found = self.named(reference)
            return found.resource if found else None

        return resolve


def read_one(resource: Resource) -> Submission:
    """ITI-105: one DocumentReference, its bytes inline."""
    where = text_at(resource, "resourceType") or "DocumentReference"
    if where != "DocumentReference":
        raise wrong("Une ressource DocumentReference est attendue ici.", where, code="structure", status=400)
    schema.check(resource, where)
    documents.check_required(resource, where)
    content = documents.bytes_of(
        at(resource, "content.attachment.data"), f"{where}.content[0].attachment.data"
    )
    documents.check_digests(resource, where, content)
    resolve = _Entries([]).resolver(resource)
    identity = _identity(resource, where, resolve)
    return Submission(identity, (documents.read_document(resource, where, content, identity, resolve),))


def read_bundle(bundle: Resource) -> Submission:
    """ITI-65."""
    entries = _entries(bundle)
    told = entries.of("DocumentReference")
    if not 0 < len(told) <= MOST_DOCUMENTS:
        sentence = f"Un lot compte de 1 à {MOST_DOCUMENTS} documents (DocumentReference)."
        raise wrong(sentence, "Bundle.entry", code="value")
    used: set[str] = set()
    submitted: list[Submitted] = []
    binaries: dict[str, int] = {}
    for number, entry in enumerate(told):
        content, url = _content(entry, entries, used)
        if url:
            binaries[url] = number
        documents.check_digests(entry.resource, entry.where, content)
        resolve = entries.resolver(entry.resource)
        identity = _identity(entry.resource, entry.where, resolve)
        if submitted and submitted[0].carried.identity != identity:
            sentence = "Un lot ne parle que d’un patient."
            raise wrong(sentence, f"{entry.where}.context.sourcePatientInfo", code="business-rule")
        submitted.append(documents.read_document(entry.resource, entry.where, content, identity, resolve))
    lists = _lists(entries, [entry.url for entry in told])
    _refuse_unused(entries, used)
    addressed = _addressees(entries)
    return Submission(
        submitted[0].carried.identity,
        tuple(_addressed(each, addressed) for each in submitted),
        lists,
        _order(entries, binaries),
    )


def _entries(bundle: Resource) -> _Entries:
    if bundle.get("resourceType") != "Bundle":
        raise wrong("Un Bundle est attendu ici.", code="structure", status=400)
    if bundle.get("type") != "transaction":
        raise wrong("Un lot se dépose par un Bundle « transaction ».", "Bundle.type", code="value")
    found = bundle.get("entry")
    if not isinstance(found, list):
        raise wrong("Le Bundle est vide.", "Bundle.entry", code="required", status=400)
    entries = _Entries([])
    for number, entry in enumerate(found[: 4 * MOST_DOCUMENTS]):
        read = _entry(entry, f"Bundle.entry[{number}]")
        if read.url in entries.by_url:
            raise wrong(
                "Deux entrées ont le même fullUrl.", f"Bundle.entry[{number}].fullUrl", code="duplicate"
            )
        entries.all.append(read)
        entries.by_url[read.url] = read
    if len(found) > len(entries.all):
        raise wrong(f"Un lot compte au plus {4 * MOST_DOCUMENTS} entrées.", "Bundle.entry", code="too-long")
    return entries


def _entry(entry: Any, where: str) -> _Entry:
    url, resource = text_at(entry, "fullUrl"), at(entry, "resource")
    kind = text_at(resource, "resourceType")
    if not url:
        raise wrong("Chaque entrée a son fullUrl.", f"{where}.fullUrl", code="required", status=400)
    if kind not in _TAKEN:
        raise wrong("Cette ressource n’est pas reçue dans un lot.", f"{where}.resource", code="not-supported")
    method, asked = text_at(entry, "request.method"), text_at(entry, "request.url")
    if kind != "Patient" and (method != "POST" or asked.partition("?")[0] != kind):
        sentence = f"Cette entrée se crée par POST {kind}."
        raise wrong(sentence, f"{where}.request", code="not-supported")
    place = f"{where}.resource"
    resource = schema.check(resource, place)
    if kind == "DocumentReference":
        documents.check_required(resource, place)
    return _Entry(place, url, resource)


def _content(entry: _Entry, entries: _Entries, used: set[str]) -> tuple[bytes, str]:
    """The bytes, and the fullUrl of the Binary that holds them when they are not inline."""
    attachment, place = at(entry.resource, "content.attachment"), f"{entry.where}.content[0].attachment"
    if "data" in attachment:
        return documents.bytes_of(attachment["data"], f"{place}.data"), ""
    binary = entries.named(text_at(attachment, "url"))
    if binary is None or binary.resource["resourceType"] != "Binary" or binary.url in used:
        sentence = "L’adresse du contenu est le fullUrl d’un Binary de ce lot, qui ne sert qu’une fois."
        raise wrong(sentence, f"{place}.url", code="not-found")
    used.add(binary.url)
    if text_at(binary.resource, "contentType") != text_at(attachment, "contentType"):
        raise wrong("Le type du Binary n’est pas celui annoncé.", f"{binary.where}.contentType", code="value")
    return documents.bytes_of(binary.resource.get("data"), f"{binary.where}.data"), binary.url


def _identity(resource: Resource, where: str, resolve: Resolve) -> Identity:
    """Of sourcePatientInfo, as it was when the document was written; subject may only say the same."""
    place = f"{where}.context.sourcePatientInfo"
    patient = resolve(text_at(resource, "context.sourcePatientInfo.reference"))
    if patient is None or patient.get("resourceType") != "Patient":
        sentence = "Joignez le Patient dans « contained », ou dans le lot, et désignez-le ici."
        raise wrong(sentence, place, code="not-found")
    identity = read_patient(patient, place)
    of_subject = resolve(text_at(resource, "subject.reference"))
    if of_subject is not None and read_patient(of_subject, f"{where}.subject") != identity:
        raise wrong(
            "Le sujet n’est pas le patient de sourcePatientInfo.", f"{where}.subject", code="conflict"
        )
    return identity


def _lists(entries: _Entries, urls: Sequence[str]) -> tuple[SentList, ...]:
    found = tuple(_list(entry, entries, urls) for entry in entries.of("List"))
    sets = [each for each in found if each.kind is ListKind.SUBMISSION]
    if len(sets) != 1:
        raise wrong("Un lot a une List « submissionset », et une seule.", "Bundle.entry", code="required")
    if set(sets[0].items) != set(range(len(urls))):
        where = next(e.where for e in entries.of("List") if _kind(e) is ListKind.SUBMISSION)
        raise wrong("Le lot de soumission nomme chacun de ses documents.", f"{where}.entry", code="value")
    return found


def _list(entry: _Entry, entries: _Entries, urls: Sequence[str]) -> SentList:
    resource, where = entry.resource, entry.where
    identifiers = every(resource, "identifier")
    usual = next((each for each in identifiers if text_at(each, "use") == "usual"), None)
    identifier = plain_identifier(usual or (identifiers[0] if identifiers else None))
    if not identifier or len(identifier) > _TITLE_LENGTH:
        raise wrong(
            "L’identifiant unique de la List est obligatoire.", f"{where}.identifier", code="required"
        )
    return SentList(
        kind=_kind(entry),
        identifier=identifier,
        title=" ".join(text_at(resource, "title").split())[:_TITLE_LENGTH],
        sent_at=_date(resource, where),
        items=tuple(_items(resource, where, entries, urls)),
    )


def _kind(entry: _Entry) -> ListKind:
    codes = [text_at(coding, "code") for coding in codings(entry.resource.get("code"))]
    found = next((code for code in codes if code in ListKind.values), "")
    if not found:
        sentence = "Une List est un lot (submissionset) ou un classeur (folder)."
        raise wrong(sentence, f"{entry.where}.code", code="code-invalid")
    return ListKind(found)


def _items(resource: Resource, where: str, entries: _Entries, urls: Sequence[str]) -> list[int]:
    """Documents of this submission; a submission set names its folders too."""
    items = []
    for number, each in enumerate(every(resource, "entry")):
        reference = text_at(each, "item.reference")
        found = entries.named(reference)
        if found is not None and found.url in urls:
            items.append(urls.index(found.url))
        elif not reference.startswith(("urn:uuid:", "urn:oid:", "List/")):
            sentence = "Une List nomme les documents de son lot."
            raise wrong(sentence, f"{where}.entry[{number}].item", code="not-found")
    return items


def _date(resource: Resource, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(text_at(resource, "date"))
    except ValueError:
        raise wrong("La date d’envoi de la List est obligatoire.", f"{where}.date", code="required") from None
    return found if found.tzinfo else found.replace(tzinfo=PARIS)


def _refuse_unused(entries: _Entries, used: set[str]) -> None:
    for entry in entries.of("Binary"):
        if entry.url not in used:
            raise wrong("Aucun document n’a ce contenu.", entry.where, code="business-rule")


def _addressees(entries: _Entries) -> tuple[str, ...]:
    """RPPS numbers of those to whom the submission is addressed."""
    found = []
    for entry in entries.of("List"):
        resolve = entries.resolver(entry.resource)
        for each in every(entry.resource, "extension"):
            if text_at(each, "url") == _RECIPIENT:
                named = resolve(text_at(each, "valueReference.reference")) or {}
                person = resolve(text_at(named, "practitioner.reference")) or {}
                found += [number for number in (rpps_of(named), rpps_of(person)) if number]
    return tuple(dict.fromkeys(found))


def _addressed(submitted: Submitted, numbers: tuple[str, ...]) -> Submitted:
    told = tuple(dict.fromkeys((*submitted.carried.addressed_to, *numbers)))
    return replace(submitted, carried=replace(submitted.carried, addressed_to=told))


def _order(entries: _Entries, binaries: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """A Binary is its document's."""
    counts = dict.fromkeys(_TAKEN, 0)
    found = []
    for entry in entries.all:
        kind = entry.resource["resourceType"]
        found.append((kind, binaries.get(entry.url, counts[kind])))
        counts[kind] += 1
    return tuple(found)
