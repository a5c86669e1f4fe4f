"""Published FHIR resources read as JSON, and the answer that PDSm asks for each: not by the platform's own reader."""

import copy
import json
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from hashlib import sha1
from pathlib import Path
from typing import Any

from simulators.conformance.reading import Identity
from simulators.partner.resources import Document, Resource, document_reference

_FOLDERS = ("fhir_pdsm_mhd", "fhir_frcore_patient")
_NAMES = ("birth-list-given-name",)
_SEX = {"male": "M", "female": "F"}


@dataclass(frozen=True)
class Expected:
    """`where`: of the first issue, '' for an answer that has none or that names nothing."""

    status: int
    where: str = ""


@dataclass(frozen=True)
class Sending:
    """`resource` is sent to `path`; `identity` is the person whose record it must reach, when it is filed."""

    name: str
    path: str
    resource: Any
    expected: Expected
    identity: Identity | None = None
    number: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Published:
    name: str
    resource: Resource

    @property
    def kind(self) -> str:
        return str(self.resource.get("resourceType"))


def published_in(folder: Path) -> list[Published]:
    """Those of PDSm and of the French Core patient, by name; both folders, or one of them."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        if _FOLDERS[0] in path.parts or _FOLDERS[1] in path.parts:
            found.append(Published(f"{path.parent.name}/{path.name}", json.loads(path.read_text())))
    return found


def sendings_of(published: list[Published], pdf: bytes) -> list[Sending]:
    """Each file as it is; each patient as that of a document; then the pieces of PDSm put together."""
    sent = [_as_it_is(each) for each in published if each.kind != "Patient"]
    sent += [
        _of_patient(each, pdf, number) for number, each in enumerate(published) if each.kind == "Patient"
    ]
    pieces = {each.kind: each for each in published if each.name.startswith(_FOLDERS[0])}
    person = next((each for each in published if _local_number(each.resource)[0]), None)
    if {"DocumentReference", "List", "Binary", "Organization"} <= set(pieces) and person is not None:
        sent += [_together(pieces, person, b""), _together(pieces, person, pdf)]
    return sent


def _as_it_is(each: Published) -> Sending:
    """The published answer is no question; a List, a Binary, a structure are not sent alone; bytes come inline."""
    answers = {
        "Bundle": ("/fhir", Expected(422, "Bundle.type")),
        "DocumentReference": (
            "/fhir/DocumentReference",
            Expected(422, "DocumentReference.content[0].attachment.data"),
        ),
        "List": ("/fhir/List", Expected(405)),
    }
    path, expected = answers.get(each.kind, (f"/fhir/{each.kind}", Expected(404)))
    return Sending(each.name, path, each.resource, expected)


def _of_patient(each: Published, pdf: bytes, number: int) -> Sending:
    """A document about him: filed when a number names him, that of his hospital or a matricule whose key is right."""
    identity = identity_of(each.resource)
    paper = Document(person=None, content=pdf, identifier=f"1.2.250.1.999.76.{number}")  # type: ignore[arg-type]  # his own stands for it
    resource = document_reference(paper, patient_resource={**each.resource, "id": "patient"})
    local = _local_number(each.resource)
    is_named = bool(local[0] or _has_matricule(each.resource))
    where = "DocumentReference.context.sourcePatientInfo.identifier"
    expected = Expected(201) if is_named else Expected(422, where)
    return Sending(
        f"{each.name} (d’un document)", "/fhir/DocumentReference", resource, expected, identity, local
    )


def _together(pieces: dict[str, Published], person: Published, pdf: bytes) -> Sending:
    """A submission made of the published pieces: what they name elsewhere is contained; with `pdf`, a Binary that is
    what its document says. As published, size and digest are those of no content given.
    """
    document = copy.deepcopy(pieces["DocumentReference"].resource)
    sent_list = copy.deepcopy(pieces["List"].resource)
    binary = copy.deepcopy(pieces["Binary"].resource)
    role = next(each for each in sent_list["contained"] if each["resourceType"] == "PractitionerRole")
    role["practitioner"] = {"reference": f"#{document['contained'][0]['id']}"}
    structure = pieces["Organization"].resource
    document["contained"] += [role, structure, {**person.resource, "id": "patient"}]
    document["author"] = [{"reference": f"#{role['id']}"}]
    document["authenticator"] = document["custodian"] = {"reference": f"#{structure['id']}"}
    document["subject"] = document["context"]["sourcePatientInfo"] = {"reference": "#patient"}
    urls = [f"urn:uuid:00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
    attachment = document["content"][0]["attachment"]
    attachment["url"] = urls[2]
    if pdf:
        binary["data"] = b64encode(pdf).decode()
        attachment["size"] = len(pdf)
        attachment["hash"] = b64encode(sha1(pdf, usedforsecurity=False).digest()).decode()
    sent_list["entry"] = [{"item": {"reference": urls[1]}}]
    sent_list["subject"] = {"display": "patient"}
    entries = [
        {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
        for url, resource in zip(urls, (sent_list, document, binary), strict=True)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    expected = Expected(200) if pdf else Expected(422, "Bundle.entry[1].resource.content[0].attachment.size")
    name = f"fhir_pdsm_mhd ({'complété' if pdf else 'assemblé'})"
    return Sending(
        name, "/fhir", bundle, expected, identity_of(person.resource), _local_number(person.resource)
    )


def document_in(sending: Sending) -> Resource:
    """The one DocumentReference of what is sent."""
    if sending.resource["resourceType"] == "DocumentReference":
        return dict(sending.resource)
    found = (entry["resource"] for entry in sending.resource["entry"])
    return dict(next(each for each in found if each["resourceType"] == "DocumentReference"))


def identity_of(patient: Resource) -> Identity:
    official = next((name for name in patient["name"] if name.get("use") == "official"), patient["name"][0])
    every = [each["valueString"] for each in official.get("extension", []) if each["url"].endswith(_NAMES)]
    return Identity(
        birth_name=official["family"],
        given_names=every[0] if every else " ".join(official["given"]),
        born=date.fromisoformat(patient["birthDate"]),
        sex=_SEX.get(patient.get("gender", ""), ""),
        birth_place=_birth_place(patient),
    )


def _birth_place(patient: Resource) -> str:
    for each in patient.get("extension", []):
        place = each.get("valueAddress", {})
        for inner in place.get("extension", []):
            if inner["url"].endswith("insee-code"):
                return str(inner["valueCoding"]["code"])
        if place.get("district"):
            return str(place["district"])
    return ""


def _local_number(patient: Resource) -> tuple[str, str]:
    """(number, authority) of the first identifier of type PI."""
    for each in patient.get("identifier", []):
        if any(coding.get("code") == "PI" for coding in each.get("type", {}).get("coding", [])):
            return each["value"], each["system"].removeprefix("urn:oid:")
    return "", ""


def _has_matricule(patient: Resource) -> bool:
    """Under an authority of the INS, with its key: 97 less the remainder of its thirteen figures."""
    for each in patient.get("identifier", []):
        number = each["value"]
        is_ins = re.fullmatch(r"urn:oid:1\.2\.250\.1\.213\.1\.4\.(8|9|10|11)", each.get("system", ""))
        if is_ins and number.isdecimal() and int(number[13:]) == 97 - int(number[:13]) % 97:
            return True
    return False
