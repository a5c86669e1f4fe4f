"""What a record holds, as resources of FHIR R4 (INTEROP.md 7): French Core for the person, PDSm and the « cahier de
liaison » for what is written. Dictionaries as JSON writes them; people and structures by their national numbers and
their names, so that the file reads alone.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team.models import CareTeamParticipant, Limited
from terresante.directory.models import Organization, Practitioner
from terresante.documents.models import DocumentReference
from terresante.home_care.models import HomeAccess
from terresante.notes.models import Note, NoteMedia, NoteVersion
from terresante.patients.enums import Sex
from terresante.patients.identity_rules import INS_OIDS, InsKind
from terresante.patients.models import CareRecord, Patient, RelatedPerson
from terresante.patients.queries import Matricule, matricule_for_exchange
from terresante.stays.enums import EncounterClass
from terresante.stays.models import Encounter

Resource = dict[str, Any]
_CORE = "https://hl7.fr/ig/fhir/core"
_NOS = "https://mos.esante.gouv.fr/NOS"
_INS = {
    InsKind.NIR: "INS-NIR",
    InsKind.NIA: "INS-NIA",
    InsKind.TEST: "INS-NIR-TEST",
    InsKind.DEMO: "INS-NIR-DEMO",
}
_GENDER = {Sex.FEMALE.value: "female", Sex.MALE.value: "male", Sex.UNKNOWN.value: "unknown"}
_CLASS = {
    EncounterClass.EMERGENCY.value: ("EMER", "emergency"),
    EncounterClass.INPATIENT.value: ("IMP", "inpatient encounter"),
    EncounterClass.OUTPATIENT.value: ("AMB", "ambulatory"),
    EncounterClass.RECURRENT.value: ("AMB", "ambulatory"),
}
_PLACE_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_UNKNOWN = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
    "code": "UNK",
    "display": "unknown",
}
_VISIBILITY = f"{_NOS}/TRE_A07-StatusVisibiliteDocument/FHIR/TRE-A07-StatusVisibiliteDocument"
_TYPES_WITHOUT_LOINC = f"{_NOS}/TRE_A05-TypeDocComplementaire/FHIR/TRE-A05-TypeDocComplementaire"


def urn(key: UUID) -> str:
    return f"urn:uuid:{key}"


def person(patient: Patient, relatives: Iterable[RelatedPerson]) -> Resource:
    matricule = matricule_for_exchange(patient)
    profile = "fr-core-patient-ins" if matricule else "fr-core-patient"
    return filled(
        resourceType="Patient",
        id=str(patient.pk),
        meta={"profile": [f"{_CORE}/StructureDefinition/{profile}"]},
        extension=[_reliability(patient), _birth_place(patient)],
        identifier=[_ins(matricule)] if matricule else [],
        name=_names(patient),
        telecom=_telecom(patient.phone, patient.email),
        gender=_GENDER[patient.sex],
        birthDate=_birth_date(patient),
        deceasedDateTime=patient.deceased_on.isoformat() if patient.deceased_on else "",
        deceasedBoolean=True if patient.is_deceased and not patient.deceased_on else None,
        address=_address(patient),
        contact=[_contact(relative) for relative in relatives],
    )


def care_team(
    record: CareRecord, patient: Patient, members: Iterable[CareTeamParticipant], holder: Organization | None
) -> Resource:
    return filled(
        resourceType="CareTeam",
        id=str(record.pk),
        status="active",
        name=f"Cercle de soins de {patient}",
        subject=subject_of(patient.pk),
        period={"start": instant(record.created_at)},
        participant=[_participant(member) for member in members],
        managingOrganization=[structure(holder)] if holder else [],
    )


def home(access: HomeAccess, patient: Patient, lines: Iterable[str]) -> Resource:
    """How one gets in at the person's, in words: R4 has no element for a code or a key."""
    return filled(
        resourceType="Location",
        id=str(access.pk),
        meta={"lastUpdated": instant(access.recorded_at)},
        status="active",
        name="Domicile de la personne",
        description="\n".join(lines),
        mode="instance",
        address=_address(patient)[0] if _address(patient) else {},
        physicalType={"coding": [{"system": _PLACE_TYPE, "code": "ho", "display": "House"}]},
    )


def encounter(stay: Encounter) -> Resource:
    code, display = _CLASS.get(stay.class_code, ("", ""))
    start, end = stay.started_at or stay.expected_start_at, stay.ended_at
    return filled(
        resourceType="Encounter",
        id=str(stay.pk),
        status=stay.status,
        subject=subject_of(stay.patient_id),
        period=period(start, end),
        serviceType={"text": stay.unit_name} if stay.unit_name else {},
        serviceProvider=structure(stay.organization),
        hospitalization={"dischargeDisposition": {"text": stay.destination}} if stay.destination else {},
        **{"class": {"system": _ACT_CODE, "code": code, "display": display} if code else _UNKNOWN},
    )


def note(
    written: Note, media: Mapping[NoteMedia, str], versions: Iterable[NoteVersion], *, answers: UUID | None
) -> Resource:
    """`media`: what is joined, with its path beside the bundle, '' when it was withdrawn; `answers`: the note that it
    answers, when the reader reads that one.
    """
    earlier = [{"code": "replaces", "target": {"reference": urn(one.pk)}} for one in versions]
    answered = [{"code": "appends", "target": {"reference": urn(answers)}}] if answers else []
    photos = [{"attachment": _joined(one, path)} for one, path in media.items()]
    return filled(
        **_written(written, written.pk),
        status="current",
        docStatus="amended" if written.amended_at else "final",
        relatesTo=[*earlier[-1:], *answered],
        content=[{"attachment": _words(written.text, written.amended_at or written.written_at)}, *photos],
    )


def earlier_note(version: NoteVersion, written: Note) -> Resource:
    """What a note said before a correction."""
    return filled(
        **_written(written, version.pk),
        status="superseded",
        docStatus="final",
        content=[{"attachment": _words(version.text, written.written_at)}],
    )


def document(filed: DocumentReference, path: str) -> Resource:
    """`path` stands beside the bundle; '' when nobody opens the file any more."""
    has_loinc = filed.type.replace("-", "").isdigit()
    coding = {
        "system": "http://loinc.org" if has_loinc else _TYPES_WITHOUT_LOINC,
        "code": filed.type,
        "display": filed.get_type_display(),
    }
    signed = (filed.author_name, filed.author_role, filed.organization_name)
    by = f"Déposé par {', '.join(part for part in signed if part)}"
    return filled(
        resourceType="DocumentReference",
        id=str(filed.pk),
        masterIdentifier={"system": "urn:ietf:rfc:3986", "value": urn(filed.pk)},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": urn(filed.set_id)}],
        status=filed.status,
        type={"coding": [coding]},
        subject=subject_of(filed.patient_id),
        date=instant(filed.recorded_at),
        author=[{"display": filed.written_by} if filed.written_by else _author(filed)],
        custodian=structure(filed.organization, filed.organization_name) if filed.organization else {},
        relatesTo=[{"code": "replaces", "target": {"reference": urn(filed.replaces_id)}}]
        if filed.replaces_id
        else [],
        description=f"{by}. Retiré : {filed.withdrawn_reason}" if filed.is_withdrawn else by,
        securityLabel=security_label(filed),
        content=[{"attachment": _filed(filed, path)}],
    )


def _written(written: Note, key: UUID) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "id": str(key),
        "type": {"text": f"Note : {written.get_data_class_display()}"},
        "subject": subject_of(written.patient_id),
        "date": instant(written.written_at),
        "author": [_author(written)],
        "custodian": structure(written.organization, written.organization_name),
        "securityLabel": security_label(written),
    }


def _words(text: str, at: datetime) -> Resource:
    data = b64encode(text.encode()).decode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": "fr",
        "data": data,
        "creation": instant(at),
    }


def _joined(media: NoteMedia, path: str) -> Resource:
    if not path:
        return {"title": f"{media.get_kind_display()} {media.number}, retiré par son auteur"}
    return _attachment(media.media_type, path, media.size, media.sha1, media.words, media.recorded_at)


def _filed(filed: DocumentReference, path: str) -> Resource:
    if not path:
        return {"title": filed.title}
    attached = _attachment(filed.media_type, path, filed.size, filed.sha1, filed.title, None)
    return {**attached, "creation": filed.dated_on.isoformat()}


def _attachment(kind: str, path: str, size: int, sha1: str, title: str, at: datetime | None) -> Resource:
    digest = b64encode(bytes.fromhex(sha1)).decode()
    return filled(
        contentType=kind,
        language="fr",
        url=path,
        size=size,
        hash=digest,
        title=title,
        creation=instant(at) if at else "",
    )


def _author(row: Note | DocumentReference) -> Resource:
    """As he signed, his number from the directory; the structure itself, of what its software sent; by name, who
    filed for herself.
    """
    if row.organization is None:
        return {"display": ", ".join(part for part in (row.author_name, row.author_role) if part)}
    if row.author is None:
        return structure(row.organization, row.organization_name)
    said = _practitioner(row.author)
    return {**said, "display": f"{row.author_name}, {row.author_role}, {row.organization_name}"}


def _practitioner(who: Practitioner) -> Resource:
    number = {"system": "https://rpps.esante.gouv.fr", "value": who.rpps} if who.rpps else {}
    return filled(type="Practitioner", identifier=number, display=who.full_name)


def structure(structure: Organization, name: str = "") -> Resource:
    number = (
        {"system": "https://finess.esante.gouv.fr", "value": structure.finess} if structure.finess else {}
    )
    return filled(type="Organization", identifier=number, display=name or structure.name)


def _participant(member: CareTeamParticipant) -> Resource:
    who = member.practitioner or member.organization
    if who is None:
        raise ValueError("a member is a person or a structure")
    said = _practitioner(who) if isinstance(who, Practitioner) else structure(who)
    return filled(
        role=[{"text": member.get_role_display()}],
        member=said,
        period=period(member.started_at, member.ended_at),
    )


def _contact(relative: RelatedPerson) -> Resource:
    roles = [
        (relative.is_trusted_person, "Personne de confiance"),
        (relative.is_person_to_warn, "Personne à prévenir"),
        (relative.is_carer, "Aidant"),
    ]
    said = [relative.get_relationship_display(), *(label for holds, label in roles if holds)]
    return filled(
        relationship=[{"text": label} for label in said],
        name={"text": relative.name},
        telecom=_telecom(relative.phone, ""),
    )


def _names(patient: Patient) -> list[Resource]:
    every = {
        "url": f"{_CORE}/StructureDefinition/fr-core-patient-birth-list-given-name",
        "valueString": patient.birth_given_names,
    }
    official = {"extension": [every], "use": "official", "family": patient.birth_name}
    names = [{**official, "given": [patient.birth_given_name]}]
    if patient.used_name or patient.used_given_name:
        used = {"family": patient.display_name, "given": [patient.display_given_name]}
        names.append({"use": "usual", **used})
    return names


def _ins(matricule: Matricule) -> Resource:
    kind = INS_OIDS[matricule.oid]
    coding = {"system": f"{_CORE}/CodeSystem/fr-core-cs-v2-0203", "code": _INS[kind]}
    system = f"urn:oid:{matricule.oid}"
    return {"use": "official", "type": {"coding": [coding]}, "system": system, "value": matricule.value}


def _reliability(patient: Patient) -> Resource:
    coding = {"system": f"{_CORE}/CodeSystem/fr-core-cs-identity-status", "code": patient.identity_status}
    inner = {"url": "identityStatus", "valueCoding": coding}
    return {"url": f"{_CORE}/StructureDefinition/fr-core-identity-reliability", "extension": [inner]}


def _birth_place(patient: Patient) -> Resource:
    coding = {
        "system": f"{_NOS}/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM",
        "code": patient.birth_place_code,
    }
    code = {"url": f"{_CORE}/StructureDefinition/fr-core-address-insee-code", "valueCoding": coding}
    place = filled(extension=[code], city=patient.birth_place_name)
    return {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": place}


def _birth_date(patient: Patient) -> str:
    """As much of it as is known: R4 writes a year, or a month, alone."""
    if not patient.lunar_birth_date:
        return patient.birth_date.isoformat()
    known = [part for part in patient.lunar_birth_date.split("-") if part.strip("0")]
    return "-".join(known)


def _address(patient: Patient) -> list[Resource]:
    lines = [patient.address_line] if patient.address_line else []
    said = filled(line=lines, postalCode=patient.postal_code, city=patient.city)
    return [{"use": "home", **said}] if said else []


def _telecom(phone: str, email: str) -> list[Resource]:
    pairs = (("phone", phone), ("email", email))
    return [{"system": system, "value": value} for system, value in pairs if value]


def security_label(row: Limited) -> list[Resource]:
    """One, the narrowest (TRE_A07); what is restricted to a structure or a sector is « restreint »."""
    if row.sector or row.private_to_id or row.private_to_person_id:
        code = "R"
    elif row.hidden_from_patient:
        code = "INVISIBLE_PATIENT"
    else:
        code = "INVISIBLE_REPRESENTANTS_LEGAUX" if row.hidden_from_representative else "N"
    return [{"coding": [{"system": _VISIBILITY, "code": code}]}]


def subject_of(patient_id: UUID) -> Resource:
    return {"reference": urn(patient_id), "type": "Patient"}


def period(start: datetime | None, end: datetime | None) -> Resource:
    return filled(start=instant(start) if start else "", end=instant(end) if end else "")


def instant(at: datetime | date) -> str:
    if isinstance(at, datetime):
        return timezone.localtime(at).isoformat(timespec="seconds")
    return at.isoformat()


def filled(**values: Any) -> Resource:
    """Without what is empty: R4 knows no empty element."""
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}
