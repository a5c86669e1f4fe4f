"""The word of a reason, which names nobody's sex."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("care_plans", "0004_plans_of_documents")]

    operations = [
        migrations.AlterField(
            model_name="inclusion",
            name="left_because",
            field=models.CharField(
                "raison",
                blank=True,
                choices=[
                    ("completed", "Parcours terminé"),
                    ("wish", "À la demande de la personne"),
                    ("moved", "Départ du territoire"),
                    ("not_eligible", "Ne remplit plus les critères"),
                    ("deceased", "Décès"),
                    ("mistake", "Inclusion par erreur"),
                    ("other", "Autre raison"),
                ],
                max_length=20,
            ),
        ),
    ]
