"""A setting as row policies read it: the last value given, else what they say the default is."""

from django.db import migrations

SQL = """
CREATE FUNCTION app_switch(asked text, otherwise text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT value FROM kernel_switchchange WHERE code = asked ORDER BY number DESC LIMIT 1), otherwise)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0007_switches")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
