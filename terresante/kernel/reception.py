"""How many bodies a process receives at once, from whom, and how slowly: what comes by drops holds a thread.

A process has `settings.THREADS` of them. A quarter receives nothing, so that pages are given whatever is being sent;
large files that somebody takes by drops are counted in the same way.
"""

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse

# In bytes: what a form without a file takes. Anything larger is somebody's, or a proof sent with a registration.
SMALL = 64 * 1024
# In bytes: of who is not logged in; a proof has five megabytes (`directory`).
LARGEST_OF_NOBODY = 6_000_000
_LEAST_STEP, _LARGEST_STEP = 4096, 64 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """`share`: of 64 threads, how many receive such bodies at once; `each`: of one sender. `pace`: bytes a second on
    average, once `patience` seconds have passed.
    """

    name: str
    share: int
    each: int
    pace: int
    patience: float


# Half a minute for a form that a telephone sends from a stairwell; a photograph of 5 MB by GPRS takes forty.
FORM = Kind("form", share=24, each=12, pace=1000, patience=30)
NOBODY_S_FILE = Kind("file of nobody", share=4, each=2, pace=20_000, patience=30)
FILE = Kind("file", share=14, each=3, pace=2000, patience=60)
OF_SOFTWARE = Kind("body of a software", share=6, each=3, pace=20_000, patience=30)
# Whoever takes it sets the pace.
GIVEN = Kind("file given", share=12, each=3, pace=0, patience=0)
# In bytes: what the buffers of two sockets take from us, however slowly it is then read.
_BUFFERED = 4_000_000


def kind_of(length: int, *, is_known: bool) -> Kind:
    if length <= SMALL:
        return FORM
    return FILE if is_known else NOBODY_S_FILE


class Full(Exception):
    """As many such bodies are being received as may be, or as this sender may send."""


class TooSlow(Exception):
    """No OSError: Django makes of those another one, that says nothing."""


_lock = threading.Lock()
_held: Counter[tuple[Kind, str]] = Counter()
# Given back, and not counted yet: the collector may free what was being given at any moment, in a thread that holds the
# lock already. This queue alone may be filled then.
_returned: SimpleQueue[tuple[Kind, str]] = SimpleQueue()


@contextmanager
def place(request: HttpRequest, kind: Kind, sender: str) -> Iterator[None]:
    """A place among those who send, for as long as this body is read. Raises Full, and TooSlow at the reading."""
    _take(kind, sender)
    # On this request alone: whoever reads it, Django's parsers included, reads by this.
    vars(request)["read"] = _paced(request.read, kind, length_of(request))
    try:
        yield
    finally:
        del vars(request)["read"]
        _give_back(kind, sender)


def in_turn(answer: StreamingHttpResponse, taker: str) -> None:
    """A place as long as what is large, or of an unknown size, is being given. Raises Full."""
    told = answer.headers.get("Content-Length", "")
    if told and int(told) <= _BUFFERED:
        return
    _take(GIVEN, taker)
    answer.streaming_content = _Given(iter(answer), taker)


class _Given:
    """Gives its place back at the end, or when whoever took it is gone, and nobody holds it any more."""

    def __init__(self, content: Iterator[bytes], taker: str) -> None:
        self._content = content
        self._end = weakref.finalize(self, _give_back, GIVEN, taker)

    def __iter__(self) -> "_Given":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._content)
        except StopIteration:
            self._end()
            raise

    def close(self) -> None:
        self._end()
        if isinstance(self._content, Generator):
            self._content.close()


def length_of(request: HttpRequest) -> int:
    """As told: a body that does not tell its length is empty (Django, WSGI)."""
    told = str(request.META.get("CONTENT_LENGTH") or "")
    return int(told) if told.isdecimal() else 0


def _take(kind: Kind, sender: str) -> None:
    with _lock:
        _count_returned()
        at_once = sum(held for (each, _), held in _held.items() if each is kind)
        if at_once >= max(1, settings.THREADS * kind.share // 64) or _held[kind, sender] >= kind.each:
            raise Full
        _held[kind, sender] += 1


def _give_back(kind: Kind, sender: str) -> None:
    _returned.put((kind, sender))
    if _lock.acquire(blocking=False):  # else whoever takes the next place counts it
        try:
            _count_returned()
        finally:
            _lock.release()


def _count_returned() -> None:
    while not _returned.empty():
        held = _returned.get()
        _held[held] -= 1
        if not _held[held]:
            del _held[held]


def _paced(whole: Callable[..., bytes], kind: Kind, length: int) -> Callable[..., bytes]:
    """Reads by steps: a read waits for all that it asks, and nothing is measured meanwhile."""
    began, received = time.monotonic(), 0
    step = min(max(length // 16, _LEAST_STEP), _LARGEST_STEP)

    def one(most: int) -> bytes:
        nonlocal received
        piece = whole(most)
        received += len(piece)
        if piece and received < kind.pace * (time.monotonic() - began - kind.patience):
            raise TooSlow
        return piece

    def read(size: int = -1) -> bytes:
        pieces, left = [], size if size >= 0 else length
        while left > 0 and (piece := one(min(left, step))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    return read
