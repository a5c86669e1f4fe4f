from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from terresante.patients.enums import DelegationBasis


def patient_behind(user_id: UUID) -> tuple[UUID, str] | None:
    """(patient, name) of an account, before any actor exists: through the listed function of the same name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_id, name FROM patient_behind(%s)", [user_id])
        row = cursor.fetchone()
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
    """By the name of the person, before any actor exists: through the listed function of the same name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM delegations_behind(%s)", [user_id])
        return [
            Represented(relative, patient, named, own_name, DelegationBasis(basis), frozenset(scope))
            for relative, patient, named, own_name, basis, scope in cursor.fetchall()
        ]


def surviving_patient(patient_id: UUID) -> UUID:
    """The identity that goes on, itself when it was never merged. Called by a job or the identity desk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(surviving_patient(%s), %s)", [patient_id, patient_id])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]  # a uuid


def surviving_record(record_id: UUID) -> UUID | None:
    """Where a link to a merged identity's record leads, for who reaches it: bound to the kernel's port."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT surviving_record(%s)", [record_id])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]  # a uuid or NULL


def namesakes(patients: Iterable[UUID]) -> dict[UUID, str]:
    """Of these, those easily taken for somebody else, and the words that warn: homonyms, then twins."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM namesakes(%s::uuid[])", [list(patients)])
        found = cursor.fetchall()
    return {
        key: HOMONYM if is_homonym else _TWIN for key, is_homonym, is_twin in found if is_homonym or is_twin
    }


HOMONYM = "Homonyme : vérifiez la date de naissance"
_TWIN = "Même nom, né le même jour : vérifiez le prénom"
