from django.db import migrations, models

_GRANT = "GRANT UPDATE (changed_at) ON documents_documentreference TO terresante_app;"


class Migration(migrations.Migration):
    dependencies = [("documents", "0006_sent_names")]

    operations = [
        migrations.AddField(
            model_name="documentreference",
            name="metadata",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="documentreference",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(_GRANT, migrations.RunSQL.noop),
    ]
