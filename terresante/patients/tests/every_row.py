"""Every row of the database, and those of one person: what a merge moves, and gives back."""

from django.db import connection

from terresante.patients.models import Patient
from tests.walls import walls_down

# What a merge adds by itself, and what is only added to.
NOT_COMPARED = {
    *("kernel_auditentry", "kernel_outboxevent", "kernel_auditseal"),
    *("patients_identitymerge", "patients_mergedrow", "django_session"),
}


def everything() -> dict[str, list[str]]:
    """Every row of every table, as text: what un-merging must give back to the letter."""
    with walls_down(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall() if name not in NOT_COMPARED]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t ORDER BY 1')  # noqa: S608 -- our own name
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def rows_of(patient: Patient) -> dict[str, int]:
    """How many rows each table has of this person, empty ones aside."""
    with walls_down(), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM merged_tables()")
        counts = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE patient_id = %s', [patient.pk])  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return {table: count for table, count in counts.items() if count}
