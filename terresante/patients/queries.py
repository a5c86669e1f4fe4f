from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils import timezone

from terresante.kernel import sql
from terresante.kernel.ui import wording
from terresante.patients.enums import DelegationBasis
from terresante.patients.identity_rules import travels
from terresante.patients.models import CareRecord, Patient


@dataclass(frozen=True, slots=True)
class Matricule:
    """An INS and the OID of its authority, as it goes with data."""

    value: str
    oid: str


def matricule_for_exchange(patient: Patient) -> Matricule | None:
    """What may leave the platform with data about this person (INTEROP.md 2): that of a living qualified identity.

    Everything that speaks to another system, a printed page or an export asks here; None: the exchange goes without.
    """
    if not patient.ins or not travels(patient.identity_status) or patient.merged_into_id is not None:
        return None
    return Matricule(patient.ins, patient.ins_oid)


def patient_behind(user_id: UUID) -> tuple[UUID, str] | None:
    """(patient, name) of an account, before any actor exists: through the listed function of the same name."""
    row = sql.row("SELECT patient_id, name FROM patient_behind(%s)", user_id)
    return (row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class Represented:
    """Somebody for whom an account may act now: `related_person_id` names in whose shoes."""

    related_person_id: UUID
    patient_id: UUID
    patient_name: str
    relative_name: str
    basis: DelegationBasis
    scope: frozenset[str]


def delegations_behind(user_id: UUID) -> list[Represented]:
    """Ordered by the name of the person. Asked before any actor exists, through the listed function of that name."""
    return [
        Represented(relative, patient, named, own_name, DelegationBasis(basis), frozenset(scope))
        for relative, patient, named, own_name, basis, scope in sql.rows(
            "SELECT * FROM delegations_behind(%s)", user_id
        )
    ]


def surviving_patient(patient_id: UUID) -> UUID:
    """The identity that goes on, itself when it was never merged. Called by a job or the identity desk."""
    return sql.value("SELECT coalesce(surviving_patient(%s), %s)", patient_id, patient_id)  # type: ignore[no-any-return]  # a uuid


def surviving_record(record_id: UUID) -> UUID | None:
    """Where a link to a merged identity's record leads, for who reaches it: bound to the kernel's port."""
    return sql.value("SELECT surviving_record(%s)", record_id)  # type: ignore[no-any-return]  # a uuid or NULL


def record_of(patient_id: UUID) -> UUID | None:
    """The record of an identity, for who reaches it: its row policy says."""
    return CareRecord.objects.filter(patient_id=patient_id).values_list("pk", flat=True).first()


def surviving_identity(patient_id: UUID) -> UUID | None:
    """Where the page of a merged identity leads, for the desk and whoever reaches the one that goes on."""
    return sql.value("SELECT surviving_identity(%s)", patient_id)  # type: ignore[no-any-return]  # a uuid or NULL


def has_died(patient: Patient) -> bool:
    """With its date, or told without it (HL7 v2.5: PID-30 may stand without PID-29)."""
    return patient.is_deceased or patient.deceased_on is not None


def says_cleared_death(patient: Patient, *, deceased_on: date | None, is_deceased: bool) -> bool:
    """Whether what is announced may be the death that the desk cleared: one dated since is another."""
    if patient.said_alive_on is None or not is_deceased:
        return False
    return deceased_on is None or deceased_on < patient.said_alive_on


def age_said(patient: Patient) -> str:
    """Today, or at the day of the death; nothing when that day is unknown."""
    day = patient.deceased_on or (None if patient.is_deceased else timezone.localdate())
    return wording.age(patient.birth_date, today=day) if day else ""


def namesakes(patients: Iterable[UUID]) -> dict[UUID, str]:
    """Of these, those easily taken for somebody else, and the words that warn: homonyms, then twins.

    Wherever a patient is chosen; a hundred at most, for professionals.
    """
    asked = list(patients)
    if not asked:
        return {}
    found = sql.rows("SELECT * FROM namesakes(%s::uuid[])", asked)
    return {
        key: HOMONYM if is_homonym else _TWIN for key, is_homonym, is_twin in found if is_homonym or is_twin
    }


HOMONYM = "Homonyme : vérifiez la date de naissance"
_TWIN = "Même nom, né le même jour : vérifiez le prénom"
