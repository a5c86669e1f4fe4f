-- Fills the record named by bench.record: 2,000 notes, 1,000 facts of its timeline, 500 documents. The text of a note, and
-- the limits of a fact, are those that region.sql made; only keys and dates differ. No document has a file behind it.
CREATE TEMP VIEW one AS
SELECT note.* FROM notes_note AS note
WHERE record_id = current_setting('bench.record')::uuid AND data_class = 'medical' ORDER BY id LIMIT 1;
CREATE TEMP TABLE told (LIKE notes_note);
INSERT INTO told
SELECT (jsonb_populate_record(NULL::notes_note, to_jsonb(one) || jsonb_build_object(
    'id', gen_random_uuid(),
    'written_at', now() - make_interval(hours => n),
    'recorded_at', now() - make_interval(hours => n)))).*
FROM one, generate_series(1, 2000) AS n;
INSERT INTO notes_note SELECT * FROM told;

INSERT INTO feed_feeditem
SELECT (jsonb_populate_record(NULL::feed_feeditem, to_jsonb(fact) || jsonb_build_object(
    'id', gen_random_uuid(),
    'object_id', told.id,
    'occurred_at', told.written_at,
    'recorded_at', told.written_at))).*
FROM (SELECT * FROM feed_feeditem WHERE patient_id = (SELECT patient_id FROM one) AND data_class = 'medical'
      ORDER BY id LIMIT 1) AS fact,
     (SELECT * FROM told ORDER BY written_at DESC LIMIT 1000) AS told;

CREATE TEMP TABLE filed AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, 500) AS n;
INSERT INTO kernel_storedfile (id, name, sealed_key, created_at, kept_at)
SELECT id, 'bench/' || id, '', now(), now() FROM filed;
INSERT INTO documents_documentreference
    (id, set_id, patient_id, record_id, type, title, dated_on, written_by, author_id, author_name, author_role,
     organization_id, organization_name, recorded_at, status, version, withdrawn_by_name, withdrawn_reason, file_id,
     file_name, media_type, size, sha256, sha1, data_class, hidden_from_patient, hidden_from_representative, sector)
SELECT filed.id, filed.id, one.patient_id, one.record_id, '11488-4', 'Compte rendu ' || n,
       current_date - (n % 900), '', one.author_id, one.author_name, one.author_role,
       one.organization_id, one.organization_name, now() - make_interval(hours => n), 'current', 1, '', '', filed.id,
       'compte-rendu.pdf', 'application/pdf', 1, md5(n::text) || md5(n::text), '', 'medical', false, false, ''
FROM filed, one;
