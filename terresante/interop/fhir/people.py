"""Who wrote a document, and to whom it is sent, as contained resources tell them. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.schema import at, codings, every, text_at
from terresante.interop.hl7v2.adt_fields import rpps_of_national
from terresante.interop.specialties import in_words

# What a reference names, inside what was sent.
Resolve = Callable[[str], Resource | None]

_RPPS_SYSTEM, _NATIONAL_SYSTEM = "https://rpps.esante.gouv.fr", "urn:oid:1.2.250.1.71.4.2.1"
_RPPS = re.compile(r"\d{11}", re.ASCII)
_TITLES = {"DR": "Dr", "PR": "Pr"}


@dataclass(frozen=True, slots=True)
class Author:
    """`specialty` is what he does, as it is written: it may tell of a restricted care."""

    signature: str
    specialty: str = ""


def read_author(resource: Resource, where: str, resolve: Resolve) -> Author:
    """The first one. Raises Problem when nobody can be named."""
    said = every(resource, "author")
    found = [_author(each, resolve) for each in said[:1]]
    if not found or not found[0].signature:
        sentence = "L’auteur n’est pas joint : mettez-le dans « contained », ou donnez son nom (display)."
        raise wrong(sentence, f"{where}.author[0]", code="not-found")
    return found[0]


def rpps_of(resource: Resource) -> str:
    """'' for who has none."""
    for each in every(resource, "identifier"):
        system, value = text_at(each, "system"), text_at(each, "value")
        if system == _RPPS_SYSTEM and _RPPS.fullmatch(value):
            return value
        if system == _NATIONAL_SYSTEM and (found := rpps_of_national(value)):
            return found
    return ""


def _author(reference: Resource, resolve: Resolve) -> Author:
    found = resolve(text_at(reference, "reference")) or {}
    kind = text_at(found, "resourceType")
    if kind == "PractitionerRole":
        person = resolve(text_at(found, "practitioner.reference")) or {}
        structure = resolve(text_at(found, "organization.reference")) or {}
        name = _name(person) or text_at(found, "practitioner.display")
        place = text_at(structure, "name") or text_at(found, "organization.display")
        told = ", ".join(part for part in (name, place) if part)
        return Author(told or text_at(reference, "display"), f"{_does(found)} {_does(person)}")
    if kind == "Organization":
        return Author(text_at(found, "name") or text_at(reference, "display"))
    return Author(_name(found) or text_at(reference, "display"), _does(found))


def _name(person: Resource) -> str:
    """« Dr Sophie LECLERC »: title, given name, family name."""
    name = at(person, "name")
    first = name[0] if isinstance(name, list) and name and isinstance(name[0], dict) else {}
    suffix = "".join(_texts(first, "suffix")[:1])
    pieces = [_TITLES.get(suffix.upper(), ""), *_texts(first, "given")[:1], text_at(first, "family")]
    told = " ".join(piece for piece in pieces if piece)
    return told if text_at(first, "family") else text_at(first, "text")


def _texts(element: Resource, key: str) -> list[str]:
    """An error in its shape is for the schema to say."""
    said = element.get(key)
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []


def _does(resource: Resource) -> str:
    """Its specialties, functions and diplomas, in words."""
    concepts = [*every(resource, "specialty"), *every(resource, "code")]
    concepts += [each["code"] for each in every(resource, "qualification") if "code" in each]
    words = [text_at(concept, "text") for concept in concepts]
    for coding in (coding for concept in concepts for coding in codings(concept)):
        words += [text_at(coding, "display"), in_words(text_at(coding, "code"))]
    return " ".join(word for word in words if word)
