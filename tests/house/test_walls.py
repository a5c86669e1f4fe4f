"""The second wall, read from PostgreSQL's own catalogue: a table or a function cannot be forgotten."""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

# Cross-patient questions and checked openings (DESIGN.md 5), and what each gives back.
DEFINERS = {
    "open_record": "the basis on which one record opens",
    "professional_basis": "on what ground a professional opens one record",
    "delegate_basis": "on what ground a relative opens one record",
    "own_patient": "of whom the caller decides: himself, or whom he represents by law",
    "delegations_behind": "for whom one account acts",
    "delegate_readers": "which connected relatives reach which records, for jobs",
    "answer_link_key": "the key of an open link, of whoever has it; its code is checked with it",
    "open_answer_link": "the two secrets of a link to answer, counted; the follow-up they open",
    "answer_link_holds": "whether what a link opened is still open",
    "follow_ups_of_number": "whose answers come from a number of telephone, for jobs",
    "keep_place": "the department, postal code and city on a follow-up, by its trigger",
    "move_place": "the same, when an address is corrected",
    "board_keys": "keys of the follow-ups that a professional reads on one page of his board",
    "board_groups": "numbers of the follow-ups that a professional reads on his board, by colour, cell and place",
    "answer_invitation": "the two secrets of an invitation, counted; ties an account to it",
    "keep_majority": "the eighteenth birthday on a delegation, by its trigger",
    "move_majority": "the same, when a birth date is corrected",
    "patient_removes": "a member taken out of one's own circle",
    "patient_adds": "a professional put in one's own circle",
    "gather_accesses": "whose record was seen and who came first, for jobs",
    "patient_addresses": "where patients and their representatives are told, for jobs",
    "removal_addresses": "who is told that a patient took somebody out, for jobs",
    "follow_document": "who wrote the document of a line of health, and whether its person reads it, by its trigger",
    "named_by_account": "which accounts of these persons a gateway has already sent something under",
    "open_records": "those of the given records that a gateway or a job may open together",
    "found_record": "opens an identity that has no record yet",
    "open_emergency_access": "writes one emergency access",
    "open_samu_access": "writes one access of a SAMU, for a call",
    "why_not_founded": "a word: opposed, or recorded",
    "oppose_creation": "writes one opposition before any record",
    "withdraw_creation_opposition": "takes one opposition back before any record",
    "circle_may_grow": "a boolean, for the record one writes in",
    "record_readers": "which of the given keys reach one record",
    "closed_readers": "which of the given keys an opposition has put out of one record, for jobs",
    "ended_accesses": "whose accesses ended by themselves between two moments, for jobs",
    "knows_restricted": "whether the caller may know what a sector keeps restricted, whether it exists or not",
    "reaches_patient": "whether the caller is in the circle of one patient, reads on, or opened an emergency",
    "restricted_readers": "which of the given keys may know it, for jobs",
    "restrict_trail": "a trigger: nothing",
    "oppose_circle": "a trigger: nothing",
    "keep_note_words": "a trigger: keeps what a note said before a correction",
    "take_back_declaration": "a line that nobody vouched for, by who declared it",
    "patient_behind": "the patient of one account",
    "my_patient_keys": "keys of one page of one's own patients, by name",
    "my_followed_keys": "keys of one's own patients, else of those of a structure that follows few",
    "search_patients": "identities, for the search",
    "match_patients": "keys of candidate identities",
    "last_event_position": "a number",
    "lift_record_opposition": "the patient opens his own record again",
    "propose_hand_over": "writes a proposal of one's own patients, or of somebody's whose structure one leads",
    "hand_over_stands": "a boolean, for the two persons of a hand-over",
    "hand_over_persons": "identities, for the two persons of a hand-over",
    "hand_overs_waiting": "numbers, for them and for who leads the structure",
    "answer_hand_over": "moves one patient from one to the other",
    "end_reading": "a trigger: who is taken out, or whose time is over, reads no more what he had handed over",
    "withdraw_hand_over": "whether something was still proposed",
    "propose_returns": "the leaves that end, for jobs",
    "ask_to_join": "writes a request of one's own, in the same words whoever is in the circle",
    "withdraw_join_request": "whether one's own request still waited",
    "join_request_persons": "identities of those whose circle one asked to join",
    "patient_answers_request": "the patient's answer to a request: a word",
    "my_circle_invitations": "invitations sent to one's own address, or whose link one holds",
    "answer_circle_invitation": "lets in who was invited so, or writes his request",
    "explain_emergency": "the answer of who opened one himself",
    "emergency_identity": "whose record is about to be opened in an emergency",
    "emergency_initials": "initials, for the privacy officer",
    "look_alikes": "identities, before one more is created",
    "linked_patients": "the patients behind local identifiers, for jobs",
    "users_to_tell": "accounts an e-mail may go to, for jobs",
    "emergency_addresses": "accounts told of an emergency access, for jobs",
    "merge_patients": "two identities made one, for the identity desk",
    "unmerge_patients": "a merge taken back, for the identity desk",
    "rows_since_merge": "kind, time and author of rows to give back, for the identity desk",
    "surviving_patient": "where a merged identity leads, for jobs and the identity desk",
    "surviving_record": "where a merged record leads, for who reaches it",
    "surviving_identity": "where the page of a merged identity leads, for who reaches it and the desk",
    "identities_of_record": "the open record's identity and those merged into it",
    "sweep_merges": "moves rows that came after a merge, for jobs; how many",
    "identities_to_verify": "keys that INSi is to be asked about again, for jobs",
    "likely_same": "identities to compare, for jobs and the identity desk",
    "identities_changed_since": "identities to compare again, for jobs",
    "account_history": "the logins of one account, for who administers it",
    "sent_document_patient": "whose a document is, for the structure that sent it",
    "sender_activity": "numbers of messages by hospital, for the platform's administrator",
    "sender_hours": "numbers of messages by hospital, hour and type, for the same",
    "sender_errors": "why messages of one hospital were refused, in numbers, for the same",
    "remind_due_answers": "questionnaires that open or are asked for again, by key, for jobs",
    "colour_silences": "questionnaires that nobody answered and their colours, by key, for jobs",
    "follow_ups_over": "follow-ups past their last date, by key, for jobs",
    "follow_ups_resuming": "follow-ups whose pause is over, by key, for jobs",
    "alerts_due": "alerts whose hour has come, by key, for jobs",
    "cell_activity": "numbers of what a cell did, for who works for its structure or manages it",
    "programme_counts": "numbers of a programme, for the project leads of the structure in charge",
    "sequence_totals": "sums of its sequences, for the same",
    "programme_sequences": "references, dates and sums of its sequences, for the same",
    "programme_inclusions": "references and dates of its inclusions, for the same",
    "invoice_sequences": "how many sequences went into a new batch, for the same",
    "namesakes": "which of the given keys have a homonym or a twin",
    "pathway_answers": "past answers without identity or own words, for the platform's administrator",
    "ensure_audit_partitions": "how many months ahead the trail reaches",
}
# Changing the schema needs its owner.
OWNED_BY_OWNER = {"ensure_audit_partitions"}


def rows(query: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def patient_tables() -> set[str]:
    """Every relation with a patient_id column, partitions aside, and the patients themselves."""
    found = rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
        " AND NOT c.relispartition AND a.attname = 'patient_id' AND NOT a.attisdropped"
    )
    return {name for (name,) in found} | {"patients_patient"}


def policies() -> list[tuple]:
    """(table, policy, command, permissive, using, check) that bind the application role."""
    return rows(
        "SELECT tablename, policyname, cmd, permissive = 'PERMISSIVE', coalesce(qual, ''), coalesce(with_check, '')"
        " FROM pg_policies WHERE schemaname = 'public' AND roles && ARRAY['terresante_app', 'public']::name[]"
    )


def test_every_patient_table_is_behind_forced_row_security():
    """Good: `SELECT protect_patient_table('notes_note')` in a migration. Bad: a new table without it."""
    secured = dict(
        rows(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
        )
    )
    bare = {table for table in patient_tables() if not secured.get(table)}

    assert not bare


def test_every_patient_table_has_a_policy_to_read_it():
    readable = {
        table
        for table, _, command, permissive, *_ in policies()
        if permissive and command in ("SELECT", "ALL")
    }

    assert patient_tables() - readable == set()


def test_no_policy_is_true_for_everybody():
    """Bad: `USING (true)`, `USING (app_kind() <> '')`."""
    whole = [
        (table, name)
        for table, name, _, permissive, using, check in policies()
        if permissive and "true" in (using.strip("() "), check.strip("() "))
    ]

    assert not whole


def test_every_policy_of_a_patient_table_names_the_caller():
    """What is read depends on who asks: no policy rests on the row alone."""
    loose = [
        (table, name)
        for table, name, _, permissive, using, check in policies()
        if permissive and "app_" not in using + check
    ]

    assert not loose


def test_policies_ask_of_a_circle_in_one_way():
    """Good: `reaches_patient(patient_id, false)`. Bad: an EXISTS of its own, made ready at every statement."""
    own_ways = [
        (table, name)
        for table, name, *_, using, check in policies()
        for circle in ("FROM care_team_careteamparticipant", "FROM care_team_emergencyaccess")
        if circle in using + check
    ]

    assert not own_ways


def test_rows_with_limits_have_their_restrictive_policies():
    limited = rows(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND a.attname IN ('private_to_id', 'private_to_person_id', 'hidden_from_patient',"
        " 'hidden_from_representative', 'restricted_to_id')"
        " AND c.relname <> 'care_team_namedreader' AND NOT a.attisdropped"
    )
    restrictive = {(table, using) for table, _, _, permissive, using, _ in policies() if not permissive}
    open_ones = [
        (table, column)
        for table, column in limited
        if not any(table == held and column in using for held, using in restrictive)
    ]

    assert not open_ones


def test_views_and_materialized_views_do_not_go_round_the_policies():
    """A view runs with its owner's rights unless it says security_invoker."""
    found = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm'"
        " OR relkind = 'v' AND NOT coalesce(reloptions::text LIKE '%%security_invoker=true%%', false))"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
    )

    assert not found


def test_partitions_are_not_reached_directly():
    """Policies of the parent do not bind who names the partition."""
    reached = rows(
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
        " AND has_table_privilege('terresante_app', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
    )

    assert not reached


def definers() -> list[tuple]:
    return rows(
        "SELECT p.proname, r.rolname, coalesce(p.proconfig::text, ''),"
        " has_function_privilege('public', p.oid, 'EXECUTE')"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )


def test_functions_that_step_over_the_policies_are_listed():
    assert {name for name, *_ in definers()} == set(DEFINERS)


def test_functions_that_step_over_the_policies_are_tied():
    """Good: fixed search_path, owner terresante_definer, no PUBLIC. Bad: PostgreSQL's defaults, all three of them."""
    for name, owner, settings, public in definers():
        expected = "terresante_owner" if name in OWNED_BY_OWNER else "terresante_definer"
        assert owner == expected, name
        assert "search_path=public, pg_temp" in settings, name
        assert not public, name


def test_nobody_calls_the_functions_that_make_policies():
    reached = rows(
        "SELECT proname FROM pg_proc WHERE proname IN ('protect_patient_table', 'hide_from_representatives')"
        " AND has_function_privilege('terresante_app', oid, 'EXECUTE')"
    )

    assert not reached


def test_the_application_role_is_nobody_special():
    ((superuser, bypasses, creates_roles, creates_databases, replicates),) = rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = 'terresante_app'"
    )

    assert not (superuser or bypasses or creates_roles or creates_databases or replicates)
    assert (
        rows("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'terresante_app'::regrole")
        == []
    )


def test_the_application_role_owns_nothing():
    owned = rows(
        "SELECT relname FROM pg_class WHERE relowner = 'terresante_app'::regrole"
        " UNION ALL SELECT proname FROM pg_proc WHERE proowner = 'terresante_app'::regrole"
    )
    creates = rows("SELECT has_schema_privilege('terresante_app', 'public', 'CREATE')")

    assert owned == []
    assert creates == [(False,)]


def test_the_definer_role_cannot_log_in():
    assert rows("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'terresante_definer'") == [(False,)]


def test_the_trail_is_only_added_to():
    """UPDATE, DELETE and TRUNCATE of the trail and of its seals are nobody's, partitions included."""
    for privilege in ("UPDATE", "DELETE", "TRUNCATE"):
        changed = rows(
            "SELECT relname FROM pg_class WHERE relname LIKE 'kernel_audit%%' AND relkind IN ('r', 'p')"
            " AND has_table_privilege('terresante_app', oid, %s)",
            privilege,
        )
        assert not changed, privilege


def test_nothing_of_the_schema_is_truncated_by_pages():
    emptied = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND has_table_privilege('terresante_app', oid, 'TRUNCATE')"
    )

    assert not emptied


def test_the_key_of_a_patient_is_always_called_patient_id():
    """The rules above find tables by that name: none hides behind another. Bad: `subject = ForeignKey(Patient)`."""
    misnamed = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.label != "patients.Patient"
        for field in model._meta.concrete_fields
        if field.related_model is not None
        and field.related_model._meta.label == "patients.Patient"
        and field.column != "patient_id"
    }

    assert not misnamed
