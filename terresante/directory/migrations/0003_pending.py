"""Unlogged tables that one import shapes like the directory (loading/apply.py), in the order of its SELECTs.

Temporary tables would need a right on the database that the application role does not have: with it, a connection
could hide a real table behind one of its own.
"""

from django.db import migrations

PLACE = (
    "id uuid, known boolean, source text, key text, finess text, annuaire_id text, legal_finess text, name text,"
    " search_name text, kind text, sector text, siret text, address text, postal_code text, commune_code text,"
    " commune_name text, phone text, email text, line integer, active boolean, closed_on date"
)
PENDING = {
    "directory_pending_practitioner": (
        "id uuid, source text, idnps text, rpps text, adeli text, family_name text, given_name text, title text,"
        " profession text, specialty text, specialty_label text, search_name text, active boolean,"
        " struck_off_on date"
    ),
    "directory_pending_finess": (
        "id uuid, source text, finess text, legal_finess text, name text, short_name text, search_name text,"
        " kind text, is_psychiatric boolean, siret text, address text, postal_code text, commune_code text,"
        " commune_name text, phone text, is_legal_entity boolean, active boolean, closed_on date"
    ),
    "directory_pending_place": PLACE,
    "directory_pending_annuaire": PLACE,
    "directory_pending_role": (
        "id uuid, source text, practitioner_id uuid, organization_id uuid, profession text, function text,"
        " function_label text, mode text, phone text, email text, source_key text, period_start date,"
        " period_end date"
    ),
}


def create(table):
    return migrations.RunSQL(f"CREATE UNLOGGED TABLE {table} ({PENDING[table]})", f"DROP TABLE {table}")


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_staging")]
    operations = [create(table) for table in PENDING]
