from django.db import migrations, models

import terresante.kernel.ids

# Erasing a row destroys the key of its file, and the file with it: no page does it. Who seals the keys again neither.
WALLS = """
CREATE FUNCTION keep_stored_file() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'job' AND (TG_OP = 'DELETE' OR NEW.sealed_key <> OLD.sealed_key
       OR NEW.name <> OLD.name OR OLD.kept_at IS NOT NULL) THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied: only a job erases a stored file or seals its key again';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
REVOKE ALL ON FUNCTION keep_stored_file() FROM PUBLIC, terresante_app;
CREATE TRIGGER keep_stored_file BEFORE UPDATE OR DELETE ON kernel_storedfile
    FOR EACH ROW EXECUTE FUNCTION keep_stored_file();
REVOKE TRUNCATE ON kernel_storedfile FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0009_french_words")]

    operations = [
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("sealed_key", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kept_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "fichier conservé",
                "indexes": [
                    models.Index(
                        fields=["created_at"], condition=models.Q(("kept_at", None)), name="files_not_kept"
                    )
                ],
            },
        ),
        migrations.RunSQL(WALLS, migrations.RunSQL.noop),
    ]
