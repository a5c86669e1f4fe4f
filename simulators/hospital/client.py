"""An MLLP client written apart from the platform, so that one does not hide the other's mistakes."""

import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_WINDOW = 32  # messages sent ahead of their answers


class NoAnswer(Exception):
    """The platform closed the connection, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class Ack:
    """`errors` are the sentences of the ERR segments."""

    code: str
    control_id: str
    errors: tuple[str, ...]
    text: str

    @property
    def is_accepted(self) -> bool:
        return self.code == "AA"


class Client:
    """`timeout` in seconds, for each answer."""

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = 30
    ) -> None:
        plain = socket.create_connection((host, port), timeout=timeout)
        self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self._received = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, message: bytes) -> Ack:
        """Raises NoAnswer."""
        self.write(message)
        return self.read_answer()

    def send_pipelined(self, messages: Iterable[bytes]) -> list[Ack]:
        """Without waiting for each answer before the next message. Raises NoAnswer."""
        answers: list[Ack] = []
        ahead = 0
        for message in messages:
            if ahead == _WINDOW:
                answers.append(self.read_answer())
                ahead -= 1
            self.write(message)
            ahead += 1
        return answers + [self.read_answer() for _ in range(ahead)]

    def write(self, message: bytes) -> None:
        try:
            self._socket.sendall(b"\x0b" + message + b"\x1c\r")
        except OSError as error:
            raise NoAnswer("La plateforme ne prend plus les messages : la connexion est rompue.") from error

    def read_answer(self) -> Ack:
        while (end := self._received.find(b"\x1c\r")) < 0:
            try:
                content = self._socket.recv(65536)
            except OSError as error:
                raise NoAnswer(
                    "La plateforme n’a pas répondu à temps, ou la connexion est rompue."
                ) from error
            if not content:
                raise NoAnswer("La plateforme a fermé la connexion sans répondre.")
            self._received += content
        frame = bytes(self._received[:end]).lstrip(b"\x0b")
        del self._received[: end + 2]
        return read_ack(frame)


def read_ack(frame: bytes) -> Ack:
    text = _decoded(frame)
    segments = [line.split("|") for line in text.split("\r") if line]
    answer = next((fields for fields in segments if fields[0] == "MSA"), ["MSA", "", ""])
    errors = tuple(_plain(fields[8]) for fields in segments if fields[0] == "ERR" and len(fields) > 8)
    return Ack(answer[1], answer[2] if len(answer) > 2 else "", errors, text)


def burst(host: str, port: int, batches: list[list[bytes]]) -> list[list[Ack]]:
    """Each batch on its own connection, all at once."""

    def sent(messages: list[bytes]) -> list[Ack]:
        with Client(host, port) as client:
            return client.send_pipelined(messages)

    with ThreadPoolExecutor(max_workers=max(1, len(batches))) as pool:
        return list(pool.map(sent, batches))


def _decoded(frame: bytes) -> str:
    try:
        return frame.decode()
    except UnicodeDecodeError:
        return frame.decode("iso8859-15")


def _plain(text: str) -> str:
    for sequence, character in (("F", "|"), ("S", "^"), ("T", "&"), ("R", "~"), (".br", "\n"), ("E", "\\")):
        text = text.replace(f"\\{sequence}\\", character)
    return text
