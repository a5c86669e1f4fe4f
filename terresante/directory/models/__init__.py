from terresante.directory.models.delegations import Delegation
from terresante.directory.models.imports import DirectoryImport, DirectoryImportRejection
from terresante.directory.models.published import (
    Organization,
    Place,
    Practitioner,
    PractitionerRole,
    Unit,
)
from terresante.directory.models.registration import Registration
from terresante.directory.models.support import SupportRequest

__all__ = [
    "Delegation",
    "DirectoryImport",
    "DirectoryImportRejection",
    "Organization",
    "Place",
    "Practitioner",
    "PractitionerRole",
    "Registration",
    "SupportRequest",
    "Unit",
]
