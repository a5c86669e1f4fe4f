"""Who set a threshold of one person, when, and what held before: read by professionals who read the follow-up, signed by
who set it, only added to.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import terresante.kernel.ids

WALLS = """
SELECT protect_patient_table('telemonitoring_thresholdchange');
REVOKE UPDATE, DELETE ON telemonitoring_thresholdchange FROM terresante_app;
CREATE POLICY of_follow_up ON telemonitoring_thresholdchange AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_kind()) = 'professional' AND EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_thresholdchange.patient_id));
CREATE POLICY own ON telemonitoring_thresholdchange AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'job' OR set_by_id = (SELECT app_user()));
-- A job steps over the follow-up's own policies: what it adds is of one person all the same.
CREATE POLICY of_its_person ON telemonitoring_thresholdchange AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM telemonitoring_followup AS whole WHERE whole.id = follow_up_id
                        AND whole.patient_id = telemonitoring_thresholdchange.patient_id));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("telemonitoring", "0017_due_limits"),
        ("patients", "0023_death_without_date"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ThresholdChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="seuil")),
                (
                    "before",
                    models.DecimalField(
                        decimal_places=9, max_digits=19, null=True, verbose_name="auparavant"
                    ),
                ),
                (
                    "after",
                    models.DecimalField(decimal_places=9, max_digits=19, null=True, verbose_name="désormais"),
                ),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="fixé le")),
                ("set_by_name", models.CharField(max_length=200, verbose_name="fixé par")),
                (
                    "follow_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="threshold_changes",
                        to="telemonitoring.followup",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "seuil fixé",
                "verbose_name_plural": "seuils fixés",
                "indexes": [
                    models.Index(fields=["follow_up", "set_at"], name="thresholds_of_follow_up"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(before=F("after")) & (Q(before__isnull=False) | Q(after__isnull=False)),
                        name="threshold_changes",
                    ),
                ],
            },
        ),
        migrations.RunSQL(WALLS, migrations.RunSQL.noop),
    ]
