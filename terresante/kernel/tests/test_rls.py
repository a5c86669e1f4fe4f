"""The context of the policies lives as long as its transaction, and belongs to one actor."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg_pool import ConnectionPool

from terresante.directory.models import Organization
from terresante.feed.models import FeedItem
from terresante.kernel import rls, together
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord, IdentityDomain, SourceIdentity
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def person() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.person', true), '')")
        return str(cursor.fetchone()[0])


def test_the_context_ends_with_its_transaction(cast):
    with rls.acting(cast.amar):
        assert person() == str(cast.amar.person_id)

    assert person() == ""
    assert not CareRecord.objects.exists()


def test_a_nested_actor_gives_the_context_back(cast):
    with rls.acting(cast.amar):
        rls.open_record(cast.madeleine_record.patient_id)
        with rls.acting(cast.brun):
            assert person() == str(cast.brun.person_id)
            assert CareRecord.objects.get() == cast.leon_record

        assert person() == str(cast.amar.person_id)
        assert CareRecord.objects.get() == cast.madeleine_record
    assert person() == ""


def test_a_nested_actor_that_fails_gives_the_context_back(cast):
    with rls.acting(cast.amar):
        with pytest.raises(ZeroDivisionError), rls.acting(cast.brun):
            raise ZeroDivisionError

        assert person() == str(cast.amar.person_id)
    assert person() == ""


def test_a_record_opened_by_one_actor_is_not_open_to_the_next(cast):
    job = Actor.job("tests")
    with rls.acting(job):
        rls.open_record(cast.madeleine_record.patient_id)
        with rls.acting(cast.brun):
            assert not CareRecord.objects.filter(pk=cast.madeleine_record.pk).exists()

        assert CareRecord.objects.get() == cast.madeleine_record


def test_the_next_user_of_a_pooled_connection_finds_nobody(cast):
    """One connection for two requests, as under load: what the first set is gone when it commits or fails."""
    found = connection.get_connection_params()
    wanted = {key: found[key] for key in ("dbname", "user", "password", "host", "port") if found.get(key)}
    local = f"SELECT set_config('app.person', '{cast.amar.person_id}', true)"
    read = "SELECT pg_backend_pid(), coalesce(current_setting('app.person', true), '')"
    with ConnectionPool(kwargs=wanted, min_size=1, max_size=1, open=True) as pool:
        with pool.connection() as first:
            first.execute(local)
            before = first.execute(read).fetchall()
        with pytest.raises(ZeroDivisionError), pool.connection() as failing:
            failing.execute(local)
            raise ZeroDivisionError
        with pool.connection() as second:
            after = second.execute(read).fetchall()

    backend = before[0][0]
    assert before == [(backend, str(cast.amar.person_id))]
    assert after == [(backend, "")]


def test_a_read_only_page_cannot_write(cast):
    with pytest.raises(Exception, match="read-only"), rls.acting(cast.amar, read_only=True):
        rls.open_record(cast.madeleine_record.patient_id)
        CareRecord.objects.update(programme="autre")


def known_to_a_hospital(record, name):
    with walls_down():
        organization = Organization.objects.create(name=name, kind="public_hospital", source="local")
        domain = IdentityDomain.objects.create(authority=name, name=name, organization=organization)
        SourceIdentity.objects.create(domain=domain, value="P1", patient_id=record.patient_id)
    return Actor(kind=ActorKind.GATEWAY, name=name, organization_id=organization.pk)


def test_a_gateway_opens_together_those_it_knows_and_no_other(cast):
    both = [cast.madeleine_record.patient_id, cast.leon_record.patient_id]
    first = known_to_a_hospital(cast.madeleine_record, "first")
    second = known_to_a_hospital(cast.leon_record, "second")

    with rls.acting(first):
        assert rls.open_records(both) == {cast.madeleine_record.patient_id}
        assert CareRecord.objects.get() == cast.madeleine_record
        with rls.acting(second):
            assert not CareRecord.objects.exists()
            assert rls.open_records(both) == {cast.leon_record.patient_id}
            assert CareRecord.objects.get() == cast.leon_record
        assert CareRecord.objects.get() == cast.madeleine_record
        rls.open_records([])
        assert not CareRecord.objects.exists()
    assert not CareRecord.objects.exists()


def test_only_gateways_and_jobs_open_records_together(cast):
    both = [cast.madeleine_record.patient_id, cast.leon_record.patient_id]
    for actor in (cast.brun, cast.madeleine, cast.identito, cast.dpo):
        with rls.acting(actor):
            seen = set(CareRecord.objects.values_list("pk", flat=True))
            assert rls.open_records(both) == set()
            assert set(CareRecord.objects.values_list("pk", flat=True)) == seen
    with rls.acting(Actor.job("tests")):
        assert rls.open_records(both) == set(both)


def test_a_gateway_writes_no_stay_of_a_person_it_did_not_open(cast):
    hospital = known_to_a_hospital(cast.madeleine_record, "first")
    theirs = FeedItem(
        patient_id=cast.leon_record.patient_id,
        kind="admission",
        object_id=new_id(),
        occurred_at=timezone.now(),
        data_class="stay",
    )
    with rls.acting(hospital):
        rls.open_records([cast.madeleine_record.patient_id, cast.leon_record.patient_id])
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            together.insert([theirs])
    with walls_down():
        assert not FeedItem.objects.filter(pk=theirs.pk).exists()
