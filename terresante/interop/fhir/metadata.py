"""What is said of a document for who searches it (MHD, ITI-67: format, event, related), as FHIR R4 writes it. Pure."""

from collections.abc import Iterable
from typing import Any

from terresante.interop.cda.model import Coded, Header, InstanceId
from terresante.interop.fhir.outcome import Resource
from terresante.interop.fhir.schema import at, codings, every, text_at

# IHE Format Codes: of a document whose sender says no format.
UNSAID = {
    "system": "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
    "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
    "display": "mimeType Sufficient",
}
_URIS = {
    "2.16.840.1.113883.6.1": "http://loinc.org",
    "2.16.840.1.113883.6.96": "http://snomed.info/sct",
}
_URI = "urn:ietf:rfc:3986"
_MOST, _LENGTH = 20, 200


def told_by_header(header: Header) -> dict[str, Any]:
    """Of a CDA: the acts that it documents, and the orders that it answers."""
    return _said([_coding_of(each) for each in header.events], [_identifier(each) for each in header.orders])


def told_by_resource(resource: Resource) -> dict[str, Any]:
    events = [_coding(coding) for event in every(resource, "context.event") for coding in codings(event)]
    related = [_number(each.get("identifier")) for each in every(resource, "context.related")]
    kind = _coding(at(resource, "content.format"))
    return _said(events, related) | ({"format": kind} if kind.get("code") else {})


def plain_system(system: str) -> str:
    """One name for one system: `urn:oid:2.16.840.1.113883.6.1` is LOINC's."""
    return _URIS.get(system.removeprefix("urn:oid:"), system)


def _said(events: Iterable[Resource], related: Iterable[Resource]) -> dict[str, Any]:
    lists = {
        "event": [each for each in events if each.get("code")][:_MOST],
        "related": [each for each in related if each.get("value")][:_MOST],
    }
    return {name: found for name, found in lists.items() if found}


def _coding_of(code: Coded) -> Resource:
    system = plain_system(f"urn:oid:{code.system}") if code.system else ""
    return _cut({"system": system, "code": code.code, "display": code.label})


def _coding(coding: Any) -> Resource:
    return _cut(
        {
            "system": plain_system(text_at(coding, "system")),
            "code": text_at(coding, "code"),
            "display": text_at(coding, "display"),
        }
    )


def _identifier(name: InstanceId) -> Resource:
    if not name.extension:
        return _cut({"system": _URI, "value": f"urn:oid:{name.root}"})
    return _cut({"system": plain_system(f"urn:oid:{name.root}"), "value": name.extension})


def _number(identifier: Any) -> Resource:
    return _cut(
        {"system": plain_system(text_at(identifier, "system")), "value": text_at(identifier, "value")}
    )


def _cut(said: Resource) -> Resource:
    """Of a bounded length, and without NUL, which PostgreSQL holds in no text."""
    kept = {name: value.replace("\x00", "")[:_LENGTH] for name, value in said.items()}
    return {name: value for name, value in kept.items() if value}
