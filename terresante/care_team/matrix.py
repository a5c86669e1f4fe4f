"""Role × data matrix (DOMAIN.md 2.1). The one place that says which profession reads or writes what.

`MATRIX` holds the defaults; an administrator changes a right in a screen (`kernel.switches`, one switch a cell), never
past `allowed`. `readable` and `writable` answer with what is in force now.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from terresante.care_team.enums import DataClass, RecipientCategory, RoleGroup, Sector
from terresante.directory.enums import OrganizationKind, Profession, UnitSensitivity, sensitivity_said
from terresante.kernel import switches

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

R, W, NONE = "R", "RW", ""
_G, _D = RoleGroup, DataClass

# Absent = no right. One line per group: medical, care, coordination, social, stays, circle (identity and contacts).
MATRIX: dict[RoleGroup, dict[DataClass, str]] = {
    _G.PHYSICIAN: {_D.MEDICAL: W, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: W},
    _G.NURSE: {_D.MEDICAL: W, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: W},
    # Wider than DOMAIN.md 2.1, where he reads: he writes what he saw at the counter. A deployment may narrow it.
    _G.PHARMACIST: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.PARAMEDIC: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.PSYCHOLOGIST: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: R, _D.STAY: R, _D.CIRCLE: R},
    _G.SOCIAL: {_D.COORDINATION: W, _D.SOCIAL: W, _D.STAY: R, _D.CIRCLE: W},
    _G.HOME_AIDE: {_D.CARE: R, _D.COORDINATION: W, _D.STAY: R, _D.CIRCLE: R},
    _G.COORDINATOR: {_D.MEDICAL: R, _D.CARE: W, _D.COORDINATION: W, _D.SOCIAL: W, _D.STAY: R, _D.CIRCLE: W},
    _G.SECRETARY: {_D.STAY: R, _D.CIRCLE: W},
    # His own measure is the social section's; notes are not his.
    _G.GUARDIAN: {_D.CIRCLE: R},
    # A profession that no list of R1110-2 CSP names is told who shares, and nothing of the person.
    _G.OTHER: {_D.CIRCLE: R},
}

# Who reads how one gets in at the person's (DOMAIN.md 2.1, « Home access codes »): no class of the grid, for it is no
# health, and no deployment opens a door to others.
_AT_THE_DOOR = frozenset(
    {
        *(_G.PHYSICIAN, _G.NURSE, _G.PHARMACIST, _G.PARAMEDIC),
        *(_G.SOCIAL, _G.HOME_AIDE, _G.COORDINATOR),
    }
)

# What a deployment cannot change. The patient's own right to read (L1111-7 CSP) is not in the matrix at all.
_NOT_HEALTH = (_G.SOCIAL, _G.HOME_AIDE, _G.SECRETARY, _G.GUARDIAN, _G.OTHER)
_MISSION = "R. 1110-1 et R. 1110-2 CSP : le suivi médical n’est pas dans le périmètre de mission de cette profession."
_STAYS = "Les séjours viennent des établissements : personne ne les écrit ici."
_CIRCLE = "R. 1110-3 CSP : chacun sait avec qui il partage ; le cercle se lit toujours."
_UNLISTED = "R. 1110-2 CSP : une profession qu’aucune liste ne nomme ne reçoit rien de la personne."


def allowed(group: RoleGroup, data_class: DataClass) -> tuple[str, ...]:
    """The rights that a deployment may give, least first."""
    if data_class == DataClass.CIRCLE:
        return (R,) if group == RoleGroup.OTHER else (R, W)
    if group == RoleGroup.OTHER or (data_class == DataClass.MEDICAL and group in _NOT_HEALTH):
        return (NONE,)
    return (NONE, R) if data_class == DataClass.STAY else (NONE, R, W)


def limit(group: RoleGroup, data_class: DataClass) -> str:
    """Why a right cannot be changed, or not to everything; '' when nothing limits it."""
    if data_class == DataClass.CIRCLE:
        return _CIRCLE
    if group == RoleGroup.OTHER:
        return _UNLISTED
    if data_class == DataClass.MEDICAL and group in _NOT_HEALTH:
        return _MISSION
    return _STAYS if data_class == DataClass.STAY else ""


WORDS = {NONE: "Aucun accès", R: "Lit", W: "Lit et écrit"}
GRID = "matrix"
# A switch holds no empty value.
_AS_VALUE = {NONE: "none", R: R, W: W}
_AS_RIGHT = {value: right for right, value in _AS_VALUE.items()}


def code_of(group: RoleGroup, data_class: DataClass) -> str:
    return f"matrix.{group.value}.{data_class.value}"


def value_of(right: str) -> str:
    return _AS_VALUE[right]


for _group in RoleGroup:
    for _class in DataClass:
        switches.declare(
            code_of(_group, _class),
            label=f"{_group.label} : {_class.label.lower()}",
            help=limit(_group, _class),
            default=value_of(MATRIX[_group].get(_class, NONE)),
            choices=tuple((value_of(right), WORDS[right]) for right in allowed(_group, _class)),
            group=GRID,
        )


def group_of(profession: str) -> RoleGroup:
    return GROUP_OF.get(profession, RoleGroup.OTHER)


def rights(group: RoleGroup) -> Mapping[DataClass, str]:
    """In force now in this deployment, rights that are none left out."""
    return _rights(group, switches.looked_version())


@lru_cache(maxsize=2 * len(RoleGroup))
def _rights(group: RoleGroup, _: int) -> Mapping[DataClass, str]:
    """Kept until a switch changes: a page of a record asks a dozen times."""
    found = {data_class: _AS_RIGHT[switches.value(code_of(group, data_class))] for data_class in DataClass}
    return MappingProxyType({data_class: right for data_class, right in found.items() if right})


def readable(profession: str) -> frozenset[DataClass]:
    return frozenset(rights(group_of(profession)))


def writable(profession: str) -> frozenset[DataClass]:
    return frozenset(name for name, right in rights(group_of(profession)).items() if right == W)


def goes_to_the_door(profession: str) -> bool:
    return group_of(profession) in _AT_THE_DOOR


def category_of(profession: str) -> RecipientCategory:
    """The category of R1110-2 CSP: a secretary's is that of whom he works for, a health professional."""
    group = group_of(profession)
    other = (group in _NOT_HEALTH and group != RoleGroup.SECRETARY) or group == RoleGroup.PSYCHOLOGIST
    return RecipientCategory.OTHER if other else RecipientCategory.HEALTH


def professions_of(group: RoleGroup) -> list[str]:
    return [one.label for one in Profession if group_of(one) == group]


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
