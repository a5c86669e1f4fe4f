"""Two real transactions in the same instant, one of which waits for the other."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from terresante.interop.tests.wire import another_process

SECONDS = 60


class Beside:
    """Another process, in its own transactions."""

    def __init__(self, act):
        self._pool = ThreadPoolExecutor(1)
        self._done = self._pool.submit(self._run, act)

    def _run(self, act):
        try:
            act()
        finally:
            connections.close_all()

    def waits_or_ends(self):
        until = time.monotonic() + SECONDS
        while not self._done.done() and time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                    " WHERE NOT granted AND datname = current_database()"
                )
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.02)

    def ends(self):
        """Raises what it raised."""
        self._done.result(SECONDS)
        self._pool.shutdown()


def pause(monkeypatch, module, name):
    """The first call of a function, once done, keeps its transaction open until it is let go: (done, go)."""
    done, go = threading.Event(), threading.Event()
    real = getattr(module, name)

    def slow(*args, **kwargs):
        result = real(*args, **kwargs)
        if not done.is_set():
            done.set()
            assert go.wait(SECONDS)
        return result

    monkeypatch.setattr(module, name, slow)
    return done, go


class Crossing:
    """A transaction that whoever calls `meet` crosses, once: PostgreSQL finds the circle, and rolls the caller back."""

    def __enter__(self):
        self._door = another_process()
        self._other = self._door.__enter__()
        # Whose wait closes the circle finds it, after a second: never this one.
        self._other.execute("SET deadlock_timeout = '10min'")
        self._hold(self._other, 2)
        self._beside = None
        return self

    def __exit__(self, *raised):
        if self._beside is not None:
            self._beside.ends()
        self._door.__exit__(*raised)

    def meet(self):
        """In the caller's transaction."""
        with connection.cursor() as cursor:
            self._hold(cursor, 1)
            if self._beside is None:
                self._beside = Beside(self._take_and_end)
                self._beside.waits_or_ends()
            self._hold(cursor, 2)

    def _take_and_end(self):
        self._hold(self._other, 1)
        self._other.commit()

    @staticmethod
    def _hold(cursor, number):
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
