from django.db import migrations

# The person writes no version of a line: her own declaration, that nobody has vouched for, is taken back by this alone.
TAKE_BACK = """
CREATE FUNCTION take_back_declaration(kind text, line uuid, said_by text, said_as text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    told regclass := CASE kind
        WHEN 'allergies' THEN 'health_record_allergyintolerance'::regclass
        WHEN 'directives' THEN 'health_record_caredirective'::regclass
        WHEN 'problemes' THEN 'health_record_condition'::regclass
        WHEN 'traitements' THEN 'health_record_medicationstatement'::regclass
        WHEN 'vaccinations' THEN 'health_record_immunization'::regclass
        WHEN 'mesures' THEN 'health_record_observation'::regclass END;
    newest uuid := gen_random_uuid();
    found bigint;
BEGIN
    IF told IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %s SET is_current = false WHERE id = $1 AND is_current AND patient_id = app_open_record()'
        ' AND patient_id = own_patient() AND origin = app_kind() AND author_id IS NULL'
        ' AND verification_status = ''unconfirmed''', told) USING line;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found = 0 THEN
        RETURN NULL;
    END IF;
    EXECUTE format('INSERT INTO %1$s SELECT (jsonb_populate_record(NULL::%1$s, to_jsonb(old) || jsonb_build_object('
        '''id'', $2, ''version'', old.version + 1, ''replaces_id'', old.id, ''is_current'', true,'
        ' ''verification_status'', ''entered-in-error'', ''recorded_at'', now(), ''author_name'', $3, ''author_role'', $4,'
        ' ''reason'', ''Retiré par qui l’avait déclaré.''))).* FROM %1$s AS old WHERE id = $1', told)
        USING line, newest, said_by, said_as;
    RETURN newest;
END $$;
ALTER FUNCTION take_back_declaration(text, uuid, text, text) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION take_back_declaration(text, uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_back_declaration(text, uuid, text, text) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("health_record", "0006_declarations")]

    operations = [migrations.RunSQL(TAKE_BACK, migrations.RunSQL.noop)]
