"""Unlogged tables that one import fills and empties (loading/staging.py). Columns are those of its records."""

from django.db import migrations

KEYS = {
    "directory_staging_activity": ("practitioner_id", "organization_id", "role_id"),
    "directory_staging_skill": (),
    "directory_staging_finess": ("organization_id",),
}
TEXTS = {
    "directory_staging_activity": (
        "idnps rpps adeli family_name given_name title search_name profession specialty specialty_label mode"
        " function function_label activity_kind annuaire_id finess legal_finess siret organization_name"
        " organization_search_name organization_kind sector address postal_code commune_code commune_name"
        " phone email"
    ).split(),
    "directory_staging_skill": "idnps specialty specialty_label".split(),
    "directory_staging_finess": (
        "finess legal_finess name short_name search_name kind siret address postal_code commune_code"
        " commune_name phone"
    ).split(),
}
BOOLEANS = {"directory_staging_finess": ("is_legal_entity", "is_psychiatric")}


def create(table):
    columns = [
        "import_id uuid NOT NULL",
        *(f"{name} uuid NOT NULL" for name in KEYS[table]),
        "line integer NOT NULL",
        *(f"{name} boolean NOT NULL" for name in BOOLEANS.get(table, ())),
        *(f"{name} text NOT NULL" for name in TEXTS[table]),
    ]
    return migrations.RunSQL(f"CREATE UNLOGGED TABLE {table} ({', '.join(columns)})", f"DROP TABLE {table}")


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]
    operations = [create(table) for table in KEYS]
