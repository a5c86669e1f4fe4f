"""What the software of a practice sends: PDSm resources (IHE MHD 4.0.1) about invented persons."""

import uuid
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from simulators.hospital.messages import Person

Resource = dict[str, Any]
CORE, FORMER = "https://hl7.fr/ig/fhir/core", "http://interopsante.org/fhir"
_NOS = "https://mos.esante.gouv.fr/NOS"
_TYPES = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
_INS = {"8": "INS-NIR", "9": "INS-NIA", "10": "INS-NIR-TEST", "11": "INS-NIR-DEMO"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`identifier` is that of the CDA, or one that the software gives; `replaces` is another's."""

    person: Person
    content: bytes
    identifier: str
    kind: str = "application/pdf"
    type: str = "11490-0"
    title: str = "Lettre de liaison à la sortie"
    created: str = "2026-03-12T09:30:00+01:00"
    labels: tuple[str, ...] = ("N",)
    replaces: str = ""
    status: str = "VALI"
    former: bool = False
    author: str = ""


def patient(person: Person, *, status: str = "VALI", former: bool = False) -> Resource:
    """A French Core Patient; `former`: with the first addresses of its profile."""
    core = FORMER if former else CORE
    coding = (
        f"{FORMER.removesuffix('/fhir')}/CodeSystem/fr-v2-0203"
        if former
        else f"{CORE}/CodeSystem/fr-core-cs-v2-0203"
    )
    identifiers = []
    if person.ipp:
        kind = {"coding": [{"system": coding, "code": "PI"}]}
        system = f"urn:oid:{person.authority.universal_id}"
        identifiers.append({"use": "usual", "type": kind, "system": system, "value": person.ipp})
    if person.ins:
        code = _INS[person.ins_oid.rpartition(".")[2]]
        system = f"urn:oid:{person.ins_oid}"
        kind = {"coding": [{"system": coding, "code": code}]}
        identifiers.append({"use": "official", "type": kind, "system": system, "value": person.ins})
    return {
        "resourceType": "Patient",
        "id": "patient",
        "extension": [_reliability(core, status, former=former), _birth_place(core, person, former=former)],
        "identifier": identifiers,
        "name": [_name(core, person)],
        "gender": "female" if person.sex == "F" else "male",
        "birthDate": person.birth_date,
    }


def document_reference(
    document: Document, *, url: str = "", patient_resource: Resource | None = None
) -> Resource:
    """With its bytes inline, unless a Binary holds them at `url`; about somebody told otherwise, if he is given."""
    attachment: Resource = {
        "contentType": document.kind,
        "language": "fr-FR",
        "size": len(document.content),
        "hash": b64encode(sha1(document.content, usedforsecurity=False).digest()).decode(),
        "title": document.title,
        "creation": document.created,
    }
    attachment |= {"url": url} if url else {"data": b64encode(document.content).decode()}
    resource: Resource = {
        "resourceType": "DocumentReference",
        "contained": [
            patient_resource or patient(document.person, status=document.status, former=document.former),
            _practitioner(document.author),
            _organization(),
        ],
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": as_urn(document.identifier)},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": document.type}]},
        "category": [_coded("TRE_A03-ClasseDocument", "10")],
        "subject": {"reference": "#patient"},
        "date": "2026-03-12T10:00:00+01:00",
        "author": [{"reference": "#author"}],
        "custodian": {"reference": "#structure"},
        "securityLabel": [_coded("TRE_A07-StatusVisibiliteDocument", label) for label in document.labels],
        "content": [
            {
                "attachment": attachment,
                "format": {
                    "system": "urn:oid:1.3.6.1.4.1.19376.1.2.3",
                    "code": "urn:ihe:iti:xds-sd:pdf:2008",
                },
            }
        ],
        "context": {
            "period": {"start": "2026-03-10T08:00:00+01:00"},
            "facilityType": _coded("TRE_R02-SecteurActivite", "SA08"),
            "practiceSetting": _coded("TRE_A01-CadreExercice", "AMBULATOIRE"),
            "sourcePatientInfo": {"reference": "#patient"},
        },
    }
    if document.replaces:
        target = {"identifier": {"system": "urn:ietf:rfc:3986", "value": as_urn(document.replaces)}}
        resource["relatesTo"] = [{"code": "replaces", "target": target}]
    return resource


def bundle(
    documents: Sequence[Document], *, identifier: str = "1.2.250.1.999.8.1", folder: str = ""
) -> Resource:
    """ITI-65: the submission set, each document and its Binary, and a folder of them all when one is named."""
    urls = [f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, each.identifier)}" for each in documents]
    entries = [_entry("urn:uuid:11111111-aaaa-4bbb-8ccc-222222222222", document_list(urls, identifier))]
    for url, each in zip(urls, documents, strict=True):
        binary = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, each.identifier)}"
        entries.append(_entry(url, document_reference(each, url=binary)))
        data = b64encode(each.content).decode()
        entries.append(_entry(binary, {"resourceType": "Binary", "contentType": each.kind, "data": data}))
    if folder:
        told = document_list(urls, folder, kind="folder")
        entries.append(_entry("urn:uuid:33333333-dddd-4eee-8fff-444444444444", told))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def document_list(urls: Sequence[str], identifier: str, *, kind: str = "submissionset") -> Resource:
    return {
        "resourceType": "List",
        "identifier": [{"use": "usual", "system": "urn:ietf:rfc:3986", "value": as_urn(identifier)}],
        "status": "current",
        "mode": "working",
        "title": "Suivi après la sortie",
        "code": {"coding": [{"system": _TYPES, "code": kind}]},
        "date": "2026-03-12T10:05:00+01:00",
        "source": {"display": "Cabinet"},
        "entry": [{"item": {"reference": url}} for url in urls],
    }


def as_urn(identifier: str) -> str:
    return f"urn:oid:{identifier}" if identifier.replace(".", "").isdecimal() else f"urn:uuid:{identifier}"


def _entry(url: str, resource: Resource) -> Resource:
    kind = resource["resourceType"]
    return {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": kind}}


def _name(core: str, person: Person) -> Resource:
    every = {
        "url": f"{core}/StructureDefinition/fr-core-patient-birth-list-given-name",
        "valueString": person.given,
    }
    first = person.given.split()[0]
    return {"extension": [every], "use": "official", "family": person.birth_name, "given": [first]}


def _reliability(core: str, status: str, *, former: bool) -> Resource:
    if former:
        coding = {"system": f"{FORMER}/CodeSystem/fr-v2-0445", "code": status}
        inner = {"url": "identityReliability", "valueCoding": coding}
        return {"url": f"{core}/StructureDefinition/fr-core-ident-reliability", "extension": [inner]}
    coding = {"system": f"{CORE}/CodeSystem/fr-core-cs-identity-status", "code": status}
    inner = {"url": "identityStatus", "valueCoding": coding}
    return {"url": f"{core}/StructureDefinition/fr-core-identity-reliability", "extension": [inner]}


def _birth_place(core: str, person: Person, *, former: bool) -> Resource:
    url = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
    if former:
        return {"url": url, "valueAddress": {"district": person.birth_place, "country": "FRA"}}
    coding = {"system": f"{_NOS}/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM", "code": person.birth_place}
    code = {"url": f"{core}/StructureDefinition/fr-core-address-insee-code", "valueCoding": coding}
    return {"url": url, "valueAddress": {"extension": [code]}}


def _practitioner(name: str) -> Resource:
    known = {"family": "SAULNIER", "given": ["Anne"], "suffix": ["DR"]}
    return {
        "resourceType": "Practitioner",
        "id": "author",
        "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000000033"}],
        "name": [{"text": name} if name else known],
    }


def _organization() -> Resource:
    return {"resourceType": "Organization", "id": "structure", "name": "Cabinet des Lilas"}


def _coded(system: str, code: str) -> Resource:
    url = f"{_NOS}/{system}/FHIR/{system.replace('_', '-')}"
    return {"coding": [{"system": url, "code": code}]}
