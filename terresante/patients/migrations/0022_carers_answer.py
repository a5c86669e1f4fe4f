import django.contrib.postgres.fields
from django.db import migrations, models

SCOPES = [
    ("care", "Les notes de soins"),
    ("coordination", "Les notes de coordination"),
    ("stay", "Les séjours à l’hôpital"),
    ("answers", "Répondre aux questionnaires du suivi à domicile, sans rien en lire"),
]


class Migration(migrations.Migration):
    dependencies = [("patients", "0010_kept_records")]

    operations = [
        migrations.AlterField(
            "delegation",
            "scope",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=SCOPES, max_length=20), default=list, size=None
            ),
        ),
        migrations.RemoveConstraint("delegation", "scope_is_known"),
        migrations.AddConstraint(
            "delegation",
            models.CheckConstraint(
                condition=models.Q(scope__contained_by=["care", "coordination", "stay", "answers"]),
                name="scope_is_known",
            ),
        ),
    ]
