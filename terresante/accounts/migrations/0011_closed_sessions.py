import django.utils.timezone
from django.db import migrations, models

import terresante.kernel.ids

# Whatever closes it: its owner, another browser of his, a password that changes, an administrator. Old age does not.
SQL = """
CREATE FUNCTION remember_closed_session() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO accounts_closedsession (id, handle, closed_at) VALUES (gen_random_uuid(), OLD.handle, now())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION remember_closed_session() FROM PUBLIC, terresante_app;
CREATE TRIGGER closed AFTER DELETE ON accounts_session FOR EACH ROW
    WHEN (OLD.user_id IS NOT NULL AND OLD.expire_date > now()) EXECUTE FUNCTION remember_closed_session();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_administration")]

    operations = [
        migrations.CreateModel(
            "ClosedSession",
            [
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("handle", models.UUIDField(unique=True)),
                ("closed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"verbose_name": "session fermée"},
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
