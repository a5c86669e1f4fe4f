from terresante.patients.models.desk import (
    IdentityChange,
    IdentityMerge,
    InsiCall,
    LinkRequest,
    MergedRow,
    PotentialDuplicate,
)
from terresante.patients.models.identity import IdentityDomain, Patient, PatientAccount, SourceIdentity
from terresante.patients.models.record import CareRecord, Delegation, RelatedPerson

__all__ = [
    "CareRecord",
    "Delegation",
    "IdentityChange",
    "IdentityDomain",
    "IdentityMerge",
    "InsiCall",
    "LinkRequest",
    "MergedRow",
    "Patient",
    "PatientAccount",
    "PotentialDuplicate",
    "RelatedPerson",
    "SourceIdentity",
]
