"""Events arrive once their transaction has committed, in positions that no reader can miss."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from terresante.kernel import dispatcher, events, rls
from terresante.kernel.actor import Actor
from terresante.kernel.live.events import events_after, last_position
from terresante.kernel.models import HandlerCursor, OutboxEvent, ParkedEvent
from tests.walls import wait_for_older_transactions, walls_down

pytestmark = pytest.mark.commits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(events.Event):
    number: int


@pytest.fixture
def heard(monkeypatch):
    """The only handler: keeps the numbers it is given, and fails on the negative ones."""
    numbers: list[int] = []

    def listen(batch):
        if any(event.number < 0 for event in batch):
            raise ValueError("negative")
        numbers.extend(event.number for event in batch)

    monkeypatch.setattr(events, "_handlers", {"tests.listen": (Rang, listen)})
    return numbers


def ring(*numbers: int) -> None:
    for number in numbers:
        with rls.acting(Actor.job("tests")):
            events.emit(Actor.job("tests"), Rang(number=number))


def step() -> int:
    wait_for_older_transactions()
    return dispatcher.step()


def numbers_after(position: int) -> list[int]:
    return [told.event.number for told in events_after(position, most=10) if isinstance(told.event, Rang)]


def another_connection() -> psycopg.Connection:
    found = connection.get_connection_params()
    wanted = {key: found[key] for key in ("dbname", "user", "password", "host", "port") if found.get(key)}
    return psycopg.connect(**wanted)


def insert(other: psycopg.Connection, number: int) -> None:
    other.execute("SET LOCAL ROLE terresante_app")
    other.execute("SET LOCAL app.kind = 'professional'")
    other.execute(
        "INSERT INTO kernel_outboxevent (id, kind, payload, correlation_id, created_at)"
        " VALUES (gen_random_uuid(), 'Rang', jsonb_build_object('number', %s::int), gen_random_uuid(), now())",
        [number],
    )


def test_two_transactions_that_commit_in_the_inverse_order_are_both_heard_by_who_reconnects(heard):
    """The first to write commits last; a browser that has seen the second comes back with its position."""
    with another_connection() as first, another_connection() as second:
        insert(first, 1)
        insert(second, 2)
        second.commit()
        dispatcher.step()
        seen_before = numbers_after(0)
        last_event_id = last_position()

        first.commit()
        step()

    assert seen_before + numbers_after(last_event_id) == [1, 2]
    assert [event.position for event in events_after(0, most=10)] == [1, 2]
    assert heard == [1, 2]


def test_a_page_stands_at_the_position_before_it_read_anything(heard):
    """What is numbered while it reads, its stream tells it: read after, the position would pass over it."""
    ring(1)
    step()
    with rls.acting(Actor.job("tests"), read_only=True):
        with another_connection() as other:
            insert(other, 2)
            other.commit()
        with ThreadPoolExecutor(1) as beside:
            beside.submit(_step_beside).result()
        stands_at = last_position()

    assert numbers_after(stands_at) == [2]
    assert last_position() > stands_at


def _step_beside() -> None:
    step()
    connection.close()


def test_an_event_of_a_transaction_that_rolls_back_is_never_told(heard):
    with pytest.raises(ZeroDivisionError), rls.acting(Actor.job("tests")):
        events.emit(Actor.job("tests"), Rang(number=1))
        raise ZeroDivisionError

    step()

    assert heard == []


def test_emitting_outside_an_action_is_refused():
    with pytest.raises(RuntimeError, match="inside an action"):
        events.emit(Actor.job("tests"), Rang(number=1))


def test_a_bad_event_is_put_aside_and_the_later_ones_go_on(heard):
    ring(1, -2, 3)

    step()

    assert heard == [1, 3]
    with walls_down():
        parked = ParkedEvent.objects.get()
        assert parked.event.payload["number"] == -2
        assert "negative" not in parked.error


def test_killed_between_numbering_and_handling_loses_nothing(heard):
    ring(1, 2)
    wait_for_older_transactions()
    dispatcher.number_ready()

    step()
    step()

    assert heard == [1, 2]


def test_a_cursor_that_was_not_written_brings_the_events_again(heard):
    ring(1)
    step()
    HandlerCursor.objects.update(position=0)

    step()

    assert heard == [1, 1]


def test_pages_do_not_read_the_outbox(cast):
    ring(1)

    with rls.acting(cast.amar):
        assert not OutboxEvent.objects.exists()


def test_an_event_comes_back_with_its_types():
    key = UUID(int=7)
    row = OutboxEvent(kind="Rang", payload={"number": 3, "patient_id": str(key), "forgotten": 1})

    assert events.restore(row) == Rang(number=3, patient_id=key)
