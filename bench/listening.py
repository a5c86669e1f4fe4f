"""Browsers that listen to the live streams, one thread reading them all."""

import re
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from config.local.places import HOST

_PATIENT = re.compile(rb'"patient":"([0-9a-f-]{36})"')


class Listeners:
    """`heard` counts the events of all the streams; `told` says when each patient was first told of."""

    def __init__(self, cookies: Sequence[str], *, port: int) -> None:
        self.heard = 0
        self.told: dict[str, float] = {}
        self._sockets = [_opened(cookie, port) for cookie in cookies]
        self._rests = dict.fromkeys(self._sockets, b"")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for stream in self._sockets:
            stream.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as ready:
            for stream in self._sockets:
                ready.register(stream, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in ready.select(timeout=0.2):
                    content = key.fileobj.recv(65_536)  # type: ignore[union-attr]  # only sockets are registered
                    if not content:
                        ready.unregister(key.fileobj)
                    self._hear(key.fileobj, content)  # type: ignore[arg-type]  # as above

    def _hear(self, stream: socket.socket, content: bytes) -> None:
        whole, _, self._rests[stream] = (self._rests[stream] + content).rpartition(b"\n\n")
        self.heard += whole.count(b"data: ")
        for patient in _PATIENT.findall(whole):
            self.told.setdefault(patient.decode(), time.monotonic())

    def forget(self) -> None:
        self.told.clear()


def _opened(cookie: str, port: int) -> socket.socket:
    """Returns once the stream has begun, so that nothing told afterwards is missed."""
    stream = socket.create_connection((HOST, port), timeout=20)
    stream.sendall(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    received = b""
    while b"retry:" not in received:
        content = stream.recv(4096)
        received += content
        if not content or b" 401 " in received:
            raise ConnectionError("the live stream was refused")
    return stream
