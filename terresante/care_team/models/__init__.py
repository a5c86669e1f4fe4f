from terresante.care_team.models.accesses import AccessComplaint, FirstAccess
from terresante.care_team.models.choices import Consent
from terresante.care_team.models.circle import LASTING, CareTeamParticipant, NamedReader
from terresante.care_team.models.hand_over import HandOver, HandOverItem
from terresante.care_team.models.joining import CircleInvitation, JoinRequest
from terresante.care_team.models.limits import Limited, Restricted
from terresante.care_team.models.urgent import (
    EMERGENCY_LASTS,
    EXPLAIN_WITHIN,
    REVIEW_WITHIN,
    EmergencyAccess,
)

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
