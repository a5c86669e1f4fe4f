"""Many rows in one statement: what comes back is what went in."""

import pytest
from django.utils import timezone

from terresante.kernel import dispatcher, rls, together
from terresante.kernel.actor import Actor
from terresante.kernel.models import OutboundMessage, OutboxEvent, ParkedEvent
from tests.walls import wait_for_older_transactions, walls_down

pytestmark = pytest.mark.commits


def message(key, **more):
    said = {
        "recipient": f"{key}@example.org",
        "subject": 'é « ’ » \\ "',
        "body": b"\x00\xff\\x41",
        "dedupe_key": key,
    }
    return OutboundMessage(**said | more)


def test_every_kind_of_value_comes_back_as_it_went():
    sent = message("a", next_attempt_at=timezone.now())
    together.insert([sent])

    kept = OutboundMessage.objects.get()

    for field in OutboundMessage._meta.concrete_fields:
        value = getattr(kept, field.attname)
        assert (bytes(value) if field.attname == "body" else value) == getattr(sent, field.attname)


def test_a_row_that_exists_is_passed_over_when_asked(cast):
    together.insert([message("a", subject="first")])

    assert together.insert([message("a"), message("b")], or_ignore=True) == 1
    assert dict(OutboundMessage.objects.values_list("dedupe_key", "subject"))["a"] == "first"


def test_rows_enter_in_their_order():
    """The order of the outbox is that of its inserts."""
    rows = [
        OutboxEvent(
            kind="Rang",
            payload={"number": number, "text": None},
            correlation_id=Actor.job("x").correlation_id,
        )
        for number in range(300)
    ]
    with rls.acting(Actor.job("tests")):
        together.insert(rows)
    wait_for_older_transactions()
    dispatcher.number_ready()

    with walls_down():
        told = OutboxEvent.objects.order_by("position").values_list("payload__number", flat=True)
        assert list(told) == list(range(300))


def test_changed_rows_are_written_and_a_missing_one_is_said():
    rows = [message("a"), message("b")]
    together.insert(rows)
    for row in rows:
        row.attempts, row.body = 7, b"changed"

    together.update(rows)

    assert {(row.attempts, bytes(row.body)) for row in OutboundMessage.objects.all()} == {(7, b"changed")}
    with pytest.raises(RuntimeError, match="1 of 2"):
        together.update([rows[0], message("nowhere")])


def test_what_is_gathered_is_dropped_with_an_error():
    with pytest.raises(ZeroDivisionError), together.written_together():
        together.write(message("a"))
        raise ZeroDivisionError
    with together.written_together():
        with together.written_together():
            together.write(message("b"))
        assert not OutboundMessage.objects.exists()

    assert OutboundMessage.objects.get().dedupe_key == "b"
    assert not ParkedEvent.objects.exists()
