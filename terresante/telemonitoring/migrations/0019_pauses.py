"""A follow-up that is suspended says since when, by whom, why and until when; it goes on by itself that day. The link of who
answers opens on it: he reads there that it is suspended.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

LINK = """
CREATE OR REPLACE FUNCTION open_answer_link(link uuid, code text)
RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE held telemonitoring_answerlink;
BEGIN
    SELECT * INTO held FROM telemonitoring_answerlink
    WHERE id = link AND revoked_at IS NULL AND expires_at > now() AND tries < 5 FOR UPDATE;
    IF held.id IS NULL THEN RETURN; END IF;
    -- Of a NULL, « different » is unknown: it is a wrong code like another.
    IF held.code_hash IS DISTINCT FROM code THEN
        UPDATE telemonitoring_answerlink SET tries = tries + 1 WHERE id = link;
        RETURN;
    END IF;
    UPDATE telemonitoring_answerlink SET tries = 0, last_used_at = now() WHERE id = link;
    RETURN QUERY SELECT whole.id, whole.patient_id, whole.record_id FROM telemonitoring_followup AS whole
                 WHERE whole.id = held.follow_up_id AND whole.patient_id = held.patient_id AND whole.state <> 'ended';
END $$;

-- What was opened is still open: not revoked since, nor past its date, nor of a follow-up that ended.
CREATE OR REPLACE FUNCTION answer_link_holds(link uuid)
RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT whole.id, whole.patient_id, whole.record_id
    FROM telemonitoring_answerlink AS one JOIN telemonitoring_followup AS whole
        ON whole.id = one.follow_up_id AND whole.patient_id = one.patient_id
    WHERE one.id = link AND one.revoked_at IS NULL AND one.expires_at > now() AND whole.state <> 'ended'
$$;
"""

RESUMING = """
-- Suspended until a day that has come: asked of every patient at once, by jobs only.
CREATE FUNCTION follow_ups_resuming(day date, most integer) RETURNS TABLE (follow_up_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, patient_id FROM telemonitoring_followup
    WHERE app_kind() = 'job' AND state = 'suspended' AND resumes_on <= day ORDER BY resumes_on, id LIMIT most
$$;
ALTER FUNCTION follow_ups_resuming(date, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION follow_ups_resuming(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_ups_resuming(date, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0018_threshold_changes")]

    operations = [
        migrations.AddField(
            "followup", "suspended_at", models.DateTimeField("suspendu le", blank=True, null=True)
        ),
        migrations.AddField(
            "followup",
            "suspended_by_name",
            models.CharField("suspendu par", blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            "followup",
            "suspend_words",
            models.CharField("pourquoi", blank=True, default="", max_length=300),
        ),
        migrations.AddField("followup", "resumes_on", models.DateField("reprend le", blank=True, null=True)),
        AddConstraintNotValid(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=Q(state="suspended") | Q(suspended_at=None, resumes_on=None),
                name="only_what_is_suspended_resumes",
            ),
        ),
        migrations.AddIndex(
            "followup",
            models.Index(
                condition=Q(resumes_on__isnull=False), fields=["resumes_on"], name="follow_ups_resuming"
            ),
        ),
        migrations.RunSQL(LINK, migrations.RunSQL.noop),
        migrations.RunSQL(RESUMING, migrations.RunSQL.noop),
    ]
