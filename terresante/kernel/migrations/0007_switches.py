"""Settings that an administrator changes: every value is a new row, and the rows have the order of their commits.

Whoever has seen `number` n has seen every change up to n: processes compare one number to know that nothing changed.
"""

from django.db import migrations, models

import terresante.kernel.ids

WALLS = """
CREATE FUNCTION number_switch_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT app_has_duty('administrator') THEN
        RAISE insufficient_privilege USING MESSAGE = 'only an administrator changes a switch';
    END IF;
    -- Two changes wait for each other until the first has committed: a lower number never appears after a higher one.
    PERFORM pg_advisory_xact_lock(hashtext('kernel_switchchange'));
    NEW.number := (SELECT coalesce(max(number), 0) + 1 FROM kernel_switchchange);
    NEW.user_id := app_user();
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION number_switch_change() FROM PUBLIC, terresante_app;
CREATE TRIGGER number_switch_change BEFORE INSERT ON kernel_switchchange
    FOR EACH ROW EXECUTE FUNCTION number_switch_change();
REVOKE UPDATE, DELETE, TRUNCATE ON kernel_switchchange FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0006_queued_once")]

    operations = [
        migrations.CreateModel(
            name="SwitchChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("code", models.CharField(max_length=60)),
                ("value", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=300, verbose_name="motif")),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("user_id", models.UUIDField(null=True)),
                ("by_name", models.CharField(max_length=200)),
                ("organization_name", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "changement d’un réglage",
                "indexes": [models.Index(fields=["code", "-number"], name="changes_of_switch")],
            },
        ),
        migrations.RunSQL(WALLS, migrations.RunSQL.noop),
    ]
