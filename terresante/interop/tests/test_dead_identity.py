"""A merged identity leads to the one that goes on at every door, and what was being written under it follows."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from terresante.care_team.models import CareTeamParticipant, Consent
from terresante.care_team.queries import log
from terresante.interop.tests import wire
from terresante.interop.tests.launches import call, software, token
from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import Event
from terresante.notifications.queries import users_to_tell
from terresante.patients.events import IdentitiesMerged
from terresante.patients.handlers import gather_what_came_meanwhile
from terresante.patients.merge_actions import merge_identities, sweep_merges, unmerge_identities
from terresante.patients.models import CareRecord, Patient, RelatedPerson, SourceIdentity
from terresante.patients.tests import clinical_rows, two_persons
from terresante.stays.models import Encounter
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

WHY = "Même personne, deux saisies"
INS = "239049402800184"
OID = "1.2.250.1.213.1.4.10"


@pytest.fixture
def pair(cast):
    kept, dead = two_persons.two_persons(1)
    return SimpleNamespace(kept=kept, dead=dead)


@pytest.fixture
def twice(cast):
    """Madeleine entered once more, as Rosalie, with the matricule and a record of Dr Brun's; nobody knows it yet."""
    with walls_down():
        patient = two_persons.patient_of("Rosalie")
        Patient.objects.filter(pk=patient.pk).update(ins=INS, ins_oid=OID, identity_status="QUAL")
        record = CareRecord.objects.create(patient=patient, holder_id=cast.brun.organization_id)
        CareTeamParticipant.objects.create(
            patient=patient, record=record, practitioner_id=cast.brun.person_id, added_by_name="essai"
        )
    return SimpleNamespace(patient=patient, record=record)


def merged(cast, twice):
    return merge_identities(
        cast.identito, cast.madeleine_record.patient_id, dead_id=twice.patient.pk, reason=WHY
    )


def stay_of(person, source):
    return Encounter(
        patient_id=person.patient.pk,
        record_id=person.record.pk,
        source_identity=source,
        organization_id=person.organizations[0].pk,
        visit_number="RACE",
    )


def written_meanwhile(stay):
    """Another connection: it had read that the number is the dead identity's, and writes while the merge runs."""

    def write():
        with walls_down(), transaction.atomic():
            stay.save(force_insert=True)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return thread
        time.sleep(0.02)
    raise TimeoutError("the other connection did not wait for the merge")


def test_a_stay_written_while_its_person_is_merged_follows_and_comes_back(cast, pair):
    with walls_down():
        source = SourceIdentity.objects.filter(patient=pair.dead.patient).latest("pk")
    stay = stay_of(pair.dead, source)
    with transaction.atomic():
        merge_id = merge_identities(
            cast.identito, pair.kept.patient.pk, dead_id=pair.dead.patient.pk, reason=WHY
        )
        thread = written_meanwhile(stay)
    thread.join(30)
    with walls_down():
        stay.refresh_from_db()
    assert stay.patient_id == pair.dead.patient.pk

    with rls.acting(Actor.job("tests")):
        gather_what_came_meanwhile(
            [IdentitiesMerged(patient_id=pair.kept.patient.pk, dead_id=pair.dead.patient.pk)]
        )
        assert sweep_merges() == 0

    with walls_down():
        stay.refresh_from_db()
    assert (stay.patient_id, stay.record_id) == (pair.kept.patient.pk, pair.kept.record.pk)
    unmerge_identities(cast.identito, merge_id, to_dead=[], to_surviving=[], reason="Erreur de saisie")
    with walls_down():
        stay.refresh_from_db()
    assert (stay.patient_id, stay.record_id) == (pair.dead.patient.pk, pair.dead.record.pk)


def test_what_came_under_a_dead_identity_goes_to_the_last_of_a_chain(cast, pair):
    with walls_down():
        third = two_persons.patient_of("Rose")
    for kept, dead in ((pair.kept.patient, pair.dead.patient), (third, pair.kept.patient)):
        merge_identities(cast.identito, kept.pk, dead_id=dead.pk, reason=WHY)
    with walls_down():
        note = clinical_rows.note(pair.dead)
    with rls.acting(Actor.job("tests")):
        while sweep_merges():
            pass
    with walls_down():
        note.refresh_from_db()
    assert note.patient_id == third.pk


def test_an_opposition_said_meanwhile_under_the_dead_name_closes_the_whole_record(cast, twice):
    merged(cast, twice)
    with walls_down():
        Consent.objects.create(patient=twice.patient, kind="opposition_record", recorded_by_name="essai")
    with rls.acting(Actor.job("tests")):
        sweep_merges()

    assert client_of(cast.amar).get(f"/dossiers/{cast.madeleine_record.pk}/").status_code == 404


def test_nobody_but_a_job_sweeps(cast, twice):
    merged(cast, twice)
    with walls_down():
        relative = RelatedPerson.objects.create(patient=twice.patient, name="Une fille", relationship="child")
    for actor in (cast.amar, cast.brun, cast.identito, cast.madeleine):
        with rls.acting(actor):
            assert sweep_merges() == 0
    with walls_down():
        relative.refresh_from_db()
    assert relative.patient_id == twice.patient.pk


def test_links_lead_to_the_record_that_goes_on(cast, twice):
    merged(cast, twice)

    old, new = f"/dossiers/{twice.record.pk}/", f"/dossiers/{cast.madeleine_record.pk}/"
    assert client_of(cast.amar).get(old).headers["Location"] == new
    assert client_of(cast.jules).get(old).status_code == 404


def test_the_page_of_an_identity_leads_to_the_one_that_goes_on(cast, twice):
    merged(cast, twice)

    old, new = f"/identites/{twice.patient.pk}/", f"/identites/{cast.madeleine_record.patient_id}/"
    assert client_of(cast.ines).get(old).headers["Location"] == new
    assert client_of(cast.jules).get(old).status_code == 404
    assert "fusionnée" in client_of(cast.identito).get(old).content.decode()


def test_an_emergency_leads_to_the_one_that_goes_on(cast, twice):
    merged(cast, twice)

    new = f"/urgence/{cast.madeleine_record.patient_id}/"
    assert client_of(cast.urgentiste).get(f"/urgence/{twice.patient.pk}/").headers["Location"] == new


def test_a_search_by_the_former_name_finds_the_one_that_goes_on(cast, twice):
    merged(cast, twice)

    words = {"q": "Leroux Rosalie 02/04/1939"}
    mine, _, outside = (
        client_of(cast.amar).get("/recherche/", words).content.decode().partition("Hors de vos")
    )
    assert f"/dossiers/{cast.madeleine_record.pk}/" in mine
    assert "Madeleine" not in outside
    mine, _, outside = (
        client_of(cast.jules).get("/recherche/", words).content.decode().partition("Hors de vos")
    )
    assert "/dossiers/" not in mine.partition("<main")[2]
    assert "MADELEINE" in outside.upper()


def test_a_message_about_the_former_number_is_applied_to_the_one_that_goes_on(cast, twice):
    hospital = wire.connect()
    wire.know(twice.record, hospital)
    pid = wire.person(twice.record)
    merged(cast, twice)
    wire.receive(hospital, wire.stamped("A01", pid=pid))
    wire.apply()

    assert wire.states() == [("applied", "stay")]
    with walls_down():
        assert Encounter.objects.get().patient_id == cast.madeleine_record.patient_id


def test_a_call_by_the_former_number_or_matricule_opens_the_one_that_goes_on(client, cast, twice):
    key = software(cast)
    merged(cast, twice)

    by_matricule = {"ipp": None, "ins": {"value": INS, "oid": OID}}
    for patient in ({}, by_matricule):
        answer = call(client, token(key, patient=patient))
        assert answer.headers["Location"] == f"/dossiers/{cast.madeleine_record.pk}/", patient


def test_what_is_told_under_the_former_identity_reaches_the_circle_of_the_one_that_goes_on(cast, twice):
    merged(cast, twice)

    told = Event(patient_id=twice.patient.pk)
    with rls.acting(Actor.job("live"), read_only=True):
        (readers,) = ports.live_readers([told], [cast.amar, cast.jules, cast.madeleine, cast.leon])
        (persons,) = users_to_tell([Event(patient_id=twice.patient.pk)])
    assert readers == {cast.amar.correlation_id, cast.madeleine.correlation_id}
    assert {cast.amar.user_id, cast.brun.user_id} <= {person.user_id for person in persons}
    assert cast.jules.user_id not in {person.user_id for person in persons}


def names_in_log(actor, record):
    with rls.acting(actor, read_only=True):
        rls.open_record(record.patient_id)
        return {line.name for line in log.accesses_of(actor, record.patient_id).lines}


def test_the_access_log_tells_what_was_read_under_the_former_identity(cast, twice):
    assert client_of(cast.brun).get(f"/dossiers/{twice.record.pk}/").status_code == 200
    before = names_in_log(cast.amar, cast.madeleine_record)
    assert cast.brun.name not in before
    merge_id = merged(cast, twice)

    for actor in (cast.amar, cast.madeleine):
        assert cast.brun.name in names_in_log(actor, cast.madeleine_record)
    assert names_in_log(cast.jules, cast.madeleine_record) == set()
    page = client_of(cast.amar).get(f"/dossiers/{cast.madeleine_record.pk}/acces/").content.decode()
    assert cast.brun.name in page

    unmerge_identities(cast.identito, merge_id, to_dead=[], to_surviving=[], reason="Erreur de saisie")
    assert cast.brun.name not in names_in_log(cast.amar, cast.madeleine_record)
    assert cast.brun.name in names_in_log(cast.brun, twice.record)


def test_no_other_record_s_log_is_read_that_way(cast, twice):
    """Léon's nurse, with her own open record, sees nothing of what was done under Madeleine's former identity."""
    client_of(cast.brun).get(f"/dossiers/{twice.record.pk}/")
    merged(cast, twice)

    with rls.acting(cast.jules, read_only=True):
        rls.open_record(cast.leon_record.patient_id)
        seen = log.accesses_of(cast.jules, cast.madeleine_record.patient_id)
    assert seen.lines == []
