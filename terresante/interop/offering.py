"""From the entries of a document to what it offers to a record: never merged silently (MISSION J7; INTEROP.md 6)."""

from collections.abc import Iterator

from terresante.care_team.enums import RoleGroup
from terresante.documents.models import DocumentReference
from terresante.health_record.enums import (
    DETAIL_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    AllergyCategory,
    ClinicalStatus,
    Criticality,
    OfferedKind,
    Precision,
    TreatmentStatus,
)
from terresante.health_record.offered_actions import offer_lines
from terresante.health_record.offers import Offered
from terresante.health_record.said import (
    SaidAllergy,
    SaidCondition,
    SaidImmunization,
    SaidStep,
    SaidTreatment,
)
from terresante.interop.cda.entries import (
    Allergy,
    Entries,
    Planned,
    Problem,
    Treatment,
    Vaccination,
    read_entries,
)
from terresante.interop.cda.model import CdaDocument
from terresante.kernel.actor import Actor
from terresante.kernel.ui.wording import plain, shortened

# SNOMED CT, kinds of allergies, as the CI-SIS lists them.
_CATEGORIES = {
    "416098002": AllergyCategory.MEDICATION,
    "419511003": AllergyCategory.MEDICATION,
    "59037007": AllergyCategory.MEDICATION,
    "414285001": AllergyCategory.FOOD,
    "418471000": AllergyCategory.FOOD,
    "235719002": AllergyCategory.FOOD,
    "232347008": AllergyCategory.ENVIRONMENT,
    "426232007": AllergyCategory.ENVIRONMENT,
    "232350006": AllergyCategory.ENVIRONMENT,
}
_CATEGORY_WORDS = {
    "medic": AllergyCategory.MEDICATION,
    "aliment": AllergyCategory.FOOD,
    "environnement": AllergyCategory.ENVIRONMENT,
    "pollen": AllergyCategory.ENVIRONMENT,
    "latex": AllergyCategory.ENVIRONMENT,
}
# HL7 v3 (CRITH…), FHIR, and their French.
_GRAVITIES = {
    "crith": Criticality.HIGH,
    "high": Criticality.HIGH,
    "critl": Criticality.LOW,
    "low": Criticality.LOW,
}
_STATUSES = {
    "active": ClinicalStatus.ACTIVE,
    "recurrence": ClinicalStatus.ACTIVE,
    "relapse": ClinicalStatus.ACTIVE,
    "inactive": ClinicalStatus.INACTIVE,
    "remission": ClinicalStatus.INACTIVE,
    "resolved": ClinicalStatus.RESOLVED,
}
_PRECISIONS = {"day": Precision.DAY, "month": Precision.MONTH, "year": Precision.YEAR}


# Who is asked, as letters write it in plain letters, to the role of the matrix.
_ROLES = {
    "infirm": RoleGroup.NURSE,
    "sage-femme": RoleGroup.NURSE,
    "kine": RoleGroup.PARAMEDIC,
    "orthophon": RoleGroup.PARAMEDIC,
    "dietet": RoleGroup.PARAMEDIC,
    "ergotherap": RoleGroup.PARAMEDIC,
    "podolog": RoleGroup.PARAMEDIC,
    "pharmac": RoleGroup.PHARMACIST,
    "psycholog": RoleGroup.PSYCHOLOGIST,
    "assistant social": RoleGroup.SOCIAL,
    "assistante sociale": RoleGroup.SOCIAL,
    "aide a domicile": RoleGroup.HOME_AIDE,
    "auxiliaire de vie": RoleGroup.HOME_AIDE,
    "coordinat": RoleGroup.COORDINATOR,
    "medecin": RoleGroup.PHYSICIAN,
    "docteur": RoleGroup.PHYSICIAN,
    "dr ": RoleGroup.PHYSICIAN,
}


def offer_found(actor: Actor, document: DocumentReference, cda: CdaDocument | None) -> None:
    """What a document just filed says in codes is offered; a document that says nothing so offers nothing."""
    if cda is None:
        return
    if offered := list(offered_by(read_entries(cda))):
        offer_lines(actor, document, offered)


def offered_by(entries: Entries) -> Iterator[Offered]:
    for allergy in entries.allergies:
        if not allergy.is_none_known:
            yield Offered(OfferedKind.ALLERGY, _allergy(allergy))
    for treatment in entries.treatments:
        yield Offered(OfferedKind.TREATMENT, _treatment(treatment))
    for problem in entries.problems:
        yield Offered(OfferedKind.CONDITION, _problem(problem))
    for vaccination in entries.vaccinations:
        yield Offered(OfferedKind.IMMUNIZATION, _vaccination(vaccination))
    for planned in entries.planned:
        yield Offered(OfferedKind.STEP, _step(planned))


def _allergy(found: Allergy) -> SaidAllergy:
    words = plain(found.kind.label)
    by_words = next(
        (kind for word, kind in _CATEGORY_WORDS.items() if word in words), AllergyCategory.UNKNOWN
    )
    return SaidAllergy(
        substance=shortened(found.substance, LABEL_MAX_LENGTH),
        category=_CATEGORIES.get(found.kind.code, by_words),
        criticality=_GRAVITIES.get(found.criticality, Criticality.UNABLE_TO_ASSESS),
        clinical_status=_STATUSES.get(found.status, ClinicalStatus.ACTIVE),
        reaction=shortened(found.reaction, DETAIL_MAX_LENGTH),
    )


def _treatment(found: Treatment) -> SaidTreatment:
    start, until = (each.on if each else None for each in (found.start, found.until))
    if start and until and until < start:
        until = None
    return SaidTreatment(
        drug=shortened(found.name, LABEL_MAX_LENGTH),
        dosage=shortened(found.dosage, DETAIL_MAX_LENGTH),
        indication=shortened(found.indication, 200),
        since=start,
        until=until,
        status=TreatmentStatus.STOPPED if found.is_stopped else TreatmentStatus.ACTIVE,
        code=found.code.code if len(found.code.code) <= 40 else "",
        code_system=found.code.system if len(found.code.system) <= 60 else "",
    )


def _problem(found: Problem) -> SaidCondition:
    return SaidCondition(
        name=shortened(found.name, LABEL_MAX_LENGTH),
        clinical_status=_STATUSES.get(found.status, ClinicalStatus.ACTIVE),
        onset_year=found.since.on.year if found.since else None,
        note=shortened(found.comment, DETAIL_MAX_LENGTH),
    )


def _vaccination(found: Vaccination) -> SaidImmunization:
    return SaidImmunization(
        vaccine=shortened(found.vaccine, LABEL_MAX_LENGTH),
        occurred_on=found.given.on,
        lot_number=shortened(found.lot, 40),
        dose=f"rang {found.rank}"[:40] if found.rank else "",
        precision=_PRECISIONS[found.given.precision],
    )


def _step(found: Planned) -> SaidStep:
    who = plain(found.by)
    return SaidStep(
        title=shortened(found.name, LABEL_MAX_LENGTH),
        note=shortened(found.note, DETAIL_MAX_LENGTH),
        due_on=found.on.on if found.on else None,
        role=next((role.value for word, role in _ROLES.items() if word in who), ""),
    )
