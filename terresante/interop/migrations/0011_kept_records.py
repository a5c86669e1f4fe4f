"""Searches and candidates as if who has a kept record were not there; a record is one's own while its consent lasts.

Edits what stands, so that what these functions say besides stays.
"""

from django.db import migrations

SQL = """
CREATE FUNCTION edit_function(which text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := pg_get_functiondef(which::regproc);
BEGIN
    IF strpos(was, old) = 0 THEN
        RAISE EXCEPTION '% says no longer: %', which, old;
    END IF;
    EXECUTE replace(was, old, new);
END $$;
SELECT edit_function('search_patients', 'AND length(given_prefix) >= 2',
                     'AND length(given_prefix) >= 2 AND NOT kept_from_me(patient.id)');
SELECT edit_function('match_patients', 'WHERE app_kind() IN (''professional'', ''gateway'', ''job'')',
                     'WHERE app_kind() IN (''professional'', ''gateway'', ''job'') AND NOT kept_from_me(found.id)');
SELECT edit_function('emergency_identity', 'AND patient.id = goes_on(asked)',
                     'AND patient.id = goes_on(asked) AND NOT kept_from_me(patient.id)');
SELECT edit_function(which, 'own.suspended_at IS NULL',
                     'own.suspended_at IS NULL AND (own.expires_at IS NULL OR own.expires_at > now())')
FROM unnest(ARRAY['search_patients', 'surviving_identity']) AS listed (which);
DROP FUNCTION edit_function(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0010_dead_identities"), ("care_team", "0012_regime_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
