from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q

# Wall 2: who writes identities in a circle clears no death, nor says that one was.
SQL = """
CREATE FUNCTION keep_death() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT app_has_duty('identity_officer') THEN
        RAISE EXCEPTION 'permission denied: a death is cleared by the identity desk'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_death() FROM PUBLIC, terresante_app;
CREATE TRIGGER death_is_cleared_by_the_desk BEFORE UPDATE OF deceased_on, is_deceased, said_alive_on ON patients_patient
    FOR EACH ROW WHEN (current_user = 'terresante_app' AND (
        OLD.said_alive_on IS DISTINCT FROM NEW.said_alive_on
        OR (OLD.is_deceased OR OLD.deceased_on IS NOT NULL) AND NOT (NEW.is_deceased OR NEW.deceased_on IS NOT NULL)))
    EXECUTE FUNCTION keep_death();
"""
KINDS = [
    ("retrieved", "Identité reprise du téléservice INSi"),
    ("verified", "Identité vérifiée auprès d’INSi"),
    ("denied", "Matricule retiré : INSi ne le confirme pas"),
    ("proven", "Pièce d’identité contrôlée"),
    ("corrected", "Traits corrigés"),
    ("flagged", "Attributs modifiés"),
    ("alive", "Décès effacé : noté par erreur"),
    ("death", "Décès confirmé, après avoir été effacé"),
]


class Migration(migrations.Migration):
    dependencies = [("patients", "0023_death_without_date"), ("kernel", "0002_trail_and_outbox")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="said_alive_on",
            field=models.DateField(blank=True, null=True, verbose_name="dite vivante le"),
        ),
        AddConstraintNotValid(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=Q(said_alive_on=None)
                | Q(is_deceased=False) & (Q(deceased_on=None) | Q(deceased_on__gte=F("said_alive_on"))),
                name="cleared_death_is_noted_no_more",
            ),
        ),
        migrations.AlterField(
            model_name="identitychange",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
