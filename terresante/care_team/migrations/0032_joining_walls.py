"""Second wall of requests and invitations: neither reaches a record; each is answered by a function or by the circle."""

from django.db import migrations

POLICIES = """
SELECT protect_patient_table('care_team_joinrequest');
SELECT protect_patient_table('care_team_circleinvitation');
-- Who asked reads his own request, and nothing more of the patient; that of a sector is known to him too.
CREATE POLICY own ON care_team_joinrequest FOR SELECT TO terresante_app USING (
    (SELECT app_kind()) = 'professional' AND practitioner_id = (SELECT app_person()));
DROP POLICY restricted ON care_team_joinrequest;
CREATE POLICY restricted ON care_team_joinrequest AS RESTRICTIVE FOR ALL TO terresante_app USING (
    sector = '' OR (SELECT app_kind()) = 'professional' AND practitioner_id = (SELECT app_person())
    OR knows_restricted(patient_id, sector, restricted_to_id));
-- He knows of whom he invited, whatever the sector.
DROP POLICY restricted ON care_team_circleinvitation;
CREATE POLICY restricted ON care_team_circleinvitation AS RESTRICTIVE FOR ALL TO terresante_app USING (
    sector = '' OR (SELECT app_kind()) = 'professional' AND invited_by_id = (SELECT app_person())
    OR knows_restricted(patient_id, sector, restricted_to_id));
REVOKE INSERT, UPDATE, DELETE ON care_team_joinrequest FROM terresante_app;
GRANT UPDATE (state, answer, answered_at) ON care_team_joinrequest TO terresante_app;
REVOKE UPDATE, DELETE ON care_team_circleinvitation FROM terresante_app;
GRANT UPDATE (withdrawn_at) ON care_team_circleinvitation TO terresante_app;
-- Somebody's own invitations: nobody signs that of another.
CREATE POLICY signs ON care_team_circleinvitation AS RESTRICTIVE FOR INSERT TO terresante_app WITH CHECK (
    (SELECT app_kind()) = 'professional' AND invited_by_id = (SELECT app_person()) AND used_at IS NULL
    AND organization_id = (SELECT app_organization()));
"""

REQUESTS = """
-- What keeps a request from view is what will keep the member from view. A part of the two doors below.
CREATE FUNCTION write_join_request(key uuid, asked uuid, why text, words text, invited boolean) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE care_team_joinrequest SET state = 'expired', answered_at = expires_at
    WHERE patient_id = asked AND practitioner_id = app_person() AND state = 'asked' AND expires_at <= now();
    INSERT INTO care_team_joinrequest
        (id, patient_id, record_id, practitioner_id, organization_id, reason, words, is_invited, asked_at, expires_at,
         state, answer, sector, restricted_to_id)
    SELECT key, asked, record.id, app_person(), app_organization(), why, left(words, 300), invited, now(),
           now() + interval '30 days', 'asked', '', secret.kept, secret.place
    FROM patients_carerecord AS record, secret_of_person(app_person()) AS secret WHERE record.patient_id = asked;
END $$;

-- Somebody at work, in his own name: neither a support agent, nor a secretary for her physician.
CREATE FUNCTION may_come_in() RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT app_kind() = 'professional' AND app_organization() IS NOT NULL AND app_principal() IS NULL
       AND NOT app_has_duty('support_agent') AND EXISTS (
        SELECT 1 FROM directory_practitioner AS person
        JOIN directory_practitionerrole AS role ON role.practitioner_id = person.id
        WHERE person.id = app_person() AND person.active AND role.organization_id = app_organization()
          AND role.period_start <= current_date AND (role.period_end IS NULL OR role.period_end > current_date))
$$;

-- 'asked'; 'refused' (nobody who may ask), 'member', 'waiting', 'too_soon', 'often'; NULL: no record for the caller to
-- know of. The same answer whoever is in the circle, and whether or not the patient closed it.
CREATE FUNCTION ask_to_join(key uuid, asked uuid, why text, words text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT may_come_in() THEN
        RETURN 'refused';
    END IF;
    PERFORM 1 FROM directory_practitioner WHERE id = app_person() FOR UPDATE;
    IF NOT EXISTS (SELECT 1 FROM patients_carerecord AS record JOIN patients_patient AS patient ON patient.id = asked
                   WHERE record.patient_id = asked AND record.kept_by_id IS NULL AND patient.merged_into_id IS NULL) THEN
        RETURN NULL;
    END IF;
    IF professional_basis(asked) IN ('member', 'structure') THEN
        RETURN 'member';
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_joinrequest WHERE patient_id = asked AND practitioner_id = app_person()
               AND state = 'asked' AND expires_at > now()) THEN
        RETURN 'waiting';
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_joinrequest WHERE patient_id = asked AND practitioner_id = app_person()
               AND state = 'refused' AND answered_at > now() - interval '30 days') THEN
        RETURN 'too_soon';
    END IF;
    IF (SELECT count(*) FROM care_team_joinrequest WHERE practitioner_id = app_person() AND NOT is_invited
        AND asked_at > now() - interval '24 hours') >= 10 THEN
        RETURN 'often';
    END IF;
    PERFORM write_join_request(key, asked, why, words, false);
    RETURN 'asked';
END $$;

CREATE FUNCTION withdraw_join_request(asked uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE care_team_joinrequest SET state = 'withdrawn', answered_at = now()
    WHERE id = asked AND state = 'asked' AND app_kind() = 'professional' AND practitioner_id = app_person();
    RETURN FOUND;
END $$;

-- Whom one asked to follow: the identity that the search had shown, and whether one reaches the record since.
CREATE FUNCTION join_request_persons()
RETURNS TABLE (request_id uuid, given_name text, name text, sex text, birth_date date, reached uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT own.id, coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name),
           coalesce(nullif(patient.used_name, ''), patient.birth_name), patient.sex, patient.birth_date,
           CASE WHEN professional_basis(own.patient_id) IN ('member', 'structure') THEN own.record_id END
    FROM care_team_joinrequest AS own JOIN patients_patient AS patient ON patient.id = own.patient_id
    WHERE app_kind() = 'professional' AND own.practitioner_id = app_person()
      AND own.asked_at > now() - interval '90 days' AND NOT kept_from_me(own.patient_id)
    ORDER BY own.asked_at DESC, own.id LIMIT 100
$$;

-- The patient, or who represents him by law: 'accepted', 'refused'; what `patient_adds` said; 'gone'.
CREATE FUNCTION patient_answers_request(
    asked uuid, accepts boolean, said text, participant uuid, consent uuid, who text, proved text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine uuid := own_patient();
    request care_team_joinrequest;
    added text;
BEGIN
    SELECT * INTO request FROM care_team_joinrequest
    WHERE id = asked AND patient_id = mine AND state = 'asked' AND expires_at > now() FOR UPDATE;
    IF request.id IS NULL OR NOT knows_restricted(mine, request.sector, request.restricted_to_id) THEN
        RETURN 'gone';
    END IF;
    IF accepts THEN
        added := patient_adds(participant, consent, request.practitioner_id, who, proved);
        IF added IS DISTINCT FROM 'done' AND added IS DISTINCT FROM 'member' THEN
            RETURN coalesce(added, 'gone');
        END IF;
        UPDATE care_team_careteamparticipant SET reason = request.reason, reason_words = request.words
        WHERE id = participant;
    END IF;
    UPDATE care_team_joinrequest SET state = CASE WHEN accepts THEN 'accepted' ELSE 'refused' END,
           answer = left(said, 300), answered_at = now() WHERE id = asked;
    RETURN CASE WHEN accepts THEN 'accepted' ELSE 'refused' END;
END $$;
"""

INVITATIONS = """
-- Those sent to one's own address, and the one whose link one holds. By its link alone, it does not say whose record.
CREATE FUNCTION my_circle_invitations(link text)
RETURNS TABLE (invitation_id uuid, invited_by_name text, place text, reason text, words text, joins boolean,
               expires_at timestamptz, given_name text, name text, birth_date date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sent.id, sent.invited_by_name, place.name, sent.reason, CASE WHEN mine.is_hers THEN sent.words ELSE '' END,
           sent.joins AND mine.is_hers, sent.expires_at,
           CASE WHEN mine.is_hers THEN coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name) END,
           CASE WHEN mine.is_hers THEN coalesce(nullif(patient.used_name, ''), patient.birth_name) END,
           CASE WHEN mine.is_hers THEN patient.birth_date END
    FROM care_team_circleinvitation AS sent
    JOIN patients_patient AS patient ON patient.id = sent.patient_id
    JOIN directory_organization AS place ON place.id = sent.organization_id,
    LATERAL (SELECT EXISTS (SELECT 1 FROM accounts_user AS account WHERE account.id = app_user() AND account.is_active
                            AND lower(account.email) = lower(sent.email)) AS is_hers) AS mine
    WHERE may_come_in() AND (mine.is_hers OR sent.token_hash = link)
      AND sent.used_at IS NULL AND sent.withdrawn_at IS NULL AND sent.expires_at > now()
    ORDER BY sent.invited_at DESC, sent.id LIMIT 50
$$;

-- 'joined', 'asked' (the circle has a request to answer), 'refused', 'gone'. It lets in at once only who was invited so,
-- by that address and in that profession, while who invited him is in the circle and the circle may grow.
CREATE FUNCTION answer_circle_invitation(asked uuid, link text, accepts boolean, participant uuid, request uuid)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    sent care_team_circleinvitation;
    own patients_carerecord;
    is_hers boolean;
BEGIN
    IF NOT may_come_in() THEN
        RETURN 'gone';
    END IF;
    SELECT * INTO sent FROM care_team_circleinvitation WHERE id = asked FOR UPDATE;
    is_hers := EXISTS (SELECT 1 FROM accounts_user AS account WHERE account.id = app_user() AND account.is_active
                       AND lower(account.email) = lower(sent.email));
    IF sent.id IS NULL OR NOT (is_hers OR sent.token_hash = link) OR sent.used_at IS NOT NULL
       OR sent.withdrawn_at IS NOT NULL OR sent.expires_at <= now() THEN
        RETURN 'gone';
    END IF;
    UPDATE care_team_circleinvitation SET used_at = now(), used_by_id = app_person() WHERE id = asked;
    IF NOT accepts THEN
        RETURN 'refused';
    END IF;
    SELECT * INTO own FROM patients_carerecord WHERE id = sent.record_id FOR UPDATE;
    IF professional_basis(own.patient_id) IN ('member', 'structure') THEN
        RETURN 'joined';
    END IF;
    IF sent.joins AND is_hers AND own.is_shared AND own.kept_by_id IS NULL
       AND EXISTS (SELECT 1 FROM directory_practitioner WHERE id = app_person() AND profession = sent.profession)
       AND EXISTS (SELECT 1 FROM care_team_careteamparticipant AS host
                   WHERE host.patient_id = own.patient_id AND host.member_id IN (sent.invited_by_id, sent.organization_id)
                     AND host.ended_at IS NULL AND host.suspended_at IS NULL AND host.started_at <= now()
                     AND (host.expires_at IS NULL OR host.expires_at > now()))
       AND NOT EXISTS (SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = own.patient_id
                       AND said.kind = 'opposition_record' AND said.withdrawn_at IS NULL)
       AND (app_switch('legal_regime', 'information') <> 'consent' OR EXISTS (
            SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = own.patient_id
            AND said.kind IN ('consent_record', 'consent_sharing') AND said.withdrawn_at IS NULL)) THEN
        UPDATE care_team_careteamparticipant SET ended_at = expires_at, ended_reason = 'fin de la période'
        WHERE patient_id = own.patient_id AND practitioner_id = app_person() AND ended_at IS NULL AND expires_at <= now();
        INSERT INTO care_team_careteamparticipant
            (id, patient_id, record_id, practitioner_id, role, basis, started_at, added_by_name, added_by_id,
             ended_reason, reason, reason_words, sector, restricted_to_id)
        SELECT participant, own.patient_id, own.id, app_person(), 'member', 'care_team', now(), sent.invited_by_name,
               sent.invited_by_id, '', sent.reason, sent.words, secret.kept, secret.place
        FROM secret_of_person(app_person()) AS secret;
        RETURN 'joined';
    END IF;
    IF own.kept_by_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM care_team_joinrequest WHERE patient_id = own.patient_id AND practitioner_id = app_person()
            AND state = 'asked' AND expires_at > now()) THEN
        PERFORM write_join_request(request, own.patient_id, sent.reason, sent.words, true);
    END IF;
    RETURN 'asked';
EXCEPTION
    -- Already there, by a row that has not ended yet.
    WHEN unique_violation THEN RETURN 'gone';
END $$;
"""

# To ask is not to have come: no first access of who reads nothing yet.
FIRSTS = """
DO $$
DECLARE was text := pg_get_functiondef('gather_accesses'::regproc);
BEGIN
    IF strpos(was, '''record.search'', ''break_glass.review''') = 0 THEN
        RAISE EXCEPTION 'gather_accesses says no longer what opens no record';
    END IF;
    EXECUTE replace(was, '''record.search'', ''break_glass.review''',
                    '''record.search'', ''join.ask'', ''circle.invited'', ''break_glass.review''');
END $$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'ask_to_join(uuid, uuid, text, text)', 'withdraw_join_request(uuid)', 'join_request_persons()',
        'patient_answers_request(uuid, boolean, text, uuid, uuid, text, text)', 'my_circle_invitations(text)',
        'answer_circle_invitation(uuid, text, boolean, uuid, uuid)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
    -- Parts of the above: nobody calls them by themselves.
    FOREACH listed IN ARRAY ARRAY['write_join_request(uuid, uuid, text, text, boolean)', 'may_come_in()'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0031_joining")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (POLICIES, REQUESTS, INVITATIONS, FIRSTS, OWNERSHIP)
    ]
