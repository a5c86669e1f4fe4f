"""The context of the policies lives as long as its transaction, and belongs to one actor."""

import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord

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
