"""The hospital's own door, where the platform sends its business acknowledgements; it answers each and remembers it."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One ZAM: its own id, the message it is about, what it says ('Y' or 'N'), and why not."""

    control_id: str
    about: str
    answer: str
    reason: str = ""


def answer_code(_: Acknowledged) -> str:
    return "AA"


class Receiver(socketserver.ThreadingTCPServer):
    """On 127.0.0.1; `serve` runs it in a thread of its own. `judge` gives the code of each answer; '' breaks off."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        port: int = 0,
        *,
        judge: Callable[[Acknowledged], str] = answer_code,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[Acknowledged] = []
        self.judge = judge
        self.tls = tls

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def serve(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def last(self, most: int = 20) -> list[Acknowledged]:
        """The most recent first."""
        return self.received[: -most - 1 : -1]


class _Handler(socketserver.BaseRequestHandler):
    server: Receiver

    def handle(self) -> None:
        wire = self.request
        if self.server.tls is not None:
            wire = self.server.tls.wrap_socket(wire, server_side=True)
        with wire:
            self._answer_all(wire)

    def _answer_all(self, wire: socket.socket) -> None:
        held = bytearray()
        while content := wire.recv(65536):
            held += content
            while (end := held.find(b"\x1c\r")) >= 0:
                frame = bytes(held[:end]).lstrip(b"\x0b")
                del held[: end + 2]
                told = _read(frame)
                code = self.server.judge(told)
                if not code:
                    return
                self.server.received.append(told)
                wire.sendall(b"\x0b" + _answer(told, code) + b"\x1c\r")


def _read(frame: bytes) -> Acknowledged:
    segments = [line.split("|") for line in frame.decode("utf-8", "replace").split("\r") if line]
    named = {fields[0]: [*fields, *[""] * 12] for fields in reversed(segments)}
    empty = [""] * 12
    reason = named.get("ERR", empty)[5].partition("^")[2].partition("^")[0]
    return Acknowledged(
        control_id=named.get("MSH", empty)[9],
        about=named.get("OBX", empty)[4],
        answer=named.get("OBX", empty)[5].split("^")[0],
        reason=reason,
    )


def _answer(told: Acknowledged, code: str) -> bytes:
    header = (
        rf"MSH|^~\&|DOC|HOPITAL|TERR-ESANTE|TERR-ESANTE|20260101||ACK^Z01^ACK|R{told.control_id[1:]}|P|2.6"
    )
    return f"{header}\rMSA|{code}|{told.control_id}\r".encode()
