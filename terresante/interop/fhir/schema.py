"""Resources against the R4 schema: types, cardinalities, unknown elements. Contents are looked at apart. Pure.

The models are those of R4B (`fhir.resources`), which differs from R4 in none of the resources taken here
(hl7.org/fhir/R4B/history.html).
"""

from typing import Any

import orjson
from fhir.resources.R4B.binary import Binary
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.list import List
from fhir.resources.R4B.patient import Patient
from pydantic import BaseModel, ValidationError

from terresante.interop.fhir.outcome import Issue, Problem, Resource, wrong

_MODELS: dict[str, type[BaseModel]] = {
    "Binary": Binary,
    "DocumentReference": DocumentReference,
    "List": List,
    "Patient": Patient,
}
_MOST_ISSUES = 10
_SENTENCES = {
    "missing": "Cet élément est obligatoire en FHIR R4.",
    "extra_forbidden": "Cet élément n’existe pas en FHIR R4.",
}
_OTHERWISE = "Cet élément n’a pas le type, ou la forme, que demande FHIR R4."


def read_json(body: bytes) -> Resource:
    """Raises Problem for what is no JSON object."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # Its message may quote the content: the line is enough.
        raise wrong(
            f"Le corps de la requête n’est pas du JSON bien formé (ligne {error.lineno}).",
            code="structure",
            status=400,
        ) from None
    if not isinstance(found, dict):
        raise wrong("Le corps de la requête n’est pas une ressource FHIR.", code="structure", status=400)
    return found


def check(resource: Any, where: str) -> Resource:
    """The resource itself, once its form is right. Raises Problem (400) with every fault, ten at most."""
    kind = str(resource.get("resourceType")) if isinstance(resource, dict) else ""
    model = _MODELS.get(kind)
    if model is None:
        raise wrong("Cette ressource n’est pas reçue ici.", where, code="not-supported")
    try:
        model.model_validate(_without_content(resource))
    except ValidationError as refused:
        errors = refused.errors(include_url=False, include_context=False, include_input=False)
        issues = [
            Issue(_SENTENCES.get(error["type"], _OTHERWISE), _expression(where, error["loc"]), "structure")
            for error in errors[:_MOST_ISSUES]
        ]
        raise Problem(400, *issues) from None
    except (TypeError, ValueError, KeyError, AttributeError):
        raise wrong(_OTHERWISE, where, code="structure", status=400) from None
    return dict(resource)


def _without_content(resource: Resource) -> Resource:
    """Bytes are decoded apart, and strictly: here they would be read twice."""
    if resource["resourceType"] == "Binary":
        return {**resource, "data": "AAAA"} if isinstance(resource.get("data"), str) else resource
    contents = resource.get("content")
    if resource["resourceType"] != "DocumentReference" or not isinstance(contents, list):
        return resource
    return {**resource, "content": [_emptied(content) for content in contents]}


def _emptied(content: Any) -> Any:
    attachment = content.get("attachment") if isinstance(content, dict) else None
    if not isinstance(attachment, dict) or not isinstance(attachment.get("data"), str):
        return content
    return {**content, "attachment": {**attachment, "data": "AAAA"}}


def _expression(where: str, place: tuple[int | str, ...]) -> str:
    """As FHIRPath writes it: `DocumentReference.content[0].attachment.url`."""
    found = where
    for step in place:
        found += f"[{step}]" if isinstance(step, int) else f".{step}"
    return found


def at(resource: Any, path: str) -> Any:
    """What stands at `path` ("context.period.start"; the first of a list), None when nothing does."""
    found = resource
    for step in path.split("."):
        found = found[0] if isinstance(found, list) and found else found
        found = found.get(step) if isinstance(found, dict) else None
    return found


def text_at(resource: Any, path: str) -> str:
    found = at(resource, path)
    return found.strip() if isinstance(found, str) else ""


def every(resource: Any, path: str) -> list[Resource]:
    """The elements of the list at `path`."""
    found = at(resource, path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def codings(concept: Any) -> list[Resource]:
    return every(concept, "coding")


def plain_identifier(identifier: Any) -> str:
    """As CDA and HL7 v2 write it: `urn:oid:1.2.3` is `1.2.3`, a number of a system is `system^number`."""
    system, value = text_at(identifier, "system"), text_at(identifier, "value")
    if not value:
        return ""
    if system in ("", "urn:ietf:rfc:3986"):
        return _without_urn(value)
    return f"{_without_urn(system)}^{value}"


def _without_urn(text: str) -> str:
    if text.startswith("urn:uuid:"):
        return text.removeprefix("urn:uuid:").lower()
    return text.removeprefix("urn:oid:")
