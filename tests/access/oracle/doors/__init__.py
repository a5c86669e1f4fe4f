"""Each door is asked what it lets through, and each answer compared with the model's.

A new door is a generator of `Compared`: put it here, and name it in `decisions.Door`.
"""

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from tests.access.oracle import model
from tests.access.oracle.build import Built
from tests.access.oracle.decisions import Compared, Door, one
from tests.access.oracle.doors.interface import interface
from tests.access.oracle.doors.lists import Lists, boards, counters, identities_found, one_by_one
from tests.access.oracle.doors.live import live
from tests.access.oracle.doors.screens import screens
from tests.access.oracle.doors.sql import Rows, plain_sql, rows_of_walled_tables
from tests.access.oracle.model import Reader
from tests.walls import walls_down


def asked(built: Built, chance: Random) -> Iterator[Compared]:
    yield from (Compared(Door.OPENING, 1, surprise) for surprise in built.surprises)
    yield from _who_is_there(built)
    rows = rows_of_walled_tables(built)
    for reader, actor in built.actors.items():
        if actor is not None:
            yield from _ask(built, reader, actor, rows, chance)
    yield from live(built)
    yield from screens(built, chance)
    yield from interface(built, chance)


def _who_is_there(built: Built) -> Iterator[Compared]:
    for reader, actor in built.actors.items():
        expected = model.works(built.world, reader)
        yield one(Door.OPENING, actor is not None, expected, f"{reader} stands at the door")
        if reader.kind == "representative" and actor is not None:
            yield from _acts_for(built, reader, actor)


def _acts_for(built: Built, reader: Reader, actor: Actor) -> Iterator[Compared]:
    """Whoever asks to act for somebody does so while the delegation holds, with what it opens, and no longer."""
    user, _ = built.users[reader]
    asked: Any = SimpleNamespace(user=user, session={ports.ACTING_FOR_KEY: str(actor.person_id)})
    came = ports.actor_behind(asked)
    acts = came is not None and came.person_id == actor.person_id
    expected = model.basis(built.world, reader, reader.patient or 0) != ""
    yield one(Door.OPENING, acts, expected, f"{reader} acts for the person he asks")
    if came is not None and acts:
        with_what = (actor.role, actor.delegated)
        yield one(Door.OPENING, (came.role, came.delegated), with_what, f"{reader} comes with")


def _ask(built: Built, reader: Reader, actor: Actor, rows: Rows, chance: Random) -> Iterator[Compared]:
    with rls.acting(actor, read_only=True):
        # Inside: outside, the settings of a deployment may be a second old.
        lists = Lists(built, reader, actor)
        yield from plain_sql(built, reader, rows, opened=None)
        with walls_down():
            everything = lists.seen()
    for patient in range(built.world.patients):
        yield from _at_patient(built, reader, actor, patient, rows, lists)
        said = f"{reader} at patient {patient}: without the policies, "
        yield from lists.compared(everything, patient, said)
    yield from boards(built, reader, actor)
    yield from identities_found(built, reader, actor)
    yield from one_by_one(built, reader, actor, chance)


def _at_patient(
    built: Built, reader: Reader, actor: Actor, patient: int, rows: Rows, lists: Lists
) -> Iterator[Compared]:
    expected, at = model.basis(built.world, reader, patient), f"{reader} at patient {patient}: "
    with rls.acting(actor, read_only=True):
        basis = rls.open_record(built.records[patient].patient_id)
        yield one(Door.OPENING, basis, expected, f"{at}open_record says")
        if basis != expected:
            return
        yield from plain_sql(built, reader, rows, opened=patient if basis else None)
        yield from lists.compared(lists.seen(), patient, at)
        yield from counters(built, reader, actor, patient)
