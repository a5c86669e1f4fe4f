"""The non-shared record of a support structure: nobody outside it finds it, nor the identity it was made for."""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
-- True for a person whose only record is kept by a structure that the caller does not act for.
CREATE FUNCTION kept_from_me(asked uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM patients_carerecord AS kept WHERE kept.patient_id = asked
                   AND kept.kept_by_id IS NOT NULL AND kept.kept_by_id IS DISTINCT FROM app_organization())
$$;
REVOKE ALL ON FUNCTION kept_from_me(uuid) FROM PUBLIC, terresante_app;
GRANT EXECUTE ON FUNCTION kept_from_me(uuid) TO terresante_definer;
"""

# One condition more in functions that other migrations may have changed since: theirs stays.
EDITED = """
CREATE FUNCTION edit_function(which text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := pg_get_functiondef(which::regproc);
BEGIN
    IF strpos(was, old) = 0 THEN
        RAISE EXCEPTION '% says no longer: %', which, old;
    END IF;
    EXECUTE replace(was, old, new);
END $$;
SELECT edit_function('likely_same', 'AND found.id IS DISTINCT FROM apart',
                             'AND found.id IS DISTINCT FROM apart AND NOT kept_from_me(found.id)');
SELECT edit_function('identities_changed_since', 'AND merged_into_id IS NULL',
                             'AND merged_into_id IS NULL AND NOT kept_from_me(id)');
SELECT edit_function('namesakes', 'other.merged_into_id IS NULL',
                             'other.merged_into_id IS NULL AND NOT kept_from_me(other.id)');
DROP FUNCTION edit_function(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial"), ("patients", "0021_link_requests_walls"), ("kernel", "0002_trail_and_outbox")]

    operations = [
        migrations.AddField(
            model_name="carerecord",
            name="kept_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="kept_records",
                to="directory.organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kept_by__isnull", True),
                    models.Q(("is_shared", False), ("kept_by", models.F("holder"))),
                    _connector="OR",
                ),
                name="kept_by_its_holder_until_shared",
            ),
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(EDITED, migrations.RunSQL.noop),
    ]
