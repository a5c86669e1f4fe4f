-- A synthetic region of bench.patients patients, all tables coherent, nobody real. Each "-- STEP" is one transaction,
-- run by the superuser with foreign keys unchecked: the rows below are right by construction.
--
-- Professional 1 follows 300 patients in person; professional 2 works in the structure 1, member of one circle in five.
-- Other professionals come by teams of five (doctor, nurse, pharmacist, physiotherapist, specialist).

-- STEP numbers
CREATE FUNCTION pg_temp.patients() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT current_setting('bench.patients')::bigint $$;
CREATE FUNCTION pg_temp.professionals() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(pg_temp.patients() / 5, 12) $$;
CREATE FUNCTION pg_temp.organizations() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(pg_temp.professionals() / 10, 4) $$;
-- Keys grow with the row, as UUIDv7 ones do.
CREATE FUNCTION pg_temp.key(kind int, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.family_name(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['AU','BAR','BEL','BON','BRU','CAR','CHA','COL','DEL','DU','FA','FON','GA','GRAN','HU','LA','LE','MAR',
                  'MON','MOU','NO','PER','PI','RE','RO','SAU','TAI','VAL','VER','VI'])[number % 30 + 1]
        || (ARRAY['BE','CHA','DI','GNE','LLI','MA','NNE','PO','RI','SSO','TTE','VA','ZE'])[number / 30 % 13 + 1]
        || (ARRAY['','L','LD','N','NT','R','RD','S','T','UX'])[number / 390 % 10 + 1] $$;
CREATE FUNCTION pg_temp.given_name(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['ADELE','AGNES','ALAIN','ALICE','ANDRE','BRUNO','CAMILLE','CLAIRE','DENIS','ELISE','EMILE','FLORA',
                  'GABIN','HELENE','HUGO','INES','IRENE','JEAN','JULIE','KARIM','LEA','LOUIS','LUCIE','MARC','MARIE',
                  'NADIA','NOEL','ODILE','PAUL','PIERRE','ROSE','SAMIR','SIMONE','THEO','VERA','YVES','ZOE'])
           [number % 37 + 1] $$;
CREATE FUNCTION pg_temp.team(patient bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT patient * 4999 % ((pg_temp.professionals() - 2) / 5) $$;
-- The place-th member in person of a circle, 1 to 5; the first is the treating doctor.
CREATE FUNCTION pg_temp.member(patient bigint, place int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place = 1 AND patient <= 300 THEN 1 ELSE 3 + 5 * pg_temp.team(patient) + place - 1 END $$;
CREATE FUNCTION pg_temp.structure_of(professional bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE professional WHEN 1 THEN pg_temp.organizations() WHEN 2 THEN 1
                ELSE 2 + professional % (pg_temp.organizations() - 2) END $$;
CREATE FUNCTION pg_temp.structure_around(patient bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN patient % 5 = 0 THEN 1 ELSE 2 + patient % (pg_temp.organizations() - 2) END $$;
CREATE FUNCTION pg_temp.profession(professional bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN professional < 3 THEN '10' ELSE (ARRAY['10','60','21','70','10'])[(professional - 3) % 5 + 1] END $$;

-- STEP accounts
INSERT INTO accounts_user (id, password, login, name, email, phone, is_active, created_at, totp_last_step)
SELECT pg_temp.key(1, n), '!', 'bench' || n, initcap(pg_temp.given_name(n)) || ' ' || pg_temp.family_name(n * 7),
       'bench' || n || '@terresante.example', '', true, now(), 0
FROM generate_series(1, pg_temp.professionals()) AS n;

-- STEP directory
INSERT INTO directory_organization
    (id, source, local_fields, name, short_name, kind, legal_finess, siret, sector, address, postal_code, commune_code,
     commune_name, phone, email, is_psychiatric, active, search_name)
SELECT pg_temp.key(2, n), 'local', '{}', 'Structure ' || n, '', CASE n WHEN 1 THEN 'ght' ELSE 'group_practice' END,
       '', '', '', n || ' rue du Test', '94000', '94028', 'Créteil', '', '', false, true, 'structure ' || n
FROM generate_series(1, pg_temp.organizations()) AS n;
INSERT INTO directory_practitioner
    (id, source, local_fields, adeli, family_name, given_name, title, profession, specialty, specialty_label, email,
     mssante_email, phone, active, user_id, search_name, civility)
SELECT pg_temp.key(3, n), 'local', '{}', '', pg_temp.family_name(n * 7), initcap(pg_temp.given_name(n)),
       CASE pg_temp.profession(n) WHEN '10' THEN 'Dr' ELSE '' END, pg_temp.profession(n), '', '', '', '', '0100000000',
       true, pg_temp.key(1, n), lower(pg_temp.family_name(n * 7) || ' ' || pg_temp.given_name(n)), ''
FROM generate_series(1, pg_temp.professionals()) AS n;
INSERT INTO directory_practitionerrole
    (id, source, local_fields, practitioner_id, organization_id, profession, function, function_label, mode, phone,
     email, duties, period_start)
SELECT pg_temp.key(4, n), 'local', '{}', pg_temp.key(3, n), pg_temp.key(2, pg_temp.structure_of(n)),
       pg_temp.profession(n), '', '', '', '', '', '{}', date '2020-01-01'
FROM generate_series(1, pg_temp.professionals()) AS n;

-- STEP patients
INSERT INTO patients_patient
    (id, birth_name, birth_given_names, birth_given_name, birth_date, lunar_birth_date, sex, birth_place_code,
     birth_place_name, used_name, used_given_name, ins, ins_oid, identity_status, is_homonym, is_doubtful,
     is_fictitious, match_birth_name, match_given_name, match_used_name, phone, email, address_line, postal_code, city,
     created_at, updated_at)
SELECT pg_temp.key(5, n), family, given, given, date '1932-01-01' + (n * 7919 % 33000)::int, '',
       CASE n % 2 WHEN 0 THEN 'F' ELSE 'M' END, '94028', 'Créteil', '', '', lpad(n::text, 15, '0'),
       '1.2.250.1.213.1.4.10', 'QUAL', false, false, false, family, given, '', '0100000000', '',
       n % 90 || ' rue du Test', '94000', 'Créteil', now(), now()
FROM generate_series(1, pg_temp.patients()) AS n,
     LATERAL (SELECT pg_temp.family_name(n) AS family, pg_temp.given_name(n * 11) AS given) AS named;
INSERT INTO patients_carerecord
    (id, patient_id, holder_id, created_by_id, created_at, programme, is_shared, information_given_at,
     information_given_by_id, information_support)
SELECT pg_temp.key(6, n), pg_temp.key(5, n), pg_temp.key(2, pg_temp.structure_around(n)),
       pg_temp.key(3, pg_temp.member(n, 1)), now() - interval '800 days', '', true, now() - interval '800 days',
       pg_temp.key(3, pg_temp.member(n, 1)), 'oral_notice'
FROM generate_series(1, pg_temp.patients()) AS n;
INSERT INTO patients_identitydomain (id, authority, name, organization_id)
VALUES (pg_temp.key(7, 1), '1.2.250.1.999.1', 'Structure 1', pg_temp.key(2, 1));
INSERT INTO patients_sourceidentity (id, domain_id, value, patient_id, linked_at)
SELECT pg_temp.key(8, n), pg_temp.key(7, 1), 'IPP' || n, pg_temp.key(5, n), now()
FROM generate_series(1, pg_temp.patients()) AS n;

-- STEP circles
INSERT INTO care_team_careteamparticipant
    (id, patient_id, record_id, organization_id, role, basis, started_at, added_by_name, ended_reason)
SELECT pg_temp.key(9, n * 8), pg_temp.key(5, n), pg_temp.key(6, n), pg_temp.key(2, pg_temp.structure_around(n)),
       'member', 'care_team', now() - interval '800 days', 'Bench', ''
FROM generate_series(1, pg_temp.patients()) AS n;
INSERT INTO care_team_careteamparticipant
    (id, patient_id, record_id, practitioner_id, role, basis, started_at, added_by_name, ended_reason)
SELECT pg_temp.key(9, n * 8 + place), pg_temp.key(5, n), pg_temp.key(6, n), pg_temp.key(3, pg_temp.member(n, place)),
       CASE place WHEN 1 THEN 'attending' ELSE 'member' END, 'care_team', now() - interval '800 days', 'Bench', ''
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(1, 5) AS place;

-- STEP notes
INSERT INTO notes_note
    (id, patient_id, record_id, author_id, author_name, author_role, organization_id, organization_name, data_class,
     text, written_at, recorded_at, hidden_from_patient)
SELECT pg_temp.key(10, n * 16 + rank), pg_temp.key(5, n), pg_temp.key(6, n), pg_temp.key(3, author),
       'Professionnel ' || author, 'Soignant', pg_temp.key(2, pg_temp.structure_of(author)), 'Structure',
       CASE rank % 2 WHEN 0 THEN 'medical' ELSE 'care' END,
       'Visite ' || rank || ' du patient ' || n || '. '
           || repeat('Texte de note synthétique, sans personne réelle. ', 1 + ((n + rank) % 9)::int),
       written, written, false
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(1, 10) AS rank,
     LATERAL (SELECT pg_temp.member(n, rank % 5 + 1) AS author,
                     now() - make_interval(days => rank * 60 - (n % 50)::int) AS written) AS signed;

-- STEP feed
INSERT INTO feed_feeditem
    (id, patient_id, kind, object_id, occurred_at, recorded_at, author_id, hidden_from_patient, data_class, is_alert)
SELECT pg_temp.key(11, n * 16 + rank), pg_temp.key(5, n), 'note', pg_temp.key(10, n * 16 + rank), written, written,
       pg_temp.key(1, pg_temp.member(n, rank % 5 + 1)), false,
       CASE rank % 2 WHEN 0 THEN 'medical' ELSE 'care' END, false
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(1, 10) AS rank,
     LATERAL (SELECT now() - make_interval(days => rank * 60 - (n % 50)::int) AS written) AS told;
INSERT INTO feed_readcursor (id, user_id, patient_id, read_up_to, visited_at)
SELECT pg_temp.key(12, n), pg_temp.key(1, pg_temp.member(n, 1)), pg_temp.key(5, n), now() - interval '90 days',
       now() - interval '90 days'
FROM generate_series(1, pg_temp.patients()) AS n;

-- STEP senders
INSERT INTO interop_sendersystem (id, name, organization_id, port, active, triggers, registered_at, silence_hours,
                                  return_host, return_tls)
VALUES (pg_temp.key(13, 1), 'Bench', pg_temp.key(2, 1), 2575, true, '{}', now(), 24, '', true);
INSERT INTO interop_sendersystem_domains (sendersystem_id, identitydomain_id)
VALUES (pg_temp.key(13, 1), pg_temp.key(7, 1));
