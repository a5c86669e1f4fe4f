"""Published FHIR resources read as JSON, and the answer that PDSm asks for each: not by the platform's own reader."""

import copy
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
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
    # The matricule and its authority, of a patient whom his structure gives no number.
    matricule: tuple[str, str] | None = None


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
            resource = _read(path)
            if isinstance(resource, dict) and resource.get("resourceType"):
                found.append(Published(f"{path.parent.name}/{path.name}", resource))
    return found


def _read(path: Path) -> Any:
    """None for what is no JSON: not a resource to send."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError:
        return None


def sendings_of(published: list[Published], pdf: bytes) -> list[Sending]:
    """Each file as it is; each patient as that of a document; then the pieces of PDSm put together."""
    sent = [_as_it_is(each) for each in published if each.kind != "Patient"]
    sent += [
        _of_patient(each, pdf, number) for number, each in enumerate(published) if each.kind == "Patient"
    ]
    pieces = _pieces([each for each in published if each.name.startswith(_FOLDERS[0])])
    person = next((each for each in published if _local_number(each.resource)[0]), None)
    if {"DocumentReference", "List", "Binary", "Organization"} <= set(pieces) and person is not None:
        sent += [_together(pieces, person, b""), _together(pieces, person, pdf)]
    return sent


def _pieces(published: list[Published]) -> dict[str, Published]:
    """Of each kind, the first that may be of a submission."""
    suits: dict[str, Callable[[Resource], bool]] = {
        "DocumentReference": lambda each: bool(each.get("contained")) and not _missing(each),
        "List": lambda each: any(
            one.get("resourceType") == "PractitionerRole" for one in each.get("contained", [])
        ),
        "Binary": lambda each: True,
        "Organization": lambda each: True,
    }
    found: dict[str, Published] = {}
    for each in published:
        if each.kind in suits and suits[each.kind](each.resource):
            found.setdefault(each.kind, each)
    return found


def _as_it_is(each: Published) -> Sending:
    """The published answer is no question; a List, a Binary, a structure are not sent alone; bytes come inline."""
    answers = {
        "Bundle": ("/fhir", _answer_to_bundle),
        "DocumentReference": ("/fhir/DocumentReference", _answer_to_document),
        "List": ("/fhir/List", lambda _: Expected(405)),
    }
    path, answer = answers.get(each.kind, (f"/fhir/{each.kind}", lambda _: Expected(404)))
    return Sending(each.name, path, each.resource, answer(each.resource))


def _answer_to_document(document: Resource) -> Expected:
    """Sent alone (ITI-105): what the profile demands, in its order, then the bytes and whose they are."""
    where = "DocumentReference"
    if missing := _missing(document):
        return Expected(422, f"{where}.{missing}")
    if not document["content"][0]["attachment"].get("data"):
        return Expected(422, f"{where}.content[0].attachment.data")
    return Expected(422, f"{where}.context.sourcePatientInfo")


def _answer_to_bundle(bundle: Resource) -> Expected:
    """The first fault of a lot (ITI-65), in the order of its entries; then its contents, then whose they are."""
    if bundle.get("type") != "transaction":
        return Expected(422, "Bundle.type")
    entries = bundle.get("entry", [])
    for number, entry in enumerate(entries):
        kind, place = entry.get("resource", {}).get("resourceType"), f"Bundle.entry[{number}]"
        asked = entry.get("request", {})
        if not entry.get("fullUrl"):
            return Expected(400, f"{place}.fullUrl")
        if kind not in ("List", "DocumentReference", "Binary", "Patient"):
            return Expected(422, f"{place}.resource")
        if kind != "Patient" and (asked.get("method"), asked.get("url")) != ("POST", kind):
            return Expected(422, f"{place}.request")
        if kind == "DocumentReference" and (missing := _missing(entry["resource"])):
            return Expected(422, f"{place}.resource.{missing}")
    return _answer_to_contents(entries)


def _answer_to_contents(entries: list[Resource]) -> Expected:
    binaries = {
        each["fullUrl"]: each["resource"] for each in entries if each["resource"]["resourceType"] == "Binary"
    }
    for number, entry in enumerate(entries):
        if entry["resource"]["resourceType"] != "DocumentReference":
            continue
        attachment = entry["resource"]["content"][0]["attachment"]
        place = f"Bundle.entry[{number}].resource"
        binary = binaries.get(attachment.get("url"))
        if binary is None:
            return Expected(422, f"{place}.content[0].attachment.url")
        content = b64decode(binary.get("data", ""))
        if attachment.get("size") not in (None, len(content)):
            return Expected(422, f"{place}.content[0].attachment.size")
        if attachment.get("hash") not in (
            None,
            b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
        ):
            return Expected(422, f"{place}.content[0].attachment.hash")
        return Expected(422, f"{place}.context.sourcePatientInfo")
    return Expected(422, "Bundle.entry")


# PDSm 4.0.1, DocumentReference: in the order of the profile.
_DEMANDED = (
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


def _missing(document: Resource) -> str:
    """The first of what the profile demands that is not there."""
    for path in _DEMANDED:
        found: Any = document
        for step in path.split("."):
            found = found[0] if isinstance(found, list) and found else found
            found = found.get(step) if isinstance(found, dict) else None
        if found in (None, "", [], {}):
            return path
    return "" if document["status"] == "current" else "status"


def _of_patient(each: Published, pdf: bytes, number: int) -> Sending:
    """A document about him: filed when a number names him, that of his hospital or a matricule whose key is right."""
    identity = identity_of(each.resource)
    place = "DocumentReference.context.sourcePatientInfo"
    paper = Document(person=None, content=pdf, identifier=f"1.2.250.1.999.76.{number}")  # type: ignore[arg-type]  # his own stands for it
    resource = document_reference(paper, patient_resource={**each.resource, "id": "patient"})
    local, matricule = _local_number(each.resource), _matricule(each.resource)
    expected = Expected(201) if local[0] else _answer_to_matricule(each.resource, matricule, place)
    if not identity.birth_name or not identity.given_names:
        expected = Expected(422, f"{place}.name")
    elif not each.resource.get("birthDate"):
        expected = Expected(422, f"{place}.birthDate")
    name = f"{each.name} (d’un document)"
    return Sending(name, "/fhir/DocumentReference", resource, expected, identity, local, matricule)


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
    """Of the official name, else of one of no use."""
    names = {name.get("use", ""): name for name in reversed(patient.get("name", []))}
    official = names.get("official") or names.get("") or {}
    every = [each["valueString"] for each in official.get("extension", []) if each["url"].endswith(_NAMES)]
    return Identity(
        birth_name=official.get("family", ""),
        given_names=every[0] if every else " ".join(official.get("given", [])),
        born=_born(patient.get("birthDate", "")),
        sex=_SEX.get(patient.get("gender", ""), ""),
        birth_place=_birth_place(patient),
    )


def _born(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _birth_place(patient: Resource) -> str:
    for each in patient.get("extension", []):
        place = each.get("valueAddress", {})
        for inner in place.get("extension", []):
            if inner["url"].endswith("insee-code"):
                return str(inner.get("valueCoding", {}).get("code", "") or inner.get("valueString", ""))
        if place.get("district"):
            return str(place["district"])
    return ""


def _local_number(patient: Resource) -> tuple[str, str]:
    """(number, authority) of the first identifier of type PI."""
    for each in patient.get("identifier", []):
        if any(coding.get("code") == "PI" for coding in each.get("type", {}).get("coding", [])):
            return each.get("value", ""), each.get("system", "").removeprefix("urn:oid:")
    return "", ""


def _answer_to_matricule(patient: Resource, matricule: tuple[str, str] | None, place: str) -> Expected:
    """Alone it names whoever has it when the identity is validated, and each of the five traits is given."""
    if matricule is None:
        return Expected(422, f"{place}.identifier")
    is_proven = all(identity_of(patient).compared) and _reliability(patient) in ("VALI", "QUAL")
    return Expected(201) if is_proven else Expected(422, place)


def _reliability(patient: Resource) -> str:
    for each in patient.get("extension", []):
        if re.search(r"identity-reliability|ident-reliability", each.get("url", "")):
            codes = [inner.get("valueCoding", {}).get("code", "") for inner in each.get("extension", [])]
            return next(
                (code for code in codes if code in ("VALI", "QUAL", "PROV", "RECUP", "DOUT", "FICT")), ""
            )
    return ""


def _matricule(patient: Resource) -> tuple[str, str] | None:
    """Under an authority of the INS, with its key: 97 less the remainder of its thirteen figures."""
    for each in patient.get("identifier", []):
        number, oid = each.get("value", ""), each.get("system", "").removeprefix("urn:oid:")
        is_ins = re.fullmatch(r"1\.2\.250\.1\.213\.1\.4\.(8|9|10|11)", oid)
        if is_ins and number.isdecimal() and int(number[13:]) == 97 - int(number[:13]) % 97:
            return number, oid
    return None
