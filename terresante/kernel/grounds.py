"""What a page knows of the patients whose record it opened: on which grounds its actor reaches them.

    grounds.learn(actor, patient_id, what)     once, by the app whose rules ask for it (care_team)
    grounds.known(actor, patient_id)           None outside a page that reads, or of anybody not learned

A rule asks the same of the patient for every row it lets through, and every statement of a page would ask it again:
the plans of these questions took PostgreSQL longer to start than the rows took to read (docs/bench.md). They are
answered once for each page, in its own transaction, and only where it reads: what is written is judged by the rows as
they are. Row policies, the second wall, know nothing of this.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class _Page:
    actor: Actor
    learned: dict[UUID, Hashable] = field(default_factory=dict)


_page: ContextVar[_Page | None] = ContextVar("grounds_of_page", default=None)


@contextmanager
def page(actor: Actor, *, reads: bool) -> Iterator[None]:
    """What is learned inside is forgotten at its end; nothing is learned unless it `reads` only."""
    token = _page.set(_Page(actor) if reads else None)
    try:
        yield
    finally:
        _page.reset(token)


def are_learned(actor: Actor) -> bool:
    """Whether this actor's page keeps what it learns."""
    here = _page.get()
    return here is not None and here.actor is actor


def learn(actor: Actor, patient_id: UUID, what: Hashable) -> None:
    here = _page.get()
    if here is not None and here.actor is actor:
        here.learned[patient_id] = what


def known(actor: Actor, patient_id: UUID) -> Any:
    """What was learned of him for this very actor, whom a rule may ask about; never for somebody else."""
    here = _page.get()
    return here.learned.get(patient_id) if here is not None and here.actor is actor else None


def among(actor: Actor | None, values: Sequence[Any]) -> tuple[tuple[int, Hashable], ...]:
    """Of a question that this actor asks: the places, in its values, of patients of whom something is known."""
    here = _page.get()
    if here is None or not here.learned or here.actor is not actor:
        return ()
    return tuple(
        (place, here.learned[value])
        for place, value in enumerate(values)
        if type(value) is UUID and value in here.learned
    )


@contextmanager
def of(actor: Actor | None, learned: dict[UUID, Hashable]) -> Iterator[None]:
    """Knowing this and nothing else: as a question is made with stand-ins (`kernel.compiled`)."""
    token = _page.set(_Page(actor, learned) if actor is not None else None)
    try:
        yield
    finally:
        _page.reset(token)
