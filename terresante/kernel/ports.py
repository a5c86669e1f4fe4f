"""Answers that come from above the kernel, bound once in config/ports.py (DESIGN.md 1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from terresante.kernel.actor import Actor
from terresante.kernel.events import Event

# Session key: the role, among several, that the person chose to work in.
SITUATION_KEY = "situation"

ActorBehind = Callable[[HttpRequest], Actor | None]
RecordFrames = Callable[[Actor, Any, str, "MainAction | None"], Any]
SurvivingRecords = Callable[[UUID], UUID | None]
LiveReaders = Callable[[Event, Sequence[Actor]], set[UUID]]


@dataclass(frozen=True, slots=True)
class MainAction:
    """The one main action of a page of a record; `form_id` when it submits the page's form."""

    label: str
    url: str = ""
    icon: str = ""
    form_id: str = ""


@dataclass(slots=True)
class Ports:
    """The bindings; empty until config/ports.py is loaded by its app's `ready`."""

    actor_behind: ActorBehind | None = None
    live_readers: LiveReaders | None = None
    record_frame: RecordFrames | None = None
    surviving_record: SurvivingRecords | None = None


bound = Ports()


def actor_behind(request: HttpRequest) -> Actor | None:
    """Who is behind this request, None for nobody; the account's professional and structure are asked each time,
    so that somebody struck off this morning is refused this morning.
    """
    if bound.actor_behind is None:
        raise RuntimeError("config/ports.py has not bound actor_behind")
    return bound.actor_behind(request)


def live_readers(event: Event, connected: Sequence[Actor]) -> set[UUID]:
    """Correlation ids of those `connected` who may read what the event tells: one set query, never one per stream."""
    if bound.live_readers is None:
        raise RuntimeError("config/ports.py has not bound live_readers")
    return bound.live_readers(event, connected)


def record_frame(actor: Actor, opened: Any, tab: str, main_action: MainAction | None) -> Any:
    """The header, tabs and main action around one page of an open record, in config/navigation's order."""
    if bound.record_frame is None:
        raise RuntimeError("config/ports.py has not bound record_frame")
    return bound.record_frame(actor, opened, tab, main_action)


def surviving_record(record_id: UUID) -> UUID | None:
    """Where the link to a record that is no more leads the current actor, None when nowhere he may go."""
    return bound.surviving_record(record_id) if bound.surviving_record else None
