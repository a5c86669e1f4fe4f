import os
import signal
import socket
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.stays.models import EncounterMovement
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.long]

ROOT = Path(__file__).resolve().parents[3]
BURST = 400


def listening(port):
    """The real `terresante mllp`, on the database of this test."""
    known = connection.settings_dict
    login = f"{quote(known['USER'])}:{quote(known['PASSWORD'])}"
    url = f"postgresql://{login}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "TERRESANTE_TESTING": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "config.console", "mllp"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
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
