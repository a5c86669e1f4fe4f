from django.db import migrations

# Lists of documents are their patient's; nobody rewrites what was sent. Whose a document is, its name tells to the
# structure that sent it alone: it corrects it without naming the person again.
SQL = """
SELECT protect_patient_table('interop_documentlist');
REVOKE UPDATE, DELETE ON interop_documentlist FROM terresante_app;

CREATE FUNCTION sent_document_patient(asked_key uuid, asked_names text[]) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sent.patient_id FROM documents_documentreference AS sent
    WHERE app_kind() = 'gateway' AND sent.organization_id = app_organization()
      AND sent.author_id IS NULL AND sent.sender_identifier <> ''
      AND CASE WHEN asked_key IS NULL THEN sent.sender_identifier = ANY (asked_names)
               ELSE sent.id = asked_key END
    ORDER BY sent.recorded_at DESC LIMIT 1
$$;
ALTER FUNCTION sent_document_patient(uuid, text[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION sent_document_patient(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sent_document_patient(uuid, text[]) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interop", "0013_fhir"),
        ("care_team", "0018_hand_over"),
        ("documents", "0006_sent_names"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
