"""MLLP block framing (HL7 v2 transport specification): 0x0B, the message, 0x1C 0x0D."""

import enum
from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c"
DEFAULT_LIMIT = 20 * 1024 * 1024  # bytes
_HEADER_KEPT = 4096  # bytes of an oversized message, enough to quote its identifier


class Fault(enum.StrEnum):
    NOISE = "noise"
    UNFINISHED = "unfinished"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole message when `fault` is None; of a TOO_LARGE one, the first bytes only."""

    content: bytes
    fault: Fault | None = None


def framed(content: bytes) -> bytes:
    return START + content + END + b"\r"


class Decoder:
    """Fed with whatever the socket gives; holds at most `limit` bytes and what one call brings.

    A message ends at 0x1C, so that a missing 0x0D is forgiven; one that lost its 0x0B is known by its MSH.
    After a TOO_LARGE piece the stream has lost its frames: close the connection; `is_cut` when the rest of that message
    is still to come.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._scanned = 0
        self.is_cut = False

    @property
    def is_within_a_message(self) -> bool:
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[Piece]:
        self._buffer += received
        pieces: list[Piece] = []
        taken = 0
        while (end := self._buffer.find(END, max(taken, self._scanned))) >= 0:
            pieces += self._cut(bytes(self._buffer[taken:end]))
            taken = end + 1
        del self._buffer[:taken]
        if self._buffer.startswith((b"\r", b"\n")):
            self._buffer = self._buffer.lstrip(b"\r\n")
        self._scanned = len(self._buffer)
        if len(self._buffer) > self._limit:
            pieces.append(self._too_large(bytes(self._buffer[: _HEADER_KEPT + 1])))
            self._buffer.clear()
            self._scanned = 0
            self.is_cut = True
        return pieces

    def end(self) -> list[Piece]:
        """What the peer left unfinished when it closed its side."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._scanned = 0
        if START in rest or rest.startswith(b"MSH"):
            return [Piece(rest.rpartition(START)[2], Fault.UNFINISHED)]
        return [Piece(rest, Fault.NOISE)] if rest.strip() else []

    def _cut(self, chunk: bytes) -> list[Piece]:
        before, *frames = chunk.split(START)
        before = before.strip(b"\r\n")
        pieces: list[Piece] = []
        if before.startswith(b"MSH"):
            pieces.append(Piece(before, Fault.UNFINISHED if frames else None))
        elif before:
            pieces.append(Piece(before, Fault.NOISE))
        pieces += [Piece(frame, Fault.UNFINISHED) for frame in frames[:-1]]
        pieces += [Piece(frame) for frame in frames[-1:]]
        return [
            self._too_large(piece.content) if len(piece.content) > self._limit else piece for piece in pieces
        ]

    def _too_large(self, content: bytes) -> Piece:
        return Piece(content[: _HEADER_KEPT + 1].lstrip(START)[:_HEADER_KEPT], Fault.TOO_LARGE)
