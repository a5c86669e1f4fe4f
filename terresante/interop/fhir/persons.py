"""Whom a resource is about: the French Core Patient, in both generations of its addresses (INTEROP.md 7). Pure.

What is found is an identity as a hospital's message tells it, so that it is matched by the same code.
"""

from datetime import date
from typing import Any

from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.schema import codings, every, text_at
from terresante.interop.hl7v2.adt_model import Authority, BirthPlace, Identifier, Identity, Ins, Name
from terresante.interop.hl7v2.dates import BirthDate
from terresante.patients.identity_rules import INS_OIDS, is_birth_place_code, is_ins_key_valid

_GENERATIONS = ("https://hl7.fr/", "http://hl7.fr/", "http://interopsante.org/", "http://hl7.org/fhir/")
_GIVEN_NAMES = ("fr-core-patient-birth-list-given-name", "fr-core-birth-list-given-name")
_RELIABILITY = ("fr-core-identity-reliability", "fr-core-ident-reliability")
_RELIABILITY_STATUS = ("identityStatus", "identityReliability")
_INSEE = ("fr-core-address-insee-code",)
_BIRTH_PLACE = ("patient-birthPlace", "birthPlace")
_NATIONAL = "1.2.250.1.213.1.4."
# Identity statuses of the French Core, then of its former table (v2 0445).
_PROVEN, _NOT_PROVEN = ("QUAL", "VALI"), ("PROV", "RECUP")
_SEX = {"male": "M", "female": "F"}


def read_patient(patient: Resource, where: str) -> Identity:
    """Raises Problem without a birth name, a given name or a birth date."""
    official = _name(patient, "official") or _name(patient, "")
    family, given = text_at(official, "family"), _given(official)
    if not family or not given:
        raise wrong(
            "Le nom et le premier prénom de naissance (name, use official) sont obligatoires.",
            f"{where}.name",
            code="required",
        )
    born = text_at(patient, "birthDate")
    if not born:
        raise wrong("La date de naissance est obligatoire.", f"{where}.birthDate", code="required")
    used = _name(patient, "usual")
    names = _extension(official, _GIVEN_NAMES)
    return Identity(
        birth_name=Name(family, given[0], text_at(names, "valueString") or " ".join(given)),
        used_names=(Name(text_at(used, "family"), next(iter(_given(used)), "")),) if used else (),
        birth_date=_born(born, where),
        sex=_SEX.get(text_at(patient, "gender"), "U"),
        birth_place=_birth_place(patient),
        ipps=_ipps(patient),
        ins=_matricules(patient),
        reliability=_reliability(patient),
    )


def _name(patient: Resource, use: str) -> Resource:
    return next((name for name in every(patient, "name") if text_at(name, "use") == use), {})


def _given(name: Resource) -> list[str]:
    found = name.get("given")
    given = [each.strip() for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return [each for each in given if each]


def _born(text: str, where: str) -> BirthDate:
    """A year, or a month, alone is a date of which no day is known."""
    try:
        return BirthDate(text, date.fromisoformat(text) if len(text) == 10 else None)
    except ValueError:
        raise wrong("Cette date n’existe pas.", f"{where}.birthDate", code="value") from None


def _birth_place(patient: Resource) -> BirthPlace | None:
    """The code of the commune in its extension, or, as it was first written, in `district`."""
    place = _extension(patient, _BIRTH_PLACE).get("valueAddress")
    if not isinstance(place, dict):
        return None
    coded = _extension(place, _INSEE)
    code = text_at(coded, "valueCoding.code") or text_at(coded, "valueString") or text_at(place, "district")
    return BirthPlace(code if is_birth_place_code(code) else "", text_at(place, "city"))


def _matricules(patient: Resource) -> tuple[Ins, ...]:
    found = []
    for each in every(patient, "identifier"):
        oid = text_at(each, "system").removeprefix("urn:oid:")
        value = text_at(each, "value").replace(" ", "")
        if oid in INS_OIDS and value:
            found.append(Ins(value, oid, INS_OIDS[oid], is_ins_key_valid(value)))
    return tuple(found)


def _ipps(patient: Resource) -> tuple[Identifier, ...]:
    """Those of type PI, under the authority that their system names."""
    found = []
    for each in every(patient, "identifier"):
        is_local = any(text_at(coding, "code") == "PI" for coding in codings(each.get("type")))
        system, value = text_at(each, "system"), text_at(each, "value")
        if is_local and system and value and not system.startswith(f"urn:oid:{_NATIONAL}"):
            found.append(Identifier(value, "PI", Authority("", system.removeprefix("urn:oid:"), "ISO")))
    return tuple(found)


def _reliability(patient: Resource) -> tuple[str, ...]:
    """As PID-32 tells it: whether a document was checked, and what makes the identity doubtful."""
    said = _extension(patient, _RELIABILITY)
    codes = [
        text_at(each, "valueCoding.code")
        for each in every(said, "extension")
        if text_at(each, "url") in _RELIABILITY_STATUS
    ]
    return tuple("VALI" if code in _PROVEN else "PROV" if code in _NOT_PROVEN else code for code in codes)


def _extension(element: Any, names: tuple[str, ...]) -> Resource:
    """Of either generation."""
    for each in every(element, "extension"):
        url = text_at(each, "url")
        if url.startswith(_GENERATIONS) and url.rpartition("/")[2] in names:
            return each
    return {}
