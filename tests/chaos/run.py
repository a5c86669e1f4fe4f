"""One run: the flow, the kills, and what is left in the database once everything is applied."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import psycopg

from tests.chaos.flow import Expected, Flow, Sending
from tests.chaos.machine import Machine, scratch, swept

_KINDS = ("mllp", "worker", "database")
# A kill of each kind for so many messages, and at least two of each.
_EACH = 2500
_FLOW_SECONDS, _DRAIN_SECONDS = 1.0, 0.5  # for a message, at most

_COUNTS = {
    "stays": "SELECT count(*), count(DISTINCT (patient_id, visit_number)) FROM stays_encounter",
    "movements": "SELECT count(*), count(DISTINCT (patient_id, encounter_id, identifier)) FROM stays_encountermovement",
    "documents": "SELECT count(*), count(DISTINCT (patient_id, sender_identifier)) FROM documents_documentreference",
    "facts": "SELECT count(*), count(DISTINCT (kind, object_id)) FROM feed_feeditem",
    "alerts": "SELECT count(*), count(DISTINCT (payload->>'object_id', payload->>'kind')) FROM kernel_outboxevent"
    " WHERE kind = 'StayAlerted'",
}


@dataclass
class Found:
    seed: int
    sent: int = 0
    acknowledged: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    # Acknowledged, and neither stored nor applied.
    lost: dict[str, int] = field(default_factory=dict)
    doubled: dict[str, int] = field(default_factory=dict)
    # (found, expected), of each effect.
    effects: dict[str, tuple[int, int]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        return not any(self.lost.values()) and not any(self.doubled.values())

    def words(self) -> str:
        def said(numbers: dict[str, int]) -> str:
            detail = ", ".join(f"{name} {number}" for name, number in numbers.items())
            return f"{sum(numbers.values())} ({detail})"

        effects = ", ".join(f"{name} {found}/{wanted}" for name, (found, wanted) in self.effects.items())
        return (
            f"seed {self.seed} · {self.seconds:.0f} s · kills {said(self.kills)}\n"
            f"sent {self.sent} · acknowledged {self.acknowledged}\n"
            f"effects, found/expected: {effects}\n"
            f"lost {said(self.lost)}\ndoubled {said(self.doubled)}"
        )


def run(number: int, seed: int, *, say: Callable[[str], object] = lambda _: None) -> Found:
    """Raises RuntimeError when the flow does not end."""
    folder = scratch()
    machine = Machine(folder)
    try:
        people = machine.prepare(min(400, max(8, number // 8)))
        flow = Flow(people, number)
        say(f"seed {seed}: {number} messages of {len(people)} patients")
        return _played(machine, flow, Random(seed), Found(seed), say)
    finally:
        machine.close()
        swept(folder)


def _played(
    machine: Machine, flow: Flow, random: Random, found: Found, say: Callable[[str], object]
) -> Found:
    began = time.monotonic()
    for kind in ("mllp", "worker"):
        machine.start(kind)
    sending, errors = Sending(machine.port), list[Exception]()
    threads = sending.start(flow, failed=errors.append)
    kills = _plan(flow.number, random)
    until = began + 120 + flow.number * _FLOW_SECONDS
    while any(thread.is_alive() for thread in threads):
        if errors or time.monotonic() > until:
            raise RuntimeError(f"the flow broke off: {errors[:1] or 'too slow'}")
        if kills and len(sending.acknowledged) >= kills[0][0]:
            at, kind = kills.pop(0)
            machine.kill(kind)
            say(f"    {time.monotonic() - began:.0f} s, {at} acknowledged: {kind} killed")
        machine.revive()
        time.sleep(0.02)
    _drained(machine, flow.number)
    found.sent, found.acknowledged = sending.sent, len(sending.acknowledged)
    found.kills = dict(machine.kills)
    _count(machine, sending.acknowledged, flow.expected(), found)
    found.seconds = time.monotonic() - began
    return found


def _plan(number: int, random: Random) -> list[tuple[int, str]]:
    """When to kill what, in numbers of messages acknowledged; none so late that nothing is left to send."""
    each = max(2, number // _EACH)
    return sorted(
        (random.randrange(1, max(2, number * 9 // 10)), kind) for kind in _KINDS for _ in range(each)
    )


def _drained(machine: Machine, number: int) -> None:
    until = time.monotonic() + 120 + number * _DRAIN_SECONDS
    while time.monotonic() < until:
        machine.revive()
        try:
            waiting = machine.rows("SELECT count(*) FROM interop_inboundmessage WHERE state = 'received'")
        except psycopg.OperationalError:
            waiting = [(1,)]
        if waiting == [(0,)]:
            return
        time.sleep(0.2)
    raise RuntimeError("the messages are not applied")


def _count(machine: Machine, acknowledged: set[str], expected: Expected, found: Found) -> None:
    stored = dict(machine.rows("SELECT control_id, count(*) FROM interop_inboundmessage GROUP BY control_id"))
    applied = {
        name
        for (name,) in machine.rows("SELECT control_id FROM interop_inboundmessage WHERE state = 'applied'")
    }
    found.lost = {
        "not stored": len(acknowledged - set(stored)),
        "not applied": len((acknowledged & set(stored)) - applied),
    }
    found.doubled = {"control ids": sum(number - 1 for number in stored.values())}
    for name, statement in _COUNTS.items():
        total, different = machine.rows(statement)[0]
        wanted = getattr(expected, name)
        found.effects[name] = (total, wanted)
        found.lost[name] = max(0, wanted - different)
        found.doubled[name] = max(0, total - min(different, wanted))
