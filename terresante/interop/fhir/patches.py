"""What may change of a document once it is filed (PDSm, flux 3): whether it holds, and whom it is shown to. Pure.

JSON Patch (RFC 6902), or FHIRPath Patch (R4, a resource Parameters), read as the same operations. PDSm's
`isDeleted` and `entered-in-error` both take the document back; nothing here is archived.
"""

import re
from dataclasses import dataclass
from typing import Any

from terresante.interop.fhir.documents import visibility_of
from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.schema import every, text_at
from terresante.interop.hl7v2.saying import Visibility

_IG = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition"
_DELETED, _ARCHIVED = f"{_IG}/pdsm-ext-is-deleted", f"{_IG}/pdsm-ext-is-archived"
_BEYOND = "Seuls le statut, la visibilité et le retrait d’un document se changent (PDSm, flux 3)."
_MASKED = "Pour le masquer aux professionnels, retirez ce document, puis déposez-le avec le niveau voulu."
_SUPERSEDED = (
    "Un document est remplacé par sa nouvelle version (relatesTo « replaces »), ou retiré (isDeleted, "
    "entered-in-error)."
)
_MOST = 10
_EXTENSION = re.compile(r"DocumentReference\.extension\.where\(url ?= ?'([^']+)'\)\.value")


@dataclass(frozen=True, slots=True)
class Update:
    """`visibility` is None when it stays."""

    is_withdrawn: bool = False
    visibility: Visibility | None = None


def read_patch(patch: Any) -> Update:
    """Raises Problem: 405 for any other element, as PDSm asks; 422 for what this platform does not do."""
    if isinstance(patch, dict) and patch.get("resourceType") == "Parameters":
        patch = [_as_json_patch(each) for each in every(patch, "parameter")]
    if not isinstance(patch, list) or not 0 < len(patch) <= _MOST:
        raise wrong("Un JSON Patch, ou un FHIRPath Patch, est attendu.", code="structure", status=400)
    status, is_deleted, visibility = "", False, None
    for number, each in enumerate(patch):
        where = f"operation[{number}]"
        path, value = text_at(each, "path"), each.get("value") if isinstance(each, dict) else None
        if text_at(each, "op") not in ("add", "replace"):
            raise wrong("Une opération est « add » ou « replace ».", where, code="not-supported")
        if path == "/status":
            status = value if isinstance(value, str) else ""
        elif path == "/securityLabel" or path.startswith("/securityLabel/"):
            visibility = _visibility(path, value, where)
        elif path == "/extension" or path.startswith("/extension/"):
            is_deleted = _is_deleted(value, where) or is_deleted
        else:
            raise wrong(_BEYOND, where, code="not-supported", status=405)
    return _decided(status, is_deleted, visibility)


def _as_json_patch(parameter: Resource) -> Resource:
    parts = {text_at(each, "name"): each for each in every(parameter, "part")}
    path = text_at(parts.get("path"), "valueString")
    told = parts.get("value", {})
    value: Any = next((each for name, each in told.items() if name.startswith("value")), None)
    if found := _EXTENSION.fullmatch(path):
        path, value = "/extension/0", {"url": found[1], "valueBoolean": value}
    elif path == "DocumentReference" and text_at(parts.get("name"), "valueString") == "extension":
        inner = {text_at(each, "name"): each for each in every(told, "part")}
        said = inner.get("valueBoolean", {}).get("valueBoolean")
        path, value = "/extension/-", {"url": text_at(inner.get("url"), "valueUri"), "valueBoolean": said}
    elif path.startswith("DocumentReference.securityLabel") and path.endswith(".code"):
        path = "/securityLabel/0/coding/0/code"
    else:
        path = "/" + path.removeprefix("DocumentReference.")
    return {"op": text_at(parts.get("type"), "valueCode"), "path": path, "value": value}


def _decided(status: str, is_deleted: bool, visibility: Visibility | None) -> Update:
    if status == "entered-in-error" or (is_deleted and status in ("", "superseded")):
        return Update(is_withdrawn=True)
    if is_deleted or status not in ("", "current"):
        raise wrong(_SUPERSEDED, "DocumentReference.status", code="business-rule")
    if visibility is not None and visibility.is_masked:
        raise wrong(_MASKED, "DocumentReference.securityLabel", code="not-supported")
    return Update(visibility=visibility)


def _visibility(path: str, value: Any, where: str) -> Visibility:
    """The whole label, one of its concepts, or its code."""
    if path.endswith("/code"):
        value = [{"coding": [{"code": value}]}]
    elif isinstance(value, dict):
        value = [value if "coding" in value else {"coding": [value]}]
    return visibility_of({"securityLabel": value}, where)


def _is_deleted(value: Any, where: str) -> bool:
    """Of one extension, or of all of them."""
    told = False
    for each in value if isinstance(value, list) else [value]:
        url, said = text_at(each, "url"), each.get("valueBoolean") if isinstance(each, dict) else None
        if url == _DELETED and isinstance(said, bool):
            told = told or said
        elif url != _ARCHIVED or said is not False:
            raise wrong(
                "Rien n’est archivé ici : retirez le document, ou laissez-le.", where, code="not-supported"
            )
    return told
