"""The worker looks often while there is work, seldom when none comes, and never lets what has come wait for long."""

import threading
from functools import partial

import pytest
from django.db import connection

from terresante.kernel import dispatcher, events, rls
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import QUIET_SECONDS, Loop, Pace
from terresante.kernel.management.commands import worker
from terresante.kernel.models import HandlerCursor
from terresante.kernel.tests.test_events import Rang
from tests.walls import wait_for_older_transactions


class Clock(threading.Event):
    """Whose waits take no time: it keeps how long each would have been, and stops after so many."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._most = waits

    def wait(self, timeout=None):
        self.waited.append(timeout)
        if len(self.waited) == self._most:
            self.set()
        return self.is_set()


@pytest.fixture
def _no_database(monkeypatch):
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)


def run(step, *, idle, waits):
    clock = Clock(waits)
    worker._run(Loop("tests.loop", step, idle), clock)
    return clock.waited


@pytest.mark.usefixtures("_no_database")
def test_a_loop_without_work_looks_less_and_less_often_down_to_four_times_a_second():
    waited = run(lambda: 0, idle=0.05, waits=30)

    assert waited[0] == 0.05
    assert waited == sorted(waited)
    assert waited[-1] == QUIET_SECONDS == 0.25


@pytest.mark.usefixtures("_no_database")
def test_a_loop_that_found_work_looks_again_at_once_then_soon():
    found = iter([*[0] * 20, 3, *[0] * 20])
    waited = run(partial(next, found), idle=0.05, waits=21)

    assert waited[19] == QUIET_SECONDS
    assert waited[20] == 0.05, "after work it did not wait, and then as little as at its start"


@pytest.mark.usefixtures("_no_database")
def test_a_loop_slower_than_that_keeps_its_own_time():
    assert set(run(lambda: 0, idle=3600, waits=5)) == {3600}


@pytest.mark.parametrize(("of_pages", "of_worker"), [(4, 15), (40, 40)])
def test_each_thread_of_the_worker_has_a_connection_of_its_own(monkeypatch, of_pages, of_worker):
    """With those that pages need, messages of hospitals waited for seconds behind loops that do nothing."""
    pool = {"min_size": 1, "max_size": of_pages}
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", pool)

    worker._make_room(13)

    assert pool == {"min_size": 1, "max_size": of_worker}


def test_who_waits_is_called_at_once():
    called, pace = threading.Event(), Pace(3600)
    threading.Timer(0.05, called.set).start()

    pace.wait(called)

    assert called.is_set()


@pytest.mark.usefixtures("_no_database")
def test_what_a_loop_did_calls_the_dispatcher():
    dispatcher.emitted.clear()
    found = iter([1, 0])
    run(partial(next, found), idle=0.05, waits=1)

    assert dispatcher.emitted.is_set()


@pytest.fixture
def elected():
    """Who tries to dispatch keeps the lock for its session; whatever comes after this test may want it."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


@pytest.mark.commits
@pytest.mark.usefixtures("elected")
def test_a_dispatcher_that_starts_carries_what_another_numbered_and_left(monkeypatch):
    heard: list[int] = []
    listen = lambda batch: heard.extend(event.number for event in batch)  # noqa: E731 -- a handler of one line
    monkeypatch.setattr(events, "_handlers", {"tests.listen": (Rang, listen)})
    HandlerCursor.objects.create(handler="tests.listen", position=0)
    with rls.acting(Actor.job("tests")):
        events.emit(Actor.job("tests"), Rang(number=7))
    wait_for_older_transactions()
    dispatcher.number_ready()
    rounds = iter([False, True])

    dispatcher.run_forever(partial(next, rounds))

    assert heard == [7]


@pytest.mark.commits
@pytest.mark.usefixtures("elected")
def test_an_idle_dispatcher_asks_nothing_about_its_handlers(monkeypatch):
    rounds = iter([*[False] * 2, True])
    dispatcher.run_forever(partial(next, iter([False, True])))
    monkeypatch.setattr(Pace, "wait", lambda _pace, _called: None)
    asked: list[str] = []

    def listen(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        dispatcher.run_forever(partial(next, rounds))

    assert len([sql for sql in asked if "kernel_handlercursor" in sql]) == 1, "at its start only"
