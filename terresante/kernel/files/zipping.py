"""A zip written while it is sent: whatever its size, memory holds one piece of it."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive; `is_packed`: text, that deflates; a PDF or a photograph is already packed."""

    name: str
    pieces: Iterable[bytes]
    at: datetime
    is_packed: bool = False


class _Pipe(io.RawIOBase):
    """What was written since it was last taken; it cannot go back, so that zipfile writes sizes after each member."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        self._held.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """Each member's pieces are asked for once those before have left; where one raises, the archive is cut."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.name, timezone.localtime(member.at).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED if member.is_packed else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in member.pieces:
                    file.write(piece)
                    if held := pipe.taken():
                        yield held
            yield pipe.taken()
    yield pipe.taken()
