"""Browsers that listen to the live streams, one thread reading them all."""

import selectors
import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from config.local.places import HOST


class Listeners:
    """`heard` counts the events of all the streams; `moments` says when each arrived, by object."""

    def __init__(self, cookies: Sequence[str], *, port: int) -> None:
        self.heard = 0
        self.moments: list[float] = []
        self._sockets = [_opened(cookie, port) for cookie in cookies]
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
                    told = content.count(b"data: ")
                    self.heard += told
                    self.moments += [time.monotonic()] * told


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
