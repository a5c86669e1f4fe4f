from uuid import UUID

from django.db import connection


def patient_behind(user_id: UUID) -> tuple[UUID, str] | None:
    """(patient, name) of an account, before any actor exists: through the listed function of the same name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_id, name FROM patient_behind(%s)", [user_id])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None
