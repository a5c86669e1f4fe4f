"""Everything that no page waits for, in one process that can be started several times."""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections, connection
from procrastinate.contrib.django import app

from terresante.kernel import dispatcher
from terresante.kernel.jobs import Loop, Pace, loops

log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0
# Python's own is 5 ms, which the dispatcher would wait after each answer of the database while messages are applied.
_SWITCH_SECONDS = 0.0005
# Connections of the scheduled jobs, which run in threads of their own.
_OF_JOBS = 2


class Command(BaseCommand):
    help = "Runs the dispatcher, the loops of the apps and the scheduled jobs."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threads = [_thread("dispatcher", lambda: dispatcher.run_forever(stop.is_set), stop)]
        threads += [_thread(each.name, partial(_run, each, stop), stop) for each in loops.values()]
        threads.append(threading.Thread(target=_run_scheduled, name="scheduled", daemon=True))
        _make_room(len(threads))
        for thread in threads:
            thread.start()
        while not stop.wait(0.5):
            dead = [thread.name for thread in threads if not thread.is_alive()]
            if dead:
                stop.set()
                raise CommandError(f"the worker stops: {', '.join(dead)} ended unexpectedly")
        for thread in threads[:-1]:
            thread.join(timeout=5)


def _make_room(threads: int) -> None:
    """A thread keeps its connection while it waits: the pool, whose size is that of pages, has one for each."""
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool is not None:
        pool["max_size"] = max(pool["max_size"], threads + _OF_JOBS)


def _thread(name: str, work: Callable[[], None], stop: threading.Event) -> threading.Thread:
    return threading.Thread(target=lambda: _survive(name, work, stop), name=name, daemon=True)


def _survive(name: str, work: Callable[[], None], stop: threading.Event) -> None:
    """A lost database is waited for; any other error ends the thread, and with it the process, in the open."""
    while not stop.is_set():
        try:
            work()
        except DatabaseError as error:
            log.warning("%s: the database failed (%s), trying again", name, type(error).__name__)
            connection.close()
            stop.wait(_PATIENCE_SECONDS)
    connection.close()


def _run(loop: Loop, stop: threading.Event) -> None:
    pace = Pace(loop.idle)
    while not stop.is_set():
        close_old_connections()
        if loop.step():
            dispatcher.emitted.set()
            pace.quicken()
        else:
            pace.wait(stop)


def _run_scheduled() -> None:
    asyncio.run(_scheduled())


async def _scheduled() -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector
    jobs = app.with_connector(connector)
    async with jobs.open_async():
        await jobs.run_worker_async(install_signal_handlers=False, delete_jobs="successful")
