from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from terresante.care_team.access import RECORD_READ
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess, FirstAccess
from terresante.care_team.queries import gathered_accesses
from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes.models import Note
from terresante.patients.desk_queries import rows_since
from terresante.patients.merge_actions import merge_identities, unmerge_identities
from terresante.patients.models import CareRecord, IdentityMerge, MergedRow, Patient, SourceIdentity
from terresante.patients.queries import surviving_patient, surviving_record
from terresante.patients.tests import clinical_rows, two_persons
from terresante.patients.tests.every_row import everything, rows_of
from terresante.stays.models import Encounter
from tests.walls import walls_down

pytestmark = pytest.mark.commits

WHY = "Même personne, deux saisies"
# Said of one identity, whatever becomes of it.
OF_ONE_IDENTITY = {
    "kernel_auditentry",
    "kernel_outboxevent",
    "patients_identitychange",
    "patients_insicall",
    "patients_potentialduplicate",
    "patients_identitymerge",
}


@pytest.fixture
def pair(cast):
    kept, dead = two_persons.two_persons(1)
    return SimpleNamespace(kept=kept, dead=dead)


def merged(actor, pair):
    return merge_identities(actor, pair.kept.patient.pk, dead_id=pair.dead.patient.pk, reason=WHY)


def undone(actor, merge_id, *, to_dead=(), to_surviving=()):
    return unmerge_identities(
        actor, merge_id, to_dead=to_dead, to_surviving=to_surviving, reason="Erreur de saisie"
    )


@pytest.mark.parametrize("name", ["amar", "dpo", "samira", "madeleine"])
def test_nobody_but_the_identity_desk_merges(cast, pair, name):
    before = everything()

    with pytest.raises((NotFound, Refused)):
        merged(getattr(cast, name), pair)

    assert everything() == before


def test_the_function_itself_refuses_who_is_not_the_desk(cast, pair):
    before = everything()
    with rls.acting(cast.amar), connection.cursor() as cursor:
        cursor.execute(
            "SELECT merge_patients(gen_random_uuid(), %s, %s, 'essai', 'essai')",
            [pair.kept.patient.pk, pair.dead.patient.pk],
        )
        answer = cursor.fetchone()[0]

    assert answer == "refused"
    assert everything() == before


@pytest.mark.parametrize("name", ["amar", "dpo", "madeleine"])
def test_nobody_but_the_identity_desk_takes_a_merge_back(cast, pair, name):
    merge_id = merged(cast.identito, pair)

    with pytest.raises((NotFound, Refused)):
        undone(getattr(cast, name), merge_id)

    with walls_down():
        assert IdentityMerge.objects.get().unmerged_at is None


def test_the_desk_still_reads_nothing_clinical(cast, pair):
    merged(cast.identito, pair)

    with rls.acting(cast.identito), connection.cursor() as cursor:
        for table in ("notes_note", "stays_encounter", "feed_feeditem", "care_team_careteamparticipant"):
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- our own name
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT has_table_privilege('terresante_app', 'patients_mergedrow', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_every_table_of_a_patient_takes_part_in_a_merge(cast):
    """A new one is merged by itself; it needs a line in `two_persons.MAKERS`, so that its way back is proved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM merged_tables()")
        moved = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND a.attname = 'patient_id' AND NOT a.attisdropped"
        )
        of_patients = {name for (name,) in cursor.fetchall()}

    assert moved | OF_ONE_IDENTITY == of_patients
    assert moved == set(two_persons.MAKERS)


@pytest.mark.parametrize("seed", range(8))
def test_a_merge_taken_back_gives_everything_back_to_the_letter(cast, seed):
    kept, dead = two_persons.two_persons(seed)
    before = everything()
    mine, theirs = rows_of(kept.patient), rows_of(dead.patient)

    merge_id = merged(cast.identito, SimpleNamespace(kept=kept, dead=dead))
    together, behind = rows_of(kept.patient), rows_of(dead.patient)
    changed = everything()
    undone(cast.identito, merge_id)

    assert changed != before
    # What stays behind is what the surviving identity already had.
    assert set(behind) <= {
        *("care_team_namedreader", "care_team_joinrequest"),
        *("patients_carerecord", "feed_readcursor", "interop_identitydecision"),
        "care_team_firstaccess",
    }
    for table in mine | theirs:
        assert together.get(table, 0) + behind.get(table, 0) == mine.get(table, 0) + theirs.get(table, 0), (
            table
        )
    assert everything() == before


def test_every_member_reaches_the_record_that_goes_on_and_nobody_the_other(cast, pair):
    with walls_down():
        members = set(
            CareTeamParticipant.objects.filter(ended_at__isnull=True).values_list("member_id", flat=True)
        )
    merged(cast.identito, pair)

    with walls_down():
        rows = CareTeamParticipant.objects.filter(ended_at__isnull=True)
        assert set(rows.values_list("member_id", flat=True)) == members
        assert not rows.filter(patient=pair.dead.patient).exists()
        assert not Note.objects.exclude(record__patient=pair.kept.patient).exists()


def test_an_opposition_said_under_one_name_closes_the_whole_record(cast, pair):
    with walls_down():
        Consent.objects.all().delete()
        Consent.objects.create(patient=pair.dead.patient, kind="opposition_record", recorded_by_name="essai")
    merged(cast.identito, pair)

    with walls_down():
        open_ones = CareTeamParticipant.objects.filter(patient=pair.kept.patient, ended_at__isnull=True)
        assert open_ones.exists()
        assert not open_ones.filter(suspended_at__isnull=True).exists()
        assert not EmergencyAccess.objects.filter(
            patient=pair.kept.patient, expires_at__gt=timezone.now()
        ).exists()


def test_a_merge_leaves_its_trace_and_tells_it(cast, pair):
    merge_id = merged(cast.identito, pair)

    with walls_down():
        entries = AuditEntry.objects.filter(action="identity.merge", object_id=merge_id)
        assert set(entries.values_list("patient_id", flat=True)) == {
            pair.kept.patient.pk,
            pair.dead.patient.pk,
        }
        event = OutboxEvent.objects.get(kind="IdentitiesMerged")
        assert event.patient_id == pair.kept.patient.pk
        # Keys and states only: what rows say stays in them.
        noted = MergedRow.objects.filter(table_name="notes_note").values_list("before", flat=True)
        assert {key for row in noted for key in row} <= {"patient_id", "record_id"}


def test_a_reason_is_asked(cast, pair):
    with pytest.raises(Invalid):
        merge_identities(cast.identito, pair.kept.patient.pk, dead_id=pair.dead.patient.pk, reason=" ")


def test_an_identity_is_not_merged_into_itself_nor_twice(cast, pair):
    with pytest.raises(NotFound):
        merge_identities(cast.identito, pair.kept.patient.pk, dead_id=pair.kept.patient.pk, reason=WHY)
    merge_id = merged(cast.identito, pair)
    with pytest.raises((NotFound, Refused)):
        merged(cast.identito, pair)
    undone(cast.identito, merge_id)
    with pytest.raises((NotFound, Refused)):
        undone(cast.identito, merge_id)


def test_what_was_written_since_is_put_before_a_person(cast, pair):
    with walls_down():
        source = SourceIdentity.objects.filter(patient=pair.dead.patient).latest("pk")
    merge_id = merged(cast.identito, pair)
    since = pair.kept
    with walls_down():
        note = clinical_rows.note(since)
        fact_of_note = clinical_rows.fact(since, note.pk)
        stay_of_dead = Encounter.objects.create(
            patient=since.patient,
            record=since.record,
            source_identity=source,
            organization=since.organizations[0],
            visit_number="V1",
        )
        movement = clinical_rows.movement(since, stay_of_dead)
        fact_of_stay = clinical_rows.fact(since, movement.pk)
    with rls.acting(cast.identito):
        asked = rows_since(merge_id)

    # The stay, its movement and its fact follow the number of the hospital; the fact of the note follows the note.
    assert [(row.table, row.row_id) for row in asked] == [("notes_note", note.pk)]
    with pytest.raises(Conflict, match="destinataire"):
        undone(cast.identito, merge_id)
    undone(cast.identito, merge_id, to_dead=[note.pk])

    with walls_down():
        for row in (note, fact_of_note, stay_of_dead, movement, fact_of_stay):
            row.refresh_from_db()
            assert row.patient_id == pair.dead.patient.pk
        assert note.record_id == stay_of_dead.record_id == pair.dead.record.pk


def test_what_is_given_to_the_one_that_goes_on_stays(cast, pair):
    merge_id = merged(cast.identito, pair)
    with walls_down():
        note = clinical_rows.note(pair.kept)
    undone(cast.identito, merge_id, to_surviving=[note.pk])

    with walls_down():
        note.refresh_from_db()
        assert (note.patient_id, note.record_id) == (pair.kept.patient.pk, pair.kept.record.pk)


def test_who_only_looked_since_is_not_put_before_anybody(cast, pair):
    """His first access is gathered from the trail a moment later: the desk may be undoing the merge by then."""
    merge_id = merged(cast.identito, pair)
    with walls_down():
        FirstAccess.objects.create(
            patient=pair.kept.patient, practitioner_id=cast.brun.person_id, at=timezone.now()
        )
    with rls.acting(cast.identito):
        assert rows_since(merge_id) == []
    undone(cast.identito, merge_id)

    with walls_down():
        assert FirstAccess.objects.filter(
            patient=pair.kept.patient, practitioner_id=cast.brun.person_id
        ).exists()


def test_what_the_trail_tells_after_a_merge_does_not_keep_it_from_being_undone(cast, pair):
    """His first access went with the merge: a second one, of the identity that was merged, stood in its way."""
    first = {"patient_id": pair.dead.patient.pk, "practitioner_id": cast.brun.person_id}
    with walls_down():
        FirstAccess.objects.create(**first, at=timezone.now())
    with rls.acting(Actor.job("accesses")):
        known = gathered_accesses(after=0).up_to
    with rls.acting(cast.brun):
        audit.record(cast.brun, RECORD_READ, patient_id=pair.dead.patient.pk)
    merge_id = merged(cast.identito, pair)
    with rls.acting(Actor.job("accesses")):
        assert gathered_accesses(after=known).firsts == []

    undone(cast.identito, merge_id)

    with walls_down():
        assert FirstAccess.objects.filter(**first).count() == 1


def test_what_changed_since_keeps_its_change(cast, pair):
    """Somebody who left since does not come back: only what the merge changed is put back."""
    merge_id = merged(cast.identito, pair)
    with walls_down():
        moved = MergedRow.objects.filter(
            table_name="care_team_careteamparticipant", is_of_dead=True, before__has_key="patient_id"
        ).exclude(before__has_key="ended_at")
        left = CareTeamParticipant.objects.filter(
            pk__in=moved.values("row_id"), ended_at__isnull=True
        ).earliest("pk")
        CareTeamParticipant.objects.filter(pk=left.pk).update(ended_at=timezone.now())
    undone(cast.identito, merge_id)

    with walls_down():
        left.refresh_from_db()
        assert left.patient_id == pair.dead.patient.pk
        assert left.ended_at is not None


def test_a_later_merge_is_taken_back_first(cast, pair):
    with walls_down():
        third = two_persons.patient_of("Rose")
    before = everything()
    first = merged(cast.identito, pair)
    second = merge_identities(cast.identito, third.pk, dead_id=pair.kept.patient.pk, reason=WHY)

    with rls.acting(cast.identito):
        assert surviving_patient(pair.dead.patient.pk) == third.pk
    with pytest.raises(Conflict, match="plus récente"):
        undone(cast.identito, first)
    undone(cast.identito, second)
    undone(cast.identito, first)

    assert everything() == before


def test_links_to_the_dead_record_lead_to_the_other_for_who_reaches_it(cast):
    with walls_down():
        twice = two_persons.patient_of("Madeleine")
        old = CareRecord.objects.create(patient=twice, holder_id=cast.amar.organization_id)
    merge_identities(cast.identito, cast.madeleine_record.patient_id, dead_id=twice.pk, reason=WHY)

    for actor, kept in ((cast.amar, cast.madeleine_record.pk), (cast.brun, None), (cast.identito, None)):
        with rls.acting(actor):
            assert surviving_record(old.pk) == kept
    with rls.acting(cast.madeleine):
        assert surviving_record(old.pk) == cast.madeleine_record.pk
    with walls_down():
        assert Patient.objects.get(pk=twice.pk).merged_into_id == cast.madeleine_record.patient_id
