"""What somebody could do with SQL of his own under the application role, in the context of each kind of caller.

Setting another person's context is out of reach of the policies (DESIGN.md 5): everything else is tried here.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from terresante.accounts.access import LOGIN
from terresante.care_team import actions
from terresante.care_team.actions.hand_over import Proposal, answer_hand_over, propose_hand_over
from terresante.care_team.actions.invitations import NewInvitation, invite
from terresante.care_team.actions.joining import Reason, ask_to_join
from terresante.care_team.enums import Confidentiality, DataClass, JoinReason
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess, HandOverItem
from terresante.directory.enums import Profession
from terresante.documents.tests.factories import filed
from terresante.interop.tests import wire
from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.notes.tests.factories import published
from terresante.patients.enums import DelegationBasis
from terresante.questionnaires.tests.factories import stored_response
from terresante.telemonitoring.tests.factories import stored_follow_up
from tests.access.oracle.rows import photo
from tests.cast import join, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits

REASON = "inconsciente, traitement inconnu"
# PostgreSQL 15 says of a program « must be superuser or have privileges of… ».
DENIED = "permission denied|must be superuser|row-level security|violates check constraint"


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def refused(actor, statement, *values, opened=None):
    """Whether the database itself says no."""
    with pytest.raises(DatabaseError, match=DENIED), rls.acting(actor):
        if opened is not None:
            rls.open_record(opened)
        ask(statement, *values)
    return True


def changed(actor, statement, *values, opened=None):
    """How many rows the statement reaches; rolled back."""
    with rls.acting(actor):
        if opened is not None:
            rls.open_record(opened)
        with transaction.atomic():
            count = ask(statement, *values)
            transaction.set_rollback(True)
    return count


@pytest.fixture
def madeleine(cast):
    return cast.madeleine_record


@pytest.fixture
def note(cast, madeleine):
    return published(cast.amar, madeleine, data_class=DataClass.CARE)


def test_a_note_is_neither_removed_nor_rewritten_without_a_version(cast, madeleine, note):
    """A signature holds as long as nobody changes what was signed without leaving it to be read."""
    correction = "UPDATE notes_note SET text = 'autre'"
    assert changed(cast.amar, correction, opened=madeleine.patient_id) == 1
    assert changed(cast.ines, correction, opened=madeleine.patient_id) == 0
    assert changed(cast.brun, correction, opened=madeleine.patient_id) == 0
    with rls.acting(cast.amar):
        rls.open_record(madeleine.patient_id)
        ask(correction)
        assert ask("SELECT text FROM notes_noteversion") == [(note.text,)]
    for statement in (
        "UPDATE notes_note SET amended_at = NULL",
        "UPDATE notes_note SET in_reply_to_id = NULL",
        "UPDATE notes_noteversion SET text = 'autre'",
        "DELETE FROM notes_noteversion",
        "INSERT INTO notes_noteversion SELECT * FROM notes_noteversion",
        "UPDATE notes_note SET patient_id = patient_id",
        "DELETE FROM notes_note",
        "TRUNCATE notes_note",
        "COPY notes_note FROM PROGRAM 'true'",
    ):
        assert refused(cast.amar, statement, opened=madeleine.patient_id), statement


def test_a_photograph_goes_with_its_note_and_is_withdrawn_by_its_author_alone(cast, madeleine, note):
    alone = published(cast.amar, madeleine, data_class=DataClass.CARE, level=Confidentiality.MYSELF)
    with walls_down():
        made, hidden = photo(note, "plaie"), photo(alone, "à soi")
    shown = "SELECT 1 FROM notes_notemedia WHERE id = %s"
    for one, readers in ((made, {"amar", "ines", "madeleine"}), (hidden, {"amar"})):
        for name in ("amar", "ines", "madeleine", "brun"):
            with rls.acting(cast.actors[name]):
                rls.open_record(madeleine.patient_id)
                assert bool(ask(shown, one.pk)) == (name in readers), (one.alt, name)
    withdrawn = f"UPDATE notes_notemedia SET withdrawn_at = now() WHERE id = '{made.pk}'"
    assert changed(cast.ines, withdrawn, opened=madeleine.patient_id) == 0
    assert changed(cast.brun, withdrawn, opened=madeleine.patient_id) == 0
    assert changed(cast.amar, withdrawn, opened=madeleine.patient_id) == 1
    for statement in (
        "UPDATE notes_notemedia SET alt = 'autre'",
        "UPDATE notes_notemedia SET file_id = file_id",
        "UPDATE notes_notemedia SET note_id = note_id",
        "DELETE FROM notes_notemedia",
        "TRUNCATE notes_notemedia",
    ):
        assert refused(cast.amar, statement, opened=madeleine.patient_id), statement
    joined = (
        "INSERT INTO notes_notemedia (id, patient_id, note_id, number, kind, alt, file_id, media_type, size, sha256,"
        " sha1, small_size, width, height, seconds, recorded_at)"
        " SELECT gen_random_uuid(), patient_id, note_id, 2, 'voice', '', file_id, media_type, size, sha256,"
        " sha1, 0, 0, 0, 9, now() FROM notes_notemedia WHERE id = %s"
    )
    assert changed(cast.amar, joined, made.pk, opened=madeleine.patient_id) == 1
    assert refused(cast.ines, joined, made.pk, opened=madeleine.patient_id)
    assert changed(cast.brun, joined, made.pk, opened=madeleine.patient_id) == 0


def test_a_document_is_neither_rewritten_nor_removed_by_anybody(cast, madeleine):
    document = filed(cast.amar, madeleine)
    for statement in (
        "UPDATE documents_documentreference SET title = 'autre'",
        "UPDATE documents_documentreference SET file_id = file_id",
        "UPDATE documents_documentreference SET recorded_at = recorded_at - interval '1 day'",
        "UPDATE documents_documentreference SET patient_id = patient_id",
        "UPDATE documents_documentreference SET metadata = '{}'",
        "DELETE FROM documents_documentreference",
        "TRUNCATE documents_documentreference",
    ):
        assert refused(cast.amar, statement, opened=madeleine.patient_id), statement
    for statement in (
        "DELETE FROM kernel_storedfile WHERE id = %s",
        "UPDATE kernel_storedfile SET sealed_key = '' WHERE id = %s",
        "UPDATE kernel_storedfile SET kept_at = NULL WHERE id = %s",
    ):
        assert refused(cast.amar, statement, document.file_id, opened=madeleine.patient_id), statement


@pytest.mark.parametrize(
    "table", ["patients_patient", "patients_carerecord", "patients_sourceidentity", "patients_patientaccount"]
)
def test_identities_and_records_are_removed_by_nobody(cast, madeleine, table):
    assert refused(cast.amar, f'DELETE FROM "{table}"', opened=madeleine.patient_id)
    assert refused(Actor.job("tests"), f'DELETE FROM "{table}"', opened=madeleine.patient_id)


def test_while_one_record_is_open_nothing_is_written_for_another(cast, madeleine, note):
    insert = (
        "INSERT INTO patients_relatedperson (id, patient_id, name, relationship, phone, is_trusted_person,"
        " is_person_to_warn, is_carer) VALUES (%s, %s, 'intrus', 'other', '', true, false, false)"
    )
    leon = cast.leon_record.patient_id

    assert refused(cast.amar, insert, new_id(), leon, opened=madeleine.patient_id)
    assert refused(
        cast.amar,
        "UPDATE patients_carerecord SET patient_id = %s WHERE patient_id = %s",
        leon,
        madeleine.patient_id,
        opened=madeleine.patient_id,
    )
    assert (
        changed(cast.amar, "UPDATE patients_carerecord SET programme = 'x' WHERE patient_id = %s", leon) == 0
    )


def test_an_emergency_reader_the_patient_and_her_relatives_write_nothing(cast, madeleine):
    actions.open_in_emergency(cast.urgentiste, madeleine.patient_id, reason=REASON)
    with walls_down():
        guardian = represented_by(madeleine, "Claire", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(madeleine, "Lucie", DelegationBasis.CARER)
    for actor in (cast.urgentiste, cast.madeleine, guardian, carer):
        for table in (
            "patients_patient",
            "patients_carerecord",
            "care_team_careteamparticipant",
            "feed_feeditem",
        ):
            key = "id" if table == "patients_patient" else "patient_id"
            statement = f'UPDATE "{table}" SET id = id WHERE {key} = %s'
            assert changed(actor, statement, madeleine.patient_id, opened=madeleine.patient_id) == 0, table


def test_nobody_gives_himself_an_emergency_access_nor_makes_one_last(cast, madeleine):
    access = actions.open_in_emergency(cast.urgentiste, madeleine.patient_id, reason=REASON)
    now = timezone.now()
    with walls_down():
        EmergencyAccess.objects.filter(pk=access.pk).update(
            opened_at=now - timedelta(hours=5), expires_at=now - timedelta(hours=1)
        )
    longer = "UPDATE care_team_emergencyaccess SET expires_at = now() + interval '1 year' WHERE id = %s"

    assert changed(cast.urgentiste, longer, access.pk) == 0
    assert refused(cast.dpo, longer, access.pk)
    assert refused(cast.amar, longer, access.pk, opened=madeleine.patient_id)
    assert refused(cast.urgentiste, "INSERT INTO care_team_emergencyaccess (id) VALUES (%s)", new_id())


def test_an_account_is_given_to_a_patient_by_a_job_alone(cast, madeleine):
    """Bad: a member of the circle ties an account of his own to the patient and reads in his name afterwards."""
    statement = "INSERT INTO patients_patientaccount (id, user_id, patient_id) VALUES (%s, %s, %s)"
    values = (new_id(), cast.brun.user_id, madeleine.patient_id)

    assert refused(cast.amar, statement, *values, opened=madeleine.patient_id)
    assert changed(Actor.job("tests"), statement, *values, opened=madeleine.patient_id) == 1


QUESTIONS = {
    "record_readers": "SELECT record_readers(%(patient)s, ARRAY[%(person)s]::uuid[], ARRAY[%(structure)s]::uuid[], '')",
    "closed_readers": "SELECT closed_readers(%(patient)s, ARRAY[%(colin)s]::uuid[], ARRAY[%(structure)s]::uuid[])",
    "ended_accesses": "SELECT ended_accesses('2000-01-01', '2100-01-01')",
    "restricted_readers": "SELECT restricted_readers(%(patient)s, 'psychiatry', %(structure)s,"
    " ARRAY[%(person)s]::uuid[], ARRAY[%(structure)s]::uuid[])",
    "knows_restricted": "SELECT nullif(knows_restricted(%(patient)s, 'psychiatry', %(structure)s), false)",
    "users_to_tell": "SELECT users_to_tell(ARRAY[%(patient)s]::uuid[], ARRAY[NULL]::uuid[], ARRAY[''],"
    " ARRAY[NULL]::uuid[], ARRAY[''], ARRAY[NULL]::uuid[])",
    "match_patients": "SELECT match_patients('', 'LEROUX', 'MADELEINE', '1939-04-02', 'F', 50)",
    "look_alikes": "SELECT look_alikes('LEROUX', 'MADELEINE', '1939-04-02', 'F', 50)",
    "my_patient_keys": "SELECT key FROM my_patient_keys(0, 100) AS key WHERE key = %(patient)s",
    "search_patients": "SELECT search_patients('1939-04-02', 'LE', 'MA', 50)",
    "linked_patients": "SELECT linked_patients(ARRAY[id], ARRAY['0001']) FROM patients_identitydomain",
    "emergency_identity": "SELECT emergency_identity(%(patient)s)",
    "emergency_initials": "SELECT emergency_initials(ARRAY[%(access)s]::uuid[])",
    "emergency_addresses": "SELECT emergency_addresses(%(access)s)",
    "explain_emergency": "SELECT nullif(explain_emergency(%(access)s, 'x'), false)",
    "hand_over_stands": "SELECT nullif(hand_over_stands(%(item)s), false)",
    "hand_over_persons": "SELECT hand_over_persons(%(hand_over)s)",
    "hand_overs_waiting": "SELECT hand_overs_waiting(ARRAY[%(hand_over)s]::uuid[])",
    "answer_hand_over": "SELECT nullif(answer_hand_over(%(item)s, true), 'gone')",
    "withdraw_hand_over": "SELECT nullif(withdraw_hand_over(%(hand_over)s), false)",
    "propose_hand_over": "SELECT nullif(propose_hand_over(%(new)s, %(person)s, %(colin)s, NULL, 'definitive', NULL,"
    " 'x'), 'refused')",
    "propose_returns": "SELECT propose_returns('2100-01-01')",
    "ask_to_join": "SELECT nullif(nullif(ask_to_join(%(new)s, %(patient)s, 'follows', ''), 'refused'), 'member')",
    "withdraw_join_request": "SELECT nullif(withdraw_join_request(%(asked)s), false)",
    "join_request_persons": "SELECT join_request_persons()",
    "patient_answers_request": "SELECT nullif(patient_answers_request(%(asked)s, true, 'x', %(new)s, %(new)s, 'x',"
    " 'x'), 'gone')",
    "my_circle_invitations": "SELECT my_circle_invitations('')",
    "answer_circle_invitation": "SELECT nullif(answer_circle_invitation(%(invited)s, '', true, %(new)s, %(new)s),"
    " 'gone')",
    "lift_record_opposition": "SELECT lift_record_opposition()",
    "open_emergency_access": "SELECT open_emergency_access(%(new)s, %(patient)s, 'x')",
    "open_samu_access": "SELECT open_samu_access(%(new)s, %(patient)s, 'x')",
    "why_not_founded": "SELECT why_not_founded(%(patient)s, '', '', '1939-04-02', 'F', '94028')",
    "oppose_creation": "SELECT oppose_creation(%(new)s, %(patient)s, now(), 'x', '', 'x')",
    "withdraw_creation_opposition": "SELECT withdraw_creation_opposition(%(patient)s, 'x', 'x')",
    "open_record": "SELECT open_record(%(patient)s)",
    "open_records": "SELECT nullif(open_records(ARRAY[%(patient)s]::uuid[]), '{}')",
    "surviving_patient": "SELECT surviving_patient(%(patient)s)",
    "surviving_identity": "SELECT surviving_identity(%(patient)s)",
    "identities_of_record": "SELECT nullif(identities_of_record(), '{}')",
    "identities_to_verify": "SELECT identities_to_verify(now(), 50)",
    "sweep_merges": "SELECT nullif(sweep_merges(), 0)",
    "merge_patients": "SELECT nullif(merge_patients(%(new)s, %(patient)s, %(other)s, 'x', 'x'), 'refused')",
    "delegations_behind": "SELECT delegations_behind(%(guardian)s)",
    "delegate_readers": "SELECT delegate_readers(ARRAY[%(patient)s]::uuid[], ARRAY[%(relative)s]::uuid[],"
    " ARRAY[%(guardian)s]::uuid[])",
    "own_patient": "SELECT nullif(own_patient(), %(other)s)",
    "answer_link_key": "SELECT answer_link_key('x')",
    "open_answer_link": "SELECT open_answer_link(%(new)s, 'x')",
    "answer_link_holds": "SELECT answer_link_holds(%(new)s)",
    "follow_ups_of_number": "SELECT follow_ups_of_number('+33639981234')",
    "answer_invitation": "SELECT answer_invitation('x', 'x', NULL)",
    "patient_removes": "SELECT patient_removes(%(period)s, 'x')",
    "patient_adds": "SELECT patient_adds(%(new)s, %(new)s, %(colin)s, 'x', 'x') WHERE own_patient() <> %(other)s",
    "gather_accesses": "SELECT nullif((gather_accesses(0)).up_to, 0)",
    "patient_addresses": "SELECT patient_addresses(ARRAY[%(patient)s]::uuid[])",
    "removal_addresses": "SELECT removal_addresses(ARRAY[%(period)s]::uuid[])",
    "account_history": "SELECT account_history(%(account)s, 100)",
    "sender_activity": "SELECT sender_activity()",
    "sent_document_patient": "SELECT patient FROM sent_document_patient(NULL, ARRAY['SENT-1']) AS patient"
    " WHERE patient IS NOT NULL",
    "sender_hours": "SELECT sender_hours()",
    "sender_errors": "SELECT sender_errors((SELECT id FROM interop_sendersystem LIMIT 1))",
    "alerts_due": "SELECT alert_id FROM alerts_due('2100-01-01', 9)",
    "cell_activity": "SELECT cell_activity(id, '2000-01-01', '2100-01-01') FROM telemonitoring_cell",
    "pathway_answers": "SELECT pathway_answers(id, '2000-01-01', 9) FROM questionnaires_pathwayversion",
    "remind_due_answers": "SELECT expected_id FROM remind_due_answers('2100-01-01', 9)",
    "colour_silences": "SELECT expected_id FROM colour_silences('2100-01-01', 9)",
    "follow_ups_over": "SELECT follow_up_id FROM follow_ups_over('2100-01-01', 9)",
    "follow_ups_resuming": "SELECT follow_up_id FROM follow_ups_resuming('2100-01-01', 9)",
    "found_record": "SELECT nullif(found_record(%(patient)s), false)",
}
PROFESSIONALS = {
    "search_patients", "match_patients", "look_alikes", "emergency_identity", "open_emergency_access",
    "why_not_founded", "ask_to_join",
}  # fmt: skip
ADMINISTRATION = {
    "account_history", "sender_activity", "sender_hours", "sender_errors", "pathway_answers", "cell_activity",
}  # fmt: skip
ANSWERED = {
    "brun": PROFESSIONALS,
    "identito": {*PROFESSIONALS, "surviving_patient", "merge_patients", "cell_activity"},
    "dpo": {*PROFESSIONALS, "emergency_initials", "cell_activity"},
    "admin": PROFESSIONALS | ADMINISTRATION,
    # Of another structure.
    "local_admin": PROFESSIONALS,
    "support": PROFESSIONALS - {"open_emergency_access", "ask_to_join"},
    "leon": set(),
    # Before anybody is known, the door asks for whom an account acts.
    "nobody": {"delegations_behind"},
    "job": {
        "delegate_readers",
        "propose_returns",
        "gather_accesses",
        "patient_addresses",
        "removal_addresses",
        "open_record",
        "open_records",
        "record_readers",
        "closed_readers",
        "ended_accesses",
        "restricted_readers",
        "knows_restricted",
        "users_to_tell",
        "match_patients",
        "emergency_addresses",
        "surviving_patient",
        "remind_due_answers",
        "colour_silences",
        "follow_ups_over",
        "follow_ups_resuming",
        "alerts_due",
    },
}


INVITED = NewInvitation(
    family_name="NOVA",
    given_name="Camille",
    profession=Profession.NURSE,
    email="nova@example.org",
    joins=True,
    why=Reason(reason=JoinReason.FOLLOWS),
)


def handed_over(giver, taker, *, accepts):
    """For a leave: what is accepted comes back."""
    with walls_down():
        periods = list(
            CareTeamParticipant.objects.filter(member_id=giver.person_id).values_list("pk", flat=True)
        )
    leave = timezone.localdate() + timedelta(days=20)
    proposal = Proposal(giver_id=giver.person_id, taker_id=taker.person_id, periods=periods, returns_on=leave)
    key = propose_hand_over(giver, proposal)
    with walls_down():
        items = list(HandOverItem.objects.filter(hand_over_id=key).values_list("pk", flat=True))
    if accepts:
        answer_hand_over(taker, key, items=items, accepts=True)
    return key


@pytest.mark.parametrize("name", ANSWERED)
def test_each_function_that_steps_over_the_policies_answers_those_it_is_for(cast, madeleine, name):
    """Asked about Madeleine by who is not of her circle."""
    access = actions.open_in_emergency(cast.urgentiste, madeleine.patient_id, reason=REASON)
    with walls_down():
        guardian = represented_by(madeleine, "Claire", DelegationBasis.GUARDIANSHIP)
        stored_response(madeleine.patient_id, madeleine.pk)
        period = CareTeamParticipant.objects.get(member_id=cast.amar.person_id).pk
        followed = (madeleine.patient_id, madeleine.pk, cast.urgentiste.organization_id)
        stored_follow_up(*followed)
        stored_follow_up(*followed, state="suspended", resumes_on=timezone.localdate())
    hand_over = handed_over(cast.amar, cast.urgentiste, accepts=False)
    handed_over(cast.ines, cast.urgentiste, accepts=True)
    asked = ask_to_join(cast.jules, madeleine.patient_id, why=Reason(reason=JoinReason.FOLLOWS))
    invited = invite(cast.amar, madeleine.pk, invitation=INVITED).pk
    with walls_down():
        item = HandOverItem.objects.get(hand_over_id=hand_over).pk
        put_out = join(madeleine, practitioner_id=cast.colin.person_id)
        CareTeamParticipant.objects.filter(pk=put_out.pk).update(suspended_at=timezone.now())
    values = {
        "hand_over": hand_over,
        "item": item,
        "asked": asked,
        "invited": invited,
        "patient": madeleine.patient_id,
        "person": cast.amar.person_id,
        "account": cast.amar.user_id,
        "structure": cast.amar.organization_id,
        "access": access.pk,
        "new": new_id(),
        "other": cast.leon_record.patient_id,
        "guardian": guardian.user_id,
        "relative": guardian.person_id,
        "period": period,
        "colin": cast.colin.person_id,
    }
    with rls.acting(cast.amar):
        audit.record(cast.amar, LOGIN)
    wire.receive(wire.connect(), b"not a message")
    others = {
        "job": Actor.job("tests"),
        "nobody": None,
        "admin": replace(cast.brun, duties=frozenset({"administrator"})),
        "local_admin": replace(cast.brun, duties=frozenset({"local_administrator"})),
        "support": replace(cast.brun, duties=frozenset({"support_agent"})),
    }
    actor = others.get(name, cast.actors.get(name))
    answered = set()
    for question, statement in QUESTIONS.items():
        with transaction.atomic():
            if actor is None:
                found = _answers(statement, values)
            else:
                with rls.acting(actor):
                    found = _answers(statement, values)
            transaction.set_rollback(True)
        answered |= {question} if found else set()

    assert answered == ANSWERED[name]


def _answers(statement, values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row for row in cursor.fetchall() if row[0] is not None]
