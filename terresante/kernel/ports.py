"""Answers that come from above the kernel, bound once in config/ports.py (DESIGN.md 1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol
from uuid import UUID

from django.http import HttpRequest

from terresante.kernel.actor import Actor
from terresante.kernel.events import Event

# Session key: the role, among several, that the person chose to work in.
SITUATION_KEY = "situation"
# Session key: the roles that a proof of profession said; absent, the directory alone says them.
PROVED_SITUATIONS_KEY = "situations_proved"
# Session key: the person, among several, for whom a relative chose to act; SELF for himself.
ACTING_FOR_KEY = "acting_for"
SELF = "self"
# In a form of a person's pages: whose they were when they were drawn.
DRAWN_FOR = "page_of"

ActorBehind = Callable[[HttpRequest], Actor | None]
RecordFrames = Callable[[Actor, Any, str, "MainAction | None"], Any]
SurvivingRecords = Callable[[UUID], UUID | None]
LiveReaders = Callable[[Sequence[Event], Sequence[Actor]], list[set[UUID]]]


@dataclass(frozen=True, slots=True)
class MainAction:
    """The one main action of a page of a record; `form_id` when it submits the page's form."""

    label: str
    url: str = ""
    icon: str = ""
    form_id: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """What something was taken from, where it is read whole."""

    title: str
    url: str


Originals = Callable[[Actor, UUID, UUID], Original | None]


class SmsProvider(Protocol):
    """Who carries text messages. Called by the worker, outside any page; the same `reference` may come twice."""

    def send(self, *, number: str, text: str, reference: str) -> None:
        """`number` in the international form. Raises OSError when it may be tried again later."""


class Antivirus(Protocol):
    """Asked about each received file, outside any transaction (`kernel.files.receiving`)."""

    def found_in(self, content: IO[bytes]) -> str:
        """The name of what was found, '' for nothing. Raises `kernel.files.antivirus.Unreachable`."""

    def answers(self) -> bool: ...


class TryLater(OSError):
    """The carrier asks not to be asked again before `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("the carrier asked to wait")
        self.seconds = seconds


class NobodyThere(Exception):
    """The recipient is gone for good: the message is dropped."""


class Undeliverable(Exception):
    """The carrier will never take this message: it is abandoned at once, and `doctor` says so."""


class PushProvider(Protocol):
    """Who carries a message to the push service of a browser. Called by the worker, outside any page; the same
    `reference` may come twice.
    """

    @property
    def public_key(self) -> str:
        """Under which a browser subscribes (`applicationServerKey`)."""

    def takes(self, endpoint: str) -> bool:
        """Whether what a browser gives is the address of a service that is spoken to."""

    def send(self, *, device: str, text: str, reference: str) -> None:
        """`device` names a subscription. Raises OSError (again later), TryLater, NobodyThere, Undeliverable."""


class PeerProvider(Protocol):
    """Who carries a message to another system that this one is connected to. Called by the worker, outside any page;
    the same text may come twice.
    """

    def send(self, *, peer: str, text: str) -> None:
        """`peer` names the system. Raises OSError (again later), TryLater, NobodyThere, Undeliverable."""


@dataclass(slots=True)
class Ports:
    """The bindings; empty until config/ports.py is loaded by its app's `ready`."""

    actor_behind: ActorBehind | None = None
    live_readers: LiveReaders | None = None
    original: Originals | None = None
    record_frame: RecordFrames | None = None
    surviving_record: SurvivingRecords | None = None
    # None: this deployment sends no SMS, and no screen offers any.
    sms: SmsProvider | None = None
    # None: received files are looked at by nobody but `kernel.files.kinds`; `/readyz` says it.
    antivirus: Antivirus | None = None
    # None: no screen offers alerts on a device.
    push: PushProvider | None = None
    # None: nothing is sent to another system.
    peer: PeerProvider | None = None


bound = Ports()


def actor_behind(request: HttpRequest) -> Actor | None:
    """Who is behind this request, None for nobody; the account's professional and structure are asked each time,
    so that somebody struck off this morning is refused this morning.
    """
    if bound.actor_behind is None:
        raise RuntimeError("config/ports.py has not bound actor_behind")
    return bound.actor_behind(request)


def live_readers(told: Sequence[Event], connected: Sequence[Actor]) -> list[set[UUID]]:
    """For each event, the correlation ids of those `connected` who may read what it tells: one set query for all."""
    if bound.live_readers is None:
        raise RuntimeError("config/ports.py has not bound live_readers")
    return bound.live_readers(told, connected)


def record_frame(actor: Actor, opened: Any, tab: str, main_action: MainAction | None) -> Any:
    """The header, tabs and main action around one page of an open record, in config/navigation's order."""
    if bound.record_frame is None:
        raise RuntimeError("config/ports.py has not bound record_frame")
    return bound.record_frame(actor, opened, tab, main_action)


def surviving_record(record_id: UUID) -> UUID | None:
    """Where the link to a record that is no more leads the current actor, None when nowhere he may go."""
    return bound.surviving_record(record_id) if bound.surviving_record else None


def original(actor: Actor, patient_id: UUID, key: UUID) -> Original | None:
    """What was taken from it leads back to it; None for who may not read it, or no more."""
    return bound.original(actor, patient_id, key) if bound.original else None


def sms_is_bound() -> bool:
    return bound.sms is not None


def send_sms(*, number: str, text: str, reference: str) -> None:
    """Raises OSError: the provider did not take it, or there is none any more."""
    if bound.sms is None:
        raise OSError("no SMS provider is bound")
    bound.sms.send(number=number, text=text, reference=reference)


def push_provider() -> PushProvider | None:
    return bound.push


def send_push(*, device: str, text: str, reference: str) -> None:
    """Raises as PushProvider; OSError when there is none any more."""
    if bound.push is None:
        raise OSError("no push provider is bound")
    bound.push.send(device=device, text=text, reference=reference)


def send_peer(*, peer: str, text: str) -> None:
    """Raises as PeerProvider; OSError when there is none any more."""
    if bound.peer is None:
        raise OSError("no peer provider is bound")
    bound.peer.send(peer=peer, text=text)
