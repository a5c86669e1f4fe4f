"""The plan of care that a received document says: an inclusion without a programme, which names its document."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("care_plans", "0003_of_their_person")]

    operations = [
        migrations.AlterField(
            model_name="inclusion",
            name="programme",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="inclusions",
                to="care_plans.programme",
            ),
        ),
        migrations.AlterField(
            model_name="inclusion",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="inclusions",
                to="care_plans.programmeversion",
            ),
        ),
        migrations.AddField(
            model_name="inclusion",
            name="source_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="inclusion",
            name="plan_title",
            field=models.CharField(blank=True, db_default="", default="", max_length=160),
        ),
        migrations.AlterField(
            model_name="pathwaychange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("included", "Inclusion"),
                    ("done", "Étape faite"),
                    ("moved", "Échéance déplacée"),
                    ("not_needed", "Étape non nécessaire"),
                    ("reopened", "Étape remise à faire"),
                    ("assigned", "Étape confiée"),
                    ("added", "Étape ajoutée"),
                    ("left", "Sortie du parcours"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="inclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("plan_title", ""),
                    ("programme__isnull", False),
                    ("source_id__isnull", True),
                    ("version__isnull", False),
                )
                | models.Q(
                    ("programme__isnull", True),
                    ("source_id__isnull", False),
                    ("version__isnull", True),
                    models.Q(("plan_title", ""), _negated=True),
                ),
                name="inclusion_of_a_programme_or_a_document",
            ),
        ),
    ]
