"""What is added to an inclusion is of its person, and of its programme: functions of project leads read it by its key."""

from django.db import migrations

SQL = """
CREATE POLICY of_its_person ON care_plans_plannedstep AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM care_plans_inclusion AS own
                        WHERE own.id = inclusion_id AND own.patient_id = care_plans_plannedstep.patient_id));
CREATE POLICY of_its_person ON care_plans_pathwaychange AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM care_plans_inclusion AS own
                        WHERE own.id = inclusion_id AND own.patient_id = care_plans_pathwaychange.patient_id));
CREATE POLICY of_its_person ON care_plans_billablesequence AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM care_plans_inclusion AS own
                        WHERE own.id = inclusion_id AND own.patient_id = care_plans_billablesequence.patient_id
                          AND own.programme_id = care_plans_billablesequence.programme_id));
"""


class Migration(migrations.Migration):
    dependencies = [("care_plans", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
