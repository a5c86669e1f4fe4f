"""Role × data matrix (DOMAIN.md 2.1, defaults). The one place that says which profession reads or writes what."""

from terresante.care_team.enums import DataClass, RoleGroup, Sector
from terresante.directory.enums import OrganizationKind, Profession, UnitSensitivity, sensitivity_said

_PARAMEDICS = (
    Profession.PHYSIOTHERAPIST,
    Profession.PODIATRIST,
    Profession.SPEECH_THERAPIST,
    Profession.ORTHOPTIST,
    Profession.OCCUPATIONAL_THERAPIST,
    Profession.PSYCHOMOTOR_THERAPIST,
    Profession.DIETITIAN,
    Profession.RADIOGRAPHER,
    Profession.CARE_ASSISTANT,
    Profession.CHILDCARE_ASSISTANT,
)
_SOCIAL = (
    Profession.SOCIAL_WORKER,
    Profession.SOCIAL_ECONOMY_ADVISER,
    Profession.FAMILY_SUPPORT_WORKER,
    Profession.SPECIALISED_EDUCATOR,
    Profession.APA_TEAM,
)
_HOME_AIDES = (
    Profession.HOME_HELP,
    Profession.HOME_SUPPORT,
    Profession.LIFE_ASSISTANT,
    Profession.EDUCATIONAL_AND_SOCIAL_CARER,
    Profession.MEDICAL_PSYCHOLOGICAL_AIDE,
)
_COORDINATORS = (
    Profession.PATHWAY_COORDINATOR,
    Profession.CASE_MANAGER,
    Profession.CARE_PILOT,
    Profession.TERRITORIAL_COORDINATION,
)

GROUP_OF: dict[str, RoleGroup] = {
    Profession.DOCTOR: RoleGroup.PHYSICIAN,
    Profession.DENTIST: RoleGroup.PHYSICIAN,
    Profession.NURSE: RoleGroup.NURSE,
    Profession.PSYCHIATRIC_NURSE: RoleGroup.NURSE,
    Profession.MIDWIFE: RoleGroup.NURSE,
    Profession.PHARMACIST: RoleGroup.PHARMACIST,
    Profession.PSYCHOLOGIST: RoleGroup.PSYCHOLOGIST,
    Profession.LEGAL_GUARDIAN: RoleGroup.GUARDIAN,
    Profession.MEDICAL_SECRETARY: RoleGroup.SECRETARY,
    Profession.MEDICAL_ASSISTANT: RoleGroup.SECRETARY,
    **dict.fromkeys(_PARAMEDICS, RoleGroup.PARAMEDIC),
    **dict.fromkeys(_SOCIAL, RoleGroup.SOCIAL),
    **dict.fromkeys(_HOME_AIDES, RoleGroup.HOME_AIDE),
    **dict.fromkeys(_COORDINATORS, RoleGroup.COORDINATOR),
}

R, W = "R", "RW"
_G, _D = RoleGroup, DataClass

# Absent = no right. One line per group: medical, care, coordination, social, stays, circle.
MATRIX: dict[RoleGroup, dict[DataClass, str]] = {
    _G.PHYSICIAN: {_D.MEDICAL: W, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: W},
    _G.NURSE: {_D.MEDICAL: W, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: W},
    _G.PHARMACIST: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.PARAMEDIC: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.PSYCHOLOGIST: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: R},
    _G.SOCIAL: {_D.COORDINATION: W, _D.SOCIAL: W, _D.STAY: R, _D.CIRCLE: W},
    _G.HOME_AIDE: {_D.CARE: R, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.COORDINATOR: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: W, _D.STAY: R, _D.CIRCLE: W},
    _G.SECRETARY: {_D.STAY: R, _D.CIRCLE: W},
    # His own measure is the social section's, which comes later; notes are not his.
    _G.GUARDIAN: {_D.CIRCLE: R},
    _G.OTHER: {_D.COORDINATION: R, _D.CIRCLE: R},
}


def group_of(profession: str) -> RoleGroup:
    return GROUP_OF.get(profession, RoleGroup.OTHER)


def readable(profession: str) -> frozenset[DataClass]:
    return frozenset(MATRIX[group_of(profession)])


def writable(profession: str) -> frozenset[DataClass]:
    return frozenset(name for name, right in MATRIX[group_of(profession)].items() if right == W)


def practitioner_sector(profession: str, specialty_label: str) -> str:
    """A `Sector`, or '' for nearly everybody. The SQL function of the same name says the same (a test compares)."""
    if profession == Profession.PSYCHIATRIC_NURSE:
        return Sector.PSYCHIATRY.value
    return _SECTOR_SAID.get(sensitivity_said(specialty_label), "")


def organization_sector(kind: str, is_psychiatric: bool) -> str:
    """As `practitioner_sector`, of a structure: what it does tells what its patients have."""
    if is_psychiatric or kind == OrganizationKind.CMP:
        return Sector.PSYCHIATRY.value
    is_for_addictions = kind in (OrganizationKind.CSAPA, OrganizationKind.CAARUD)
    return Sector.ADDICTOLOGY.value if is_for_addictions else ""


_SECTOR_SAID = {
    UnitSensitivity.PSYCHIATRY: Sector.PSYCHIATRY.value,
    UnitSensitivity.ADDICTOLOGY: Sector.ADDICTOLOGY.value,
}
