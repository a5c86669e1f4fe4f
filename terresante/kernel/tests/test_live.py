"""The hub asks once for a batch who may read it; nobody misses an event by joining meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.events import Event
from terresante.kernel.ids import new_id
from terresante.kernel.live import hub as hubs
from terresante.kernel.live import server
from terresante.kernel.live.events import LiveEvent, last_position
from terresante.kernel.live.hub import Hub, Subscriber


def somebody():
    return Actor(kind=ActorKind.PROFESSIONAL, name="", person_id=new_id())


@pytest.fixture
def told(monkeypatch):
    """Who may read is asked of a dictionary: event position → correlation ids; `during` is run while it is asked."""
    answers: dict[int, set[UUID]] = {}
    answers_asked: list[int] = []
    meanwhile: list[Callable[[], None]] = []

    async def ask(events, actors):
        answers_asked.append(len(events))
        for gesture in meanwhile:
            gesture()
        return [answers.get(event.position, set()) for event in events]

    monkeypatch.setattr(hubs, "_readers", ask)
    return answers, answers_asked, meanwhile


def positions(subscriber):
    return [event.position for event in subscriber.waiting() if event]


def test_a_batch_is_asked_once_and_each_reader_gets_his_own_in_order(told):
    async def scenario():
        answers, asked, _ = told
        hub, first, second = Hub(), Subscriber(somebody()), Subscriber(somebody())
        hub._subscribers = {first, second}
        both = {first.actor.correlation_id, second.actor.correlation_id}
        answers.update({1: both, 2: {second.actor.correlation_id}, 4: both})

        await hub._hand_out([LiveEvent(number, Event()) for number in (1, 2, 3, 4)])

        assert (positions(first), positions(second)) == ([1, 4], [1, 2, 4])
        assert (asked, hub.position) == ([4], 4)

    asyncio.run(scenario())


def test_who_joins_while_readers_are_asked_is_told_to_ask_for_these_events_himself(told):
    async def scenario():
        answers, _, meanwhile = told
        hub, early = Hub(), Subscriber(somebody())
        late = Subscriber(replace(early.actor))
        hub._subscribers = {early}
        seen: list[int] = []

        def join():
            hub._subscribers.add(late)
            seen.append(hub.position)

        meanwhile.append(join)
        answers[7] = {early.actor.correlation_id}

        await hub._hand_out([LiveEvent(7, Event())])

        assert positions(early) == [7]
        assert positions(late) == []
        assert seen == [7]  # what a stream that begins now takes as « missed until »

    asyncio.run(scenario())


def test_a_stream_too_slow_is_closed_rather_than_left_with_holes():
    async def scenario():
        slow = Subscriber(somebody())
        for number in range(hubs._QUEUE + 1):
            slow.give(LiveEvent(number, Event()))

        assert slow.waiting() == [None]

    asyncio.run(scenario())


@pytest.mark.parametrize(("away", "status"), [(0, 200), (server.MOST_MISSED + 1, 410)])
def test_who_was_away_for_too_long_asks_for_the_page_again(monkeypatch, away, status):
    """Searching a week of the whole region for him would cost whoever else is served."""

    async def scenario():
        app, hub, sent = server.LiveServer(), Hub(), []
        hub.position = 50_000
        hub._ready.set()
        app._hub, app._running = hub, asyncio.create_task(asyncio.sleep(60))
        asked = {"type": "http", "method": "GET", "path": "/live", "headers": []}

        async def send(message):
            sent.append(message)

        async def gone():
            return {"type": "http.disconnect"}

        await app({**asked, "query_string": f"after={50_000 - away}".encode()}, gone, send)
        app._running.cancel()
        assert sent[0]["status"] == status
        assert not hub._subscribers

    monkeypatch.setattr(server, "_actor_of", lambda _: somebody())
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.01)
    asyncio.run(scenario())


def test_a_page_of_another_account_is_served_nothing_and_hears_that_its_session_has_ended(monkeypatch):
    """Somebody else has logged in since, in another tab."""
    sent = []

    async def send(message):
        sent.append(message)

    async def gone():
        return {"type": "http.disconnect"}

    monkeypatch.setattr(server, "_actor_of", lambda _: somebody())
    asked = {"type": "http", "method": "GET", "path": "/live", "headers": []}
    asyncio.run(server.LiveServer()({**asked, "query_string": f"account={new_id()}".encode()}, gone, send))

    assert sent[0]["status"] == 401


@pytest.mark.commits
def test_a_question_of_the_hub_leaves_no_connection_in_the_thread_that_asked_it():
    """The threads are more than the connections of a process: at the fifth, every stream was closed."""

    def ask():
        last_position()
        return connections[DEFAULT_DB_ALIAS]

    assert asyncio.run(hubs._asked(ask)).connection is None
