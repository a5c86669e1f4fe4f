"""The header of a CDA R2 document (CI-SIS, Volet Structuration Minimale; INTEROP.md 6)."""

import datetime

from terresante.interop.cda.model import (
    CdaEncounter,
    CdaPatient,
    Coded,
    Header,
    InstanceId,
    Party,
    Period,
    Related,
)
from terresante.interop.cda.parsing import (
    NAMESPACE,
    Element,
    Flaw,
    NotCda,
    attribute,
    every,
    one,
    plain_text,
    text_at,
)
from terresante.interop.hl7v2.dates import read_birth_date, read_moment

_TITLE_FALLBACK = "Document sans titre"
# TRE_R11 and TRE_R81, which no letter writes so.
_TITLES = {"DR": "Dr", "PR": "Pr"}
_CIVILITIES = {"M": "M.", "MME": "Mme", "MLLE": "Mme", "DR": "Dr", "PR": "Pr"}


def read_header(document: Element) -> Header:
    """Raises NotCda without an identifier, a type, a date or one patient."""
    identifier = next(iter(instance_ids(document, "id")), None)
    if identifier is None:
        raise NotCda(Flaw.NO_IDENTIFIER)
    kind = coded(one(document, "code"))
    if not kind.code:
        raise NotCda(Flaw.NO_TYPE)
    dated_at = moment(document, "effectiveTime")
    if dated_at is None:
        raise NotCda(Flaw.NO_DATE)
    performed = one(document, "documentationOf/serviceEvent")
    return Header(
        identifier=identifier,
        type=kind,
        title=text_at(document, "title") or kind.label or _TITLE_FALLBACK,
        dated_at=dated_at,
        confidentiality=_confidentiality(document),
        patient=_patient(document),
        templates=instance_ids(document, "templateId"),
        set_id=next(iter(instance_ids(document, "setId")), None),
        version=_number(attribute(document, "versionNumber", "value")),
        related=tuple(_related(each) for each in every(document, "relatedDocument")),
        authors=tuple(_party(each, "assignedAuthor") for each in every(document, "author")),
        authenticator=_first_party(document, "legalAuthenticator", "assignedEntity"),
        custodian=_custodian(document),
        recipients=tuple(_recipient(each) for each in every(document, "informationRecipient")),
        regular_physician=_regular_physician(document),
        performers=tuple(
            _party(each, "assignedEntity")
            for each in every(document, "documentationOf/serviceEvent/performer")
        ),
        events=tuple(
            found
            for each in every(document, "documentationOf/serviceEvent/code")
            if (found := coded(each)).code
        ),
        event_period=period(performed),
        encounter=_encounter(document),
        orders=instance_ids(document, "inFulfillmentOf/order/id"),
    )


def _confidentiality(document: Element) -> tuple[str, ...]:
    """Of the header, then of the body or a section that narrows it (CDA R2, 4.3.5.2): a document is read as a whole."""
    said = (attribute(each, "", "code") for each in document.iter(f"{{{NAMESPACE}}}confidentialityCode"))
    return tuple(dict.fromkeys(code for code in said if code))


def coded(element: Element | None) -> Coded:
    return Coded(
        attribute(element, "", "code"),
        attribute(element, "", "codeSystem"),
        " ".join(attribute(element, "", "displayName").split()),
    )


def instance_ids(element: Element, path: str) -> tuple[InstanceId, ...]:
    found = (
        InstanceId(attribute(each, "", "root"), attribute(each, "", "extension"))
        for each in every(element, path)
    )
    return tuple(each for each in found if each.root)


def moment(element: Element | None, path: str) -> datetime.datetime | None:
    return read_moment(attribute(element, path, "value"))


def period(element: Element | None, path: str = "effectiveTime") -> Period:
    """IVL_TS with its ends, or one moment that is both."""
    if element is None:
        return Period()
    at = moment(element, path)
    return Period(moment(element, f"{path}/low") or at, moment(element, f"{path}/high") or at)


def _patient(document: Element) -> CdaPatient:
    if len(every(document, "recordTarget")) > 1:
        raise NotCda(Flaw.SEVERAL_PATIENTS)
    role, patient = (
        one(document, "recordTarget/patientRole"),
        one(document, "recordTarget/patientRole/patient"),
    )
    ids = instance_ids(role, "id") if role is not None else ()
    ids = tuple(each for each in ids if each.extension)
    if patient is None or not ids:
        raise NotCda(Flaw.NO_PATIENT)
    names = every(patient, "name")
    place = one(patient, "birthplace/place")
    sex = attribute(patient, "administrativeGenderCode", "code")
    return CdaPatient(
        ids=ids,
        birth_name=_part(names, "family", "BR") or _part(names, "family", ""),
        given_names=_part(names, "given", "") or _part(names, "given", "BR"),
        first_given=_part(names, "given", "BR") or _part(names, "given", ""),
        used_name=_part(names, "family", "CL"),
        used_given=_part(names, "given", "CL"),
        birth_date=read_birth_date(attribute(patient, "birthTime", "value")),
        sex=sex if sex in ("M", "F") else "",
        birth_place_code=text_at(place, "addr/county"),
        birth_place_name=text_at(place, "addr/city") or text_at(place, "name"),
    )


def _part(names: list[Element], kind: str, qualifier: str) -> str:
    """The pieces with this qualifier and no other, in their order."""
    found = [
        plain_text(each)
        for name in names
        for each in every(name, kind)
        if (each.get("qualifier") or "").strip() == qualifier
    ]
    return " ".join(part for part in found if part)


def _party(element: Element, path: str) -> Party:
    """Of `assignedAuthor` and its likes: a person, else the software that made the document."""
    entity = one(element, path)
    if entity is None:
        return Party(at=moment(element, "time"))
    organization = one(entity, "representedOrganization")
    return Party(
        name=_person_name(one(entity, "assignedPerson"))
        or text_at(entity, "assignedAuthoringDevice/softwareName"),
        ids=instance_ids(entity, "id"),
        role=coded(one(entity, "code")),
        organization=text_at(organization, "name"),
        organization_ids=instance_ids(organization, "id") if organization is not None else (),
        at=moment(element, "time"),
    )


def _first_party(document: Element, path: str, entity: str) -> Party | None:
    found = one(document, path)
    return None if found is None else _party(found, entity)


def _custodian(document: Element) -> Party | None:
    keeper = one(document, "custodian/assignedCustodian/representedCustodianOrganization")
    if keeper is None:
        return None
    return Party(organization=text_at(keeper, "name"), organization_ids=instance_ids(keeper, "id"))


def _recipient(element: Element) -> Party:
    intended = one(element, "intendedRecipient")
    if intended is None:
        return Party()
    organization = one(intended, "receivedOrganization")
    return Party(
        name=_person_name(one(intended, "informationRecipient")),
        ids=instance_ids(intended, "id"),
        organization=text_at(organization, "name"),
        organization_ids=instance_ids(organization, "id") if organization is not None else (),
    )


def _regular_physician(document: Element) -> Party | None:
    """Participant INF of function PCP: the médecin traitant."""
    for each in every(document, "participant"):
        if attribute(each, "functionCode", "code") == "PCP":
            entity = one(each, "associatedEntity")
            if entity is not None:
                return Party(
                    name=_person_name(one(entity, "associatedPerson")), ids=instance_ids(entity, "id")
                )
    return None


def _person_name(person: Element | None) -> str:
    """« Dr Anne MARTIN », whatever the order of the pieces; the title (CI-SIS: suffix) goes before the civility."""
    name = None if person is None else one(person, "name")
    if name is None:
        return ""
    civility, title = text_at(name, "prefix"), text_at(name, "suffix")
    pieces = [_TITLES.get(title.upper()) or _CIVILITIES.get(civility.upper(), civility)]
    pieces += [plain_text(each) for kind in ("given", "family") for each in every(name, kind)]
    return " ".join(piece for piece in pieces if piece) or plain_text(name)


def _related(element: Element) -> Related:
    return Related(attribute(element, "", "typeCode"), instance_ids(element, "parentDocument/id"))


def _encounter(document: Element) -> CdaEncounter | None:
    stay = one(document, "componentOf/encompassingEncounter")
    if stay is None:
        return None
    facility = one(stay, "location/healthCareFacility")
    return CdaEncounter(
        ids=instance_ids(stay, "id"),
        period=period(stay),
        facility=coded(None if facility is None else one(facility, "code")),
        facility_name=text_at(facility, "location/name")
        or text_at(facility, "serviceProviderOrganization/name"),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None
