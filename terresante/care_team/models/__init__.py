from terresante.care_team.models.accesses import AccessComplaint, FirstAccess
from terresante.care_team.models.circle import (
    EMERGENCY_LASTS,
    EXPLAIN_WITHIN,
    LASTING,
    REVIEW_WITHIN,
    CareTeamParticipant,
    Consent,
    EmergencyAccess,
    HandOver,
    HandOverItem,
    Limited,
    NamedReader,
    Restricted,
)
from terresante.care_team.models.joining import CircleInvitation, JoinRequest

__all__ = [
    "EMERGENCY_LASTS",
    "EXPLAIN_WITHIN",
    "LASTING",
    "REVIEW_WITHIN",
    "AccessComplaint",
    "CareTeamParticipant",
    "CircleInvitation",
    "Consent",
    "EmergencyAccess",
    "FirstAccess",
    "HandOver",
    "HandOverItem",
    "JoinRequest",
    "Limited",
    "NamedReader",
    "Restricted",
]
