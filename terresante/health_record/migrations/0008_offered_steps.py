from django.db import migrations, models

# The plan that a document says is of its person, and begun by who reads it: the policies of its own table answer.
OF_ITS_DOCUMENT = """
CREATE POLICY of_its_document ON care_plans_inclusion AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (source_id IS NULL OR EXISTS (SELECT 1 FROM documents_documentreference AS document
        WHERE document.id = source_id AND document.patient_id = care_plans_inclusion.patient_id));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("health_record", "0007_take_back"),
        ("care_plans", "0004_plans_of_documents"),
        ("documents", "0008_received_types"),
    ]

    operations = [
        migrations.AlterField(
            model_name="offeredline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("allergies", "Allergie"),
                    ("traitements", "Traitement"),
                    ("problemes", "Problème de santé"),
                    ("vaccinations", "Vaccination"),
                    ("etapes", "Étape d’un plan de soins"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(OF_ITS_DOCUMENT, migrations.RunSQL.noop),
    ]
