"""A client of clamd, over TCP or a Unix socket: the command zINSTREAM of clamd(8), chunks of a length and bytes."""

import socket
from dataclasses import dataclass
from typing import IO

_STEP = 1 << 18
_TIMEOUT = 30.0


class Unreachable(OSError):
    """No verdict: the antivirus does not answer, or answers something else than its protocol."""


@dataclass(frozen=True, slots=True)
class Clamd:
    """`address`: `/run/clamav/clamd.ctl`, or `host:port`."""

    address: str

    def found_in(self, content: IO[bytes]) -> str:
        """The name of what was found, '' when nothing was; the content is left at its beginning. Raises Unreachable."""
        content.seek(0)
        try:
            with self._connected() as wire:
                wire.sendall(b"zINSTREAM\0")
                while piece := content.read(_STEP):
                    wire.sendall(len(piece).to_bytes(4) + piece)
                wire.sendall(bytes(4))
                answer = _answer(wire)
        except OSError as error:
            raise Unreachable(f"clamd does not answer: {type(error).__name__}") from error
        finally:
            content.seek(0)
        return _verdict(answer)

    def answers(self) -> bool:
        try:
            with self._connected() as wire:
                wire.sendall(b"zPING\0")
                return _answer(wire) == b"PONG"
        except OSError:
            return False

    def _connected(self) -> socket.socket:
        if self.address.startswith("/"):
            wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            wire.settimeout(_TIMEOUT)
            try:
                wire.connect(self.address)
            except OSError:
                wire.close()
                raise
            return wire
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT)


def _answer(wire: socket.socket) -> bytes:
    """Up to its end, or 4 kB: an answer is one line."""
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096 and (piece := wire.recv(4096)):
        answer += piece
    return answer.rstrip(b"\0\n")


def _verdict(answer: bytes) -> str:
    said = answer.decode("utf-8", "replace").removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise Unreachable("clamd gave no verdict")
