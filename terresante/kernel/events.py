"""Up: event. An action emits, whoever stands above listens; the dispatcher carries it after commit."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

from django.db import connection

from terresante.kernel import together
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.models import OutboxEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Subclasses add identifiers and codes (UUID, str, int, bool, None); never clinical content.

    The reading limits are those of the object told, so that the live stream asks the rules of the object.
    """

    patient_id: UUID | None = None
    object_id: UUID | None = None
    private_to_id: UUID | None = None
    private_to_person_id: UUID | None = None
    hidden_from_patient: bool = False
    hidden_from_representative: bool = False
    data_class: str = ""
    sector: str = ""
    restricted_to_id: UUID | None = None


E_co = TypeVar("E_co", bound=Event)
Handler = Callable[[Sequence[Any]], None]
_handlers: dict[str, tuple[type[Event], Handler]] = {}


def emit(actor: Actor, event: Event) -> None:
    """Writes the outbox row in the caller's transaction: told if and only if it happened."""
    if not connection.in_atomic_block:
        raise RuntimeError("emit() is called inside an action")
    together.write(
        OutboxEvent(
            id=new_id(),
            kind=type(event).__name__,
            patient_id=event.patient_id,
            payload={each.name: _plain(getattr(event, each.name)) for each in dataclasses.fields(event)},
            correlation_id=actor.correlation_id,
        )
    )


def on(kind: type[E_co]) -> Callable[[Callable[[Sequence[E_co]], None]], Callable[[Sequence[E_co]], None]]:
    """Registers a handler: gets events in order, in batches, perhaps twice; runs inside one transaction."""

    def register(function: Callable[[Sequence[E_co]], None]) -> Callable[[Sequence[E_co]], None]:
        name = f"{function.__module__}.{function.__name__}"
        if name in _handlers:
            raise RuntimeError(f"handler {name} is declared twice")
        _handlers[name] = (kind, function)
        return function

    return register


def handlers() -> dict[str, tuple[type[Event], Handler]]:
    return dict(_handlers)


def kind_named(name: str) -> type[Event] | None:
    return {cls.__name__: cls for cls in _subclasses(Event)}.get(name)


def restore(row: OutboxEvent) -> Event:
    """The event as it was emitted; KeyError when its class is gone."""
    cls = kind_named(row.kind)
    if cls is None:
        raise KeyError(row.kind)
    identifiers = _identifiers(cls.__name__)
    told: dict[str, Any] = {
        name: UUID(value) if identifiers[name] and isinstance(value, str) else value
        for name, value in row.payload.items()
        if name in identifiers
    }
    return cls(**told)


@lru_cache
def _identifiers(kind: str) -> dict[str, bool]:
    """Whether each field is an identifier."""
    hints = get_type_hints(kind_named(kind))
    return {name: hint is UUID or UUID in getattr(hint, "__args__", ()) for name, hint in hints.items()}


def _subclasses(cls: type[Event]) -> list[type[Event]]:
    return [deeper for direct in cls.__subclasses__() for deeper in (direct, *_subclasses(direct))]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
