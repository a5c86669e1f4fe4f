"""The civility of a professional, for the words of his profession; with its columns in the tables of an import."""

from django.db import migrations, models

FILLED = ("directory_staging_activity", "directory_pending_practitioner")


def civility_in(table):
    """The last one, where the INSERT of an import, which lists no columns, puts it."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD COLUMN civility text NOT NULL DEFAULT ''",
        f"ALTER TABLE {table} DROP COLUMN civility",
    )


class Migration(migrations.Migration):
    dependencies = [("directory", "0007_account_history")]
    operations = [
        migrations.AddField(
            model_name="practitioner",
            name="civility",
            field=models.CharField(
                blank=True, choices=[("M", "Monsieur"), ("MME", "Madame")], default="", max_length=4
            ),
            preserve_default=False,
        ),
        *(civility_in(table) for table in FILLED),
    ]
