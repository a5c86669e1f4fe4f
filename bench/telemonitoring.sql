-- People followed at home, on the patients of region.sql (its steps "numbers" to "circles" were run before, in this
-- session): one pathway, whose version is bench.version; a cell for each structure; of each person five days that are
-- over, the last two of them answered, this morning's questionnaire and tomorrow's.
CREATE FUNCTION pg_temp.watched(person bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT person % 5 = 0 AND person <= 6000 $$;
INSERT INTO telemonitoring_cell (id, organization_id, name, territory, opening_hours, days_off, phone, on_call_name,
    on_call_phone, lock_minutes, is_active)
SELECT pg_temp.key(20, n), pg_temp.key(2, n), 'Cellule', '', '{}', '[]', '', '', '', 15, true
FROM generate_series(1, pg_temp.organizations()) AS n;
INSERT INTO telemonitoring_followup (id, patient_id, record_id, cell_id, version_id, data_class, status, state,
    anchor_on, enrolled_at, enrolled_by_name, end_reason, end_words, ended_by_name, baseline, personal, later_anchors, respondent,
    carer_name, phone_of_respondent, index_name, hides_index, colour, colour_since, answer_colour, silence_colour,
    reason, trend, late, hidden_from_patient, department, postal_code, city, suspended_by_name, suspend_words, outside_words)
SELECT pg_temp.key(21, n), pg_temp.key(5, n), pg_temp.key(6, n),
    -- The cell of structure 1, to which the patients of region.sql that are in its circle belong: 1,200 at most.
    pg_temp.key(20, CASE WHEN pg_temp.watched(n) THEN 1 ELSE 2 + n % (pg_temp.organizations() - 2) END),
    current_setting('bench.version')::uuid, 'medical', '', 'active', current_date - 5, now() - interval '5 days',
    'Bench', '', '', '', '{}', '{}', '{}', 'patient', '', '+33639980000', '', false, 'green', now(), 'green', '',
    jsonb_build_object('kind', 'answer', 'response', pg_temp.key(23, n * 8 + 4), 'form', 'quotidien',
        'at', now() - interval '1 day', 'colour', 'green', 'fired', '[]'::jsonb, 'pathway', 'covid-adulte', 'version', 1),
    jsonb_build_object('item', 'spo2', 'label', 'SpO2', 'unit', '%', 'points', jsonb_build_array(
        jsonb_build_array(now() - interval '2 days', 98), jsonb_build_array(now() - interval '1 day', 97))),
    false, false, '94', '94000', 'Créteil', '', '', ''
FROM generate_series(1, pg_temp.patients()) AS n;
INSERT INTO telemonitoring_expected (id, patient_id, follow_up_id, step, form, role, opens_at, remind_at, grey_at,
    orange_at, state, response_id, answered_at, reminded, silence, next_reminder_at, next_colour_at)
SELECT pg_temp.key(22, n * 8 + day), pg_temp.key(5, n), pg_temp.key(21, n), 'matin', 'quotidien', 'patient', opens,
    opens + interval '5 hours', opens + interval '5 hours', opens + interval '7 hours',
    CASE WHEN day < 3 THEN 'missed' WHEN day < 5 THEN 'answered' ELSE 'waiting' END,
    CASE WHEN day IN (3, 4) THEN pg_temp.key(23, n * 8 + day) END, CASE WHEN day IN (3, 4) THEN opens END, 0, '',
    CASE WHEN day > 4 THEN opens END, CASE WHEN day > 4 THEN opens + interval '5 hours' END
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(0, 6) AS day,
    LATERAL (SELECT now() - interval '5 hours' + make_interval(days => day - 5) AS opens) AS at;
INSERT INTO questionnaires_questionnaireresponse (id, patient_id, record_id, version_id, form, follow_up_id,
    occurrence_id, status, authored_at, clock_corrected, received_at, source, respondent_name, respondent_role,
    organization_name, data_class, answers, baseline, personal, scores, fired, colour, to_confirm, sector,
    hidden_from_patient, hidden_from_representative)
SELECT pg_temp.key(23, n * 8 + day), pg_temp.key(5, n), pg_temp.key(6, n), current_setting('bench.version')::uuid,
    'quotidien', pg_temp.key(21, n), pg_temp.key(22, n * 8 + day), 'completed', opens, false, opens, 'link',
    'Une personne', '', '', 'medical', current_setting('bench.answers')::jsonb, '{}', '{}', '[]', '[]', 'green', false,
    '', false, false
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(3, 4) AS day,
    LATERAL (SELECT now() - interval '5 hours' + make_interval(days => day - 5) AS opens) AS at;
-- What the cell has before it: one in thirty red, one in ten orange, each with its alert.
INSERT INTO telemonitoring_alert (id, follow_up_id, patient_id, record_id, kind, colour, fired, first_fired, form,
    version_id, response_ids, answered_at, opened_at, waits_since, state, level, taken_by_name, calls_made, outcome,
    reason, closed_by_name)
SELECT pg_temp.key(24, n), pg_temp.key(21, n), pg_temp.key(5, n), pg_temp.key(6, n), 'answer', colour, fired, fired,
    'quotidien', current_setting('bench.version')::uuid, jsonb_build_array(pg_temp.key(23, n * 8 + 4)), now(), now(),
    now(), 'new', 'operator', '', 0, '', '', ''
FROM generate_series(5, least(pg_temp.patients(), 6000), 5) AS n,
    LATERAL (SELECT CASE WHEN n % 150 = 0 THEN 'red' ELSE 'orange' END AS colour) AS of,
    LATERAL (SELECT jsonb_build_array(jsonb_build_object('rule', 'spo2', 'item', 'spo2', 'label', 'SpO2', 'value',
        '92 %', 'colour', colour, 'threshold', '≤ 94', 'remeasure', false, 'number', 92)) AS fired) AS said
WHERE n % 150 = 0 OR n % 50 = 5;
UPDATE telemonitoring_followup AS whole SET colour = alert.colour, answer_colour = alert.colour,
    reason = whole.reason || jsonb_build_object('colour', alert.colour, 'fired', alert.fired)
FROM telemonitoring_alert AS alert WHERE alert.follow_up_id = whole.id;
