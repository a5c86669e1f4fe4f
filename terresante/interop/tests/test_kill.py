import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from terresante.feed.models import FeedItem
from terresante.interop.hl7v2.tests.messages import PV1
from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.stays.models import Encounter, EncounterMovement
from tests.cast import shared_record
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.long]

ROOT = Path(__file__).resolve().parents[3]
BURST = 400


def environment():
    """Of a process of its own on the database of this test."""
    known = connection.settings_dict
    login = f"{quote(known['USER'])}:{quote(known['PASSWORD'])}"
    url = f"postgresql://{login}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "TERRESANTE_TESTING": "1", "PYTHONPATH": str(ROOT)}


def started(command):
    """The real `terresante <command>`, on the database of this test."""
    return subprocess.Popen(  # noqa: S603 -- our own command, named by the test
        [sys.executable, "-m", "config.console", command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def listening(port):
    process = started("mllp")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the listener did not start")


def acknowledged(port, raws, *, until=None, kill=None):
    """The control ids acknowledged AA, stopping (and killing) after `until` of them."""
    found: list[str] = []
    decoder = Decoder()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire_:
        waiting = iter(raws)
        for raw in islice(waiting, 60):
            wire_.sendall(framed(raw))
        while len(found) < len(raws):
            try:
                content = wire_.recv(65536)
            except OSError:
                break
            if not content:
                break
            for piece in decoder.feed(content):
                code, control_id = piece.content.decode().split("\r")[1].split("|")[1:3]
                assert code == "AA"
                found.append(control_id)
                raw = next(waiting, None)
                try:
                    if raw is not None:
                        wire_.sendall(framed(raw))
                except OSError:
                    return found
            if until is not None and len(found) >= until and kill is not None:
                os.kill(kill, signal.SIGKILL)
                until = None
    return found


def test_a_listener_killed_in_a_burst_loses_nothing_acknowledged_and_doubles_nothing(cast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hospital = wire.connect(port=port)
    wire.know(cast.madeleine_record, hospital)
    pid = wire.person(cast.madeleine_record)
    raws = [wire.stamped("A01", pid=pid, control_id=f"K{n}") for n in range(BURST)]

    first = listening(port)
    told = acknowledged(port, raws, until=BURST // 3, kill=first.pid)
    first.wait()
    first.stdout.close()

    with walls_down():
        stored = set(InboundMessage.objects.values_list("control_id", flat=True))
    assert BURST // 3 <= len(told) < BURST
    assert set(told) <= stored

    second = listening(port)
    assert len(acknowledged(port, raws)) == BURST
    with socket.create_connection(("127.0.0.1", port)):
        second.terminate()
        assert second.wait(timeout=5) == 0
    second.stdout.close()

    with walls_down():
        assert InboundMessage.objects.count() == BURST
    while wire.apply():
        pass
    with walls_down():
        assert InboundMessage.objects.filter(state="applied").count() == BURST
        assert EncounterMovement.objects.count() == 1


def applied():
    with walls_down():
        return InboundMessage.objects.filter(state="applied").count()


def applying_some(more):
    """A worker that has settled at least `more` messages, or the last ones."""
    worker, wanted = started("worker"), min(applied() + more, BURST)
    deadline = time.monotonic() + 90
    while applied() < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return worker


def test_workers_killed_while_they_apply_lose_nothing_and_apply_nothing_twice(cast):
    hospital = wire.connect()
    with walls_down():
        records = [shared_record(cast.amar, f"ESSAI{n}", f"P{n}", date(1940, 5, 6)) for n in range(20)]
    for number, record in enumerate(records):
        wire.know(record, hospital, value=f"P{number}")
    pids = [wire.person(record).replace("P1^", f"P{n}^") for n, record in enumerate(records)]
    stays = [
        wire.stamped("A01", pid=pids[n % 20], pv1=PV1.replace("V1^", f"V{n}^"), control_id=f"K{n}")
        for n in range(BURST)
    ]
    wire.receive(hospital, *stays)

    for _ in range(3):
        worker = applying_some(60)
        worker.kill()
        worker.wait()
        worker.stdout.close()
    with walls_down():
        assert not InboundMessage.objects.exclude(state__in=["received", "applied"]).exists()
    while wire.apply():
        pass

    assert applied() == BURST
    with walls_down():
        assert Encounter.objects.count() == EncounterMovement.objects.count() == BURST
        assert AuditEntry.objects.filter(action="stay.report").count() == BURST
        assert FeedItem.objects.filter(kind="admission").count() == BURST
        assert OutboxEvent.objects.filter(kind="StayAlerted").count() == BURST
