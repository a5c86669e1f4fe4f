from django.db import migrations, models
from django.db.models import Q

# As of documents: by who sent it, with its stay, and no other limit. With a document, that one is kept.
SQL = """
GRANT UPDATE (private_to_id, is_kept_with_stay) ON results_diagnosticreport TO terresante_app;
CREATE FUNCTION keep_report_with_stay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'gateway' OR OLD.organization_id IS DISTINCT FROM app_organization()
       OR OLD.document_id IS NOT NULL OR OLD.visit_number = ''
       OR (OLD.private_to_id IS NOT NULL AND NOT OLD.is_kept_with_stay)
       OR NEW.private_to_id IS DISTINCT FROM (CASE WHEN NEW.is_kept_with_stay THEN OLD.organization_id END)
    THEN
        RAISE EXCEPTION 'permission denied: a report is kept with its stay by who sent it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_report_with_stay() FROM PUBLIC, terresante_app;
CREATE TRIGGER kept_with_stay BEFORE UPDATE ON results_diagnosticreport FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND (OLD.private_to_id, OLD.is_kept_with_stay)
          IS DISTINCT FROM (NEW.private_to_id, NEW.is_kept_with_stay))
    EXECUTE FUNCTION keep_report_with_stay();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("results", "0003_earlier"),
        ("documents", "0009_of_a_stay"),
        ("care_team", "0021_patients_hand_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="diagnosticreport",
            name="visit_number",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=120, verbose_name="numéro de venue"
            ),
        ),
        migrations.AddField(
            model_name="diagnosticreport",
            name="is_kept_with_stay",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="diagnosticreport",
            constraint=models.CheckConstraint(
                condition=Q(is_kept_with_stay=False)
                | Q(private_to__isnull=False, document=None) & ~Q(visit_number=""),
                name="report_is_kept_with_its_stay",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
