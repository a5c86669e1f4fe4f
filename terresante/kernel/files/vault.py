"""Received files at rest: each under its own key (AES-256-GCM), in chunks, so that memory stays flat (DESIGN.md 7).

An object is its chunks one after the other, each a ciphertext and its tag; its key is used for it alone, so that the
number of the chunk is its nonce, with a mark on the last one: a chunk moved, changed, added or cut is found.
The key is sealed under the deployment's (`kernel.sealing`) in the row of the file: destroying the row destroys it all.
"""

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from secrets import token_bytes, token_hex
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import File
from django.core.files.storage import storages
from django.utils import timezone

from terresante.kernel import sealing
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.ids import new_id
from terresante.kernel.models import StoredFile
from terresante.kernel.sealing import Unsealable

CHUNK = 1 << 20
_TAG = 16
_LOST = "Ce fichier n’est plus lisible sur le serveur. Signalez-le à l’administrateur de la plateforme."
_GONE = "Le fichier reçu n’est plus là : déposez-le de nouveau."
# A file whose row was never written by an action: the person gave up, or the action refused it.
UNKEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put away, and the digests of its plain content (SHA-1 is what PDSm asks for)."""

    file_id: UUID
    size: int
    sha256: str
    sha1: str


def register() -> StoredFile:
    """The row first, committed: no object is ever without one. Inside a short transaction of its own."""
    key_of = new_id()
    name = token_hex(20)
    return StoredFile.objects.create(
        id=key_of,
        name=f"{name[:2]}/{name[2:4]}/{name[4:]}",
        sealed_key=sealing.seal(token_bytes(32), context=_context(key_of)),
    )


def put(file: StoredFile, content: IO[bytes]) -> Stored:
    """Outside any transaction: it takes as long as the file is large."""
    reading = _Encrypted(content, _cipher(file), file.pk)
    # The storage may cut what it reads as it likes; the chunks are ours.
    storages["files"].save(file.name, File(io.BufferedReader(reading, CHUNK + _TAG), name=file.name))
    return Stored(file.pk, reading.size, reading.sha256.hexdigest(), reading.sha1.hexdigest())


def keep(file_id: UUID) -> None:
    """In the action that gives the file its meaning. Raises Conflict for one already kept, or swept."""
    if not StoredFile.objects.filter(pk=file_id, kept_at=None).update(kept_at=timezone.now()):
        raise Conflict(_GONE)


def read(file: StoredFile, *, size: int, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The plain content, or its bytes from `start` to before `stop`, chunk by chunk; touches no database. Raises
    NotFound before its first chunk, when the object is no longer there or no longer opens; Unsealable later on: the
    answer is then cut.
    """
    chunks = _decrypted(file, size, start, size if stop is None else stop)
    try:
        first = next(chunks)
    except (OSError, Unsealable) as error:
        raise NotFound(_LOST) from error
    return _after(first, chunks)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _decrypted(file: StoredFile, size: int, start: int, stop: int) -> Iterator[bytes]:
    cipher = _cipher(file)
    first, last = start // CHUNK, (size - 1) // CHUNK
    with storages["files"].open(file.name) as sealed:
        sealed.seek(first * (CHUNK + _TAG))
        for number in range(first, (stop - 1) // CHUNK + 1):
            chunk = sealed.read(CHUNK + _TAG)
            try:
                plain = cipher.decrypt(_nonce(number, number == last), chunk, file.pk.bytes)
            except (InvalidTag, ValueError) as error:
                raise Unsealable("a chunk was changed, moved or cut") from error
            yield plain[max(start - number * CHUNK, 0) : stop - number * CHUNK]


class _Encrypted(io.RawIOBase):
    """Read by a storage; counts and digests what passes."""

    def __init__(self, content: IO[bytes], cipher: AESGCM, bound_to: UUID) -> None:
        self.size, self.sha256, self.sha1 = 0, sha256(), sha1(usedforsecurity=False)
        self._content, self._cipher, self._bound_to = content, cipher, bound_to.bytes
        self._number, self._next, self._ready = 0, self._taken(), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        if not self._ready:
            self._ready = memoryview(self._chunk())
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _chunk(self) -> bytes:
        plain = self._next
        if not plain:
            return b""
        self._next = self._taken()
        nonce = _nonce(self._number, not self._next)
        self._number += 1
        return self._cipher.encrypt(nonce, plain, self._bound_to)

    def _taken(self) -> bytes:
        plain = self._content.read(CHUNK)
        self.size += len(plain)
        self.sha256.update(plain)
        self.sha1.update(plain)
        return plain


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _cipher(file: StoredFile) -> AESGCM:
    return AESGCM(sealing.unseal(file.sealed_key, context=_context(file.pk)))


def _context(file_id: UUID) -> str:
    return f"file {file_id}"


def discard(file_ids: Collection[UUID]) -> None:
    """What was put away for an action that did not take it: erased at once. By a job; what is kept stays."""
    left = list(StoredFile.objects.filter(pk__in=file_ids, kept_at=None))
    for file in left:
        storages["files"].delete(file.name)
    StoredFile.objects.filter(pk__in=[file.pk for file in left], kept_at=None).delete()


def sweep(*, now: datetime) -> int:
    """Erases what no action kept within a day. By a job: the row goes, and its key with it."""
    left = list(
        StoredFile.objects.filter(kept_at=None, created_at__lt=now - UNKEPT).order_by("created_at")[:500]
    )
    for file in left:
        storages["files"].delete(file.name)
    return StoredFile.objects.filter(pk__in=[file.pk for file in left]).delete()[0]


def wrap_again() -> int:
    """Seals every key under the newest deployment key; how many changed. By a job; contents are not touched."""
    changed = 0
    for file in StoredFile.objects.order_by("pk").iterator(chunk_size=500):
        if not sealing.is_newest(file.sealed_key):
            key = sealing.unseal(file.sealed_key, context=_context(file.pk))
            file.sealed_key = sealing.seal(key, context=_context(file.pk))
            file.save(update_fields=["sealed_key"])
            changed += 1
    return changed
