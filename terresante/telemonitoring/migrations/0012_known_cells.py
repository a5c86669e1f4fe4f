from django.db import migrations

KNOWN = """
UPDATE directory_organization SET has_cell = true
WHERE id IN (SELECT organization_id FROM telemonitoring_cell WHERE is_active)
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0011_outcomes"), ("directory", "0010_has_cell")]

    operations = [migrations.RunSQL(KNOWN, migrations.RunSQL.noop)]
