"""What is answered to who reads: a document and a list of documents as PDSm writes them (INTEROP.md 7)."""

from base64 import b64encode
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from terresante.directory.models import Organization
from terresante.documents.models import DocumentReference
from terresante.interop.fhir.codes import (
    CLASS_LABELS,
    CLASS_OF_TYPE,
    CLASSES,
    LIST_TYPES,
    SECTOR_OF,
    SECTORS,
    SETTING_OF,
    SETTINGS,
)
from terresante.interop.fhir.metadata import UNSAID
from terresante.interop.fhir.outcome import Resource
from terresante.interop.models import DocumentList
from terresante.overview import fhir
from terresante.overview.fhir import filled, instant
from terresante.patients.models import Patient

_IG = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition"
# Of the person, what tells that it is she; her contacts are not the reader's business here.
_OF_PATIENT = ("resourceType", "meta", "extension", "identifier", "name", "gender", "birthDate")


def base() -> str:
    return f"{settings.BASE_URL}/fhir"


def document(row: DocumentReference, patient: Patient) -> Resource:
    said = fhir.document(row, "" if row.is_withdrawn else f"{base()}/Binary/{row.pk}")
    code = CLASS_OF_TYPE[row.type]
    name = row.sender_identifier or str(row.pk)
    contained = [_patient(patient)]
    if row.author_id is None and row.written_by:
        contained.append({"resourceType": "Practitioner", "id": "author", "name": [{"text": row.written_by}]})
        said["author"] = [{"reference": "#author", "display": row.written_by}]
    return filled(
        **said
        | {
            "meta": {
                "profile": [f"{_IG}/pdsm-comprehensive-document-reference"],
                "versionId": str(row.version),
                "lastUpdated": instant(row.changed_at or row.recorded_at),
            },
            "contained": contained,
            "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": _as_urn(name)},
            "category": [_coded(CLASSES, code, CLASS_LABELS[code])],
            "subject": {"reference": "#patient", "type": "Patient"},
            "relatesTo": _before(row.replaces_id),
            "content": [{**each, "format": row.metadata.get("format", UNSAID)} for each in said["content"]],
            "context": _context(row),
        }
    )


def document_list(row: DocumentList, readable: Iterable[UUID]) -> Resource:
    """Of its documents, those that the reader reads; its title when he reads them all."""
    shown = [key for key in row.documents if key in set(readable)]
    is_whole = len(shown) == len(row.documents)
    entries = [{"item": {"reference": f"{base()}/DocumentReference/{key}"}} for key in shown]
    return filled(
        resourceType="List",
        id=str(row.pk),
        meta={"lastUpdated": instant(row.received_at)},
        identifier=[{"use": "usual", "system": "urn:ietf:rfc:3986", "value": _as_urn(row.identifier)}],
        status="current",
        mode="working",
        title=row.title if is_whole else "",
        code=_coded(LIST_TYPES, row.kind, row.get_kind_display()),
        date=instant(row.sent_at),
        source=_structure(row.organization),
        entry=entries,
    )


def binary(row: DocumentReference, content: bytes) -> Resource:
    return {
        "resourceType": "Binary",
        "id": str(row.pk),
        "contentType": row.media_type,
        "securityContext": {"reference": f"{base()}/DocumentReference/{row.pk}"},
        "data": b64encode(content).decode(),
    }


def bundle(kind: str, entries: list[Resource], *, total: int | None = None, links: Resource) -> Resource:
    told = [{"relation": relation, "url": url} for relation, url in links.items() if url]
    return filled(resourceType="Bundle", type=kind, total=total, link=told, entry=entries)


def matching(resource: Resource) -> Resource:
    url = f"{base()}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": "match"}}


def _patient(patient: Patient) -> Resource:
    told = fhir.person(patient, ())
    return {"id": "patient", **{name: told[name] for name in _OF_PATIENT if name in told}}


def _context(row: DocumentReference) -> Resource:
    kind = row.organization.kind if row.organization else ""
    return filled(
        event=[{"coding": [coding]} for coding in row.metadata.get("event", [])],
        related=[{"identifier": number} for number in row.metadata.get("related", [])],
        period={"start": row.dated_on.isoformat()},
        facilityType=_coded(SECTORS, *SECTOR_OF[kind]) if kind in SECTOR_OF else {},
        practiceSetting=_coded(SETTINGS, *SETTING_OF[kind]) if kind in SETTING_OF else {},
        sourcePatientInfo={"reference": "#patient"},
    )


def _before(key: UUID | None) -> list[Resource]:
    target = {"reference": f"{base()}/DocumentReference/{key}"}
    return [{"code": "replaces", "target": target}] if key else []


def _structure(organization: Organization) -> Resource:
    number = {"system": "https://finess.esante.gouv.fr", "value": organization.finess}
    return filled(
        type="Organization", identifier=number if organization.finess else {}, display=organization.name
    )


def _coded(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _as_urn(name: str) -> str:
    """An OID, or a UUID, as PDSm writes it; a number of a system as it was sent."""
    if name.replace(".", "").isdecimal():
        return f"urn:oid:{name}"
    try:
        return f"urn:uuid:{UUID(name)}"
    except ValueError:
        return name
