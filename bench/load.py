"""Sends prepared HTTP requests as fast as they are answered, from a process of its own.

Plain sockets, one per client: the generator must cost little, for it shares the machine with what it measures.
"""

import json
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from uuid import uuid4

from config.local.places import HOST, ROOT

# Replaced in a request by a new UUID each time it is sent; as long as one.
NEW_ID = "00000000-0000-0000-0000-00000000NEWID"[-36:]
# What the cookie and the form both say.
CSRF = "b" * 32
CLIENTS = 16
_EDGE = "bench-edge"
_TIMEOUT = 30  # seconds


@dataclass(frozen=True)
class Get:
    path: str
    cookie: str = ""

    def raw(self) -> str:
        return f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n\r\n"


@dataclass(frozen=True)
class Post:
    path: str
    cookie: str
    body: str

    def raw(self) -> str:
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(self.body)}\r\n\r\n{self.body}"
        )


@dataclass(frozen=True)
class Upload:
    """A form with one text file of `size` bytes, another one each time it is sent."""

    path: str
    cookie: str
    fields: Mapping[str, str]
    size: int

    def raw(self) -> str:
        said = {"csrfmiddlewaretoken": CSRF, **self.fields}
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in said.items()]
        line = "Fichier du banc de mesure, sans personne.\n"
        content = (NEW_ID + "\n" + line * (self.size // len(line) + 1))[: self.size]
        parts.append(f'name="sent"; filename="banc.txt"\r\nContent-Type: text/plain\r\n\r\n{content}')
        inside = "".join(f"--{_EDGE}\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
        body = f"{inside}--{_EDGE}--\r\n"
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}; csrftoken={CSRF}\r\n"
            f"Content-Type: multipart/form-data; boundary={_EDGE}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )


@dataclass(frozen=True)
class Measured:
    """`median` and `late` (95th percentile) in milliseconds; statuses as text, JSON has no other key."""

    rate: float
    median: float
    late: float
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())


@dataclass(frozen=True)
class Pace:
    """How many times each thing is measured, how long each time, by how many clients at once."""

    rounds: int
    seconds: float
    clients: int

    def no_longer_than(self, seconds: float) -> float:
        """A time that needs no more than what is measured."""
        return min(seconds, self.seconds)


class Refused(Exception):
    """The platform answered something else than expected: nothing was measured."""


def measure(
    requests: Sequence[Get | Post | Upload],
    *,
    port: int,
    clients: int = CLIENTS,
    seconds: float = 4,
    expected: int = 200,
) -> Measured:
    """Raises Refused if one answer has another status than `expected`."""
    asked = {
        "port": port,
        "clients": clients,
        "seconds": seconds,
        "requests": [request.raw() for request in requests],
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = Measured(**json.loads(done.stdout))
    if set(found.statuses) != {str(expected)}:
        raise Refused(f"{requests[0].path}: {found.statuses}")
    return found


class _Client:
    def __init__(self, port: int, requests: Sequence[str], *, until: float) -> None:
        self._port = port
        self._requests = list(requests)
        self._until = until
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()

    def run(self) -> None:
        random.shuffle(self._requests)
        with socket.create_connection((HOST, self._port), timeout=_TIMEOUT) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent = 0
            # Each asks once, however short the time.
            while (began := time.perf_counter()) < self._until or not sent:
                request = self._requests[sent % len(self._requests)]
                if NEW_ID in request:
                    request = request.replace(NEW_ID, str(uuid4()))
                wire.sendall(request.encode())
                self.statuses[_answer(wire)] += 1
                self.times.append(time.perf_counter() - began)
                sent += 1


def _answer(wire: socket.socket) -> str:
    """The status; the body is read whole and forgotten."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _some(wire)
    head = bytes(received[:end]).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    left = int(length or b"0") - (len(received) - end - 4)
    while left > 0:
        left -= len(_some(wire))
    return head[9:12].decode()


def _some(wire: socket.socket) -> bytes:
    content = wire.recv(262_144)
    if not content:
        raise ConnectionError("closed by the server")
    return content


def _main() -> None:
    asked = json.load(sys.stdin)
    began = time.perf_counter()
    until = began + asked["seconds"]
    clients = [_Client(asked["port"], asked["requests"], until=until) for _ in range(asked["clients"])]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    times = sorted(each for client in clients for each in client.times)
    statuses: Counter[str] = sum((client.statuses for client in clients), Counter())
    json.dump(
        asdict(
            Measured(
                rate=len(times) / spent,
                median=statistics.median(times) * 1000,
                late=times[int(len(times) * 0.95)] * 1000,
                statuses=dict(statuses),
            )
        ),
        sys.stdout,
    )


if __name__ == "__main__":
    _main()
