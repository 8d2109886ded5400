"""The hub: order, memory, slow clients. No socket and no event loop."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.bridge.hub import Backlog, Client, Envelope, Hub
from vortex_prefect.service.messages import Message

START = 1_000_000


def clock() -> int:
    return START


def message(number: int, key: str | None = None, *, droppable: bool = False, graph: str = "g") -> Message:
    return Message("test", graph, {"number": number}, None if key is None else (key,), droppable)


def numbers(envelopes: list[Envelope]) -> list[int]:
    return [envelope.message.payload["number"] for envelope in envelopes]


@dataclass
class Guest:
    """A client with a count of its wake-ups."""

    client: Client
    resumed: bool
    woken: list[int] = field(default_factory=list)

    @classmethod
    def join(cls, hub: Hub, after: int | None = None, graph: str = "g") -> Guest:
        woken: list[int] = []
        client, resumed = hub.join(graph, after, lambda _: woken.append(1))
        return cls(client, resumed, woken)

    def take(self) -> list[int]:
        return numbers(self.client.take())


def test_everybody_in_a_room_gets_every_message_in_order() -> None:
    hub = Hub(clock=clock)
    first, second, elsewhere = Guest.join(hub), Guest.join(hub), Guest.join(hub, graph="other")
    for number in range(3):
        hub.publish(message(number))
    assert first.take() == second.take() == [0, 1, 2]
    assert elsewhere.take() == []
    assert (len(first.woken), len(elsewhere.woken)) == (3, 0)


def test_what_concerns_no_graph_is_told_in_all_rooms_under_one_number() -> None:
    hub = Hub(clock=clock)
    here, there = Guest.join(hub), Guest.join(hub, graph="other")
    hub.publish(Message("test", None, {"number": 1}))
    first, second = here.client.take(), there.client.take()
    assert (numbers(first), numbers(second)) == ([1], [1])
    assert first[0].seq == second[0].seq == START + 1
    late = Guest.join(hub, after=START, graph="other")
    assert (late.take(), late.resumed) == ([1], True)


def test_the_envelope() -> None:
    hub = Hub(clock=clock)
    guest = Guest.join(hub)
    hub.publish(Message("graph.sync", "g", {"name": "ü"}))
    (envelope,) = guest.client.take()
    assert json.loads(envelope.text) == {
        "type": "graph.sync", "payload": {"name": "ü"}, "seq": START + 1, "ts_ms": START,
    }  # fmt: skip


def test_newer_progress_replaces_older() -> None:
    hub = Hub(clock=clock)
    guest = Guest.join(hub)
    for number, key in enumerate(["a", "b", "a", None, "a"]):
        hub.publish(message(number, key, droppable=True))
    assert guest.take() == [1, 3, 4]


def test_a_slow_client_loses_progress_first() -> None:
    hub = Hub(queue=3, clock=clock)
    guest = Guest.join(hub)
    for number in range(3):
        hub.publish(message(number, f"node {number}", droppable=True))
    for number in (10, 11):
        hub.publish(message(number))
    assert guest.client.closed is None
    assert hub.statistics().dropped == 2
    assert guest.take() == [2, 10, 11]


def test_a_client_that_would_lose_more_is_closed() -> None:
    hub = Hub(queue=2, clock=clock)
    slow, quick = Guest.join(hub), Guest.join(hub)
    taken = []
    for number in range(4):
        hub.publish(message(number))
        taken += quick.take()
    assert slow.client.closed == 1013
    assert slow.take() == []
    assert taken == [0, 1, 2, 3]
    statistics = hub.statistics()
    assert (statistics.clients, statistics.overflowed) == (1, 1)


def test_coming_back_replays_what_was_missed() -> None:
    hub = Hub(clock=clock)
    guest = Guest.join(hub)
    assert guest.resumed is False
    hub.publish(message(0))
    guest.take()
    seq = guest.client.seq
    hub.leave(guest.client)
    hub.publish(message(1))
    hub.publish(message(2))
    back = Guest.join(hub, seq)
    assert back.resumed is True
    assert back.take() == [1, 2]


def test_a_replay_leaves_out_what_was_replaced() -> None:
    hub = Hub(clock=clock)
    seq = Guest.join(hub).client.seq
    for number in range(5):
        hub.publish(message(number, "graph.sync"))
    assert Guest.join(hub, seq).take() == [4]


def test_nobody_resumes_where_memory_has_gaps() -> None:
    hub = Hub(memory=2, clock=clock)
    seq = Guest.join(hub).client.seq
    for number in range(3):
        hub.publish(message(number))
    too_old, just_held = Guest.join(hub, seq), Guest.join(hub, seq + 1)
    assert (too_old.resumed, too_old.take()) == (False, [])
    assert (just_held.resumed, just_held.take()) == (True, [1, 2])


@pytest.mark.parametrize("after", [0, START - 1, START + 1, START + 10**9])
def test_numbers_of_another_life_do_not_resume(after: int) -> None:
    hub = Hub(clock=clock)
    Guest.join(hub)
    assert Guest.join(hub, after).resumed is False


def test_a_forgotten_room_resumes_nobody() -> None:
    hub = Hub(idle_rooms=1, clock=clock)
    guest = Guest.join(hub)
    hub.leave(guest.client)
    hub.leave(Guest.join(hub, graph="other").client)
    assert hub.statistics().rooms == 1
    hub.publish(message(0))
    assert Guest.join(hub, guest.client.seq).resumed is False


def test_an_idle_room_is_remembered() -> None:
    hub = Hub(idle_rooms=1, clock=clock)
    guest = Guest.join(hub)
    hub.leave(guest.client)
    hub.publish(message(0))
    assert Guest.join(hub, guest.client.seq).take() == [0]


def test_direct_messages_take_no_number() -> None:
    hub = Hub(clock=clock)
    guest = Guest.join(hub)
    hub.publish(message(0))
    assert json.loads(hub.direct(guest.client, "pong", {}))["seq"] == START
    guest.take()
    assert json.loads(hub.direct(guest.client, "pong", {}))["seq"] == START + 1


def test_closing_ends_all_connections() -> None:
    hub = Hub(clock=clock)
    guests = [Guest.join(hub), Guest.join(hub, graph="other")]
    hub.close()
    assert [guest.client.closed for guest in guests] == [1001, 1001]
    assert hub.statistics().clients == 0
    hub.publish(message(0))
    assert [guest.take() for guest in guests] == [[], []]


def test_what_is_not_held_reaches_only_those_who_are_there() -> None:
    hub = Hub(memory=2, clock=clock)
    there = Guest.join(hub)
    hub.publish(message(0))
    for number in range(1, 10):
        hub.publish(replace(message(number, droppable=True), held=False))
    hub.publish(message(10))
    assert there.take() == list(range(11))
    back = Guest.join(hub, START)
    assert back.resumed, "lines of nodes have pushed out what counts"
    assert back.take() == [0, 10]


def test_leaving_twice_is_leaving_once() -> None:
    hub = Hub(clock=clock)
    guest = Guest.join(hub)
    hub.leave(guest.client)
    hub.leave(guest.client)
    assert hub.statistics().clients == 0


_items = st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.booleans()), max_size=40)


@given(_items)
def test_a_backlog_keeps_the_newest_of_each_key_in_order(items: list[tuple[str | None, bool]]) -> None:
    backlog = Backlog()
    for seq, (key, droppable) in enumerate(items):
        backlog.push(Envelope(message(seq, key, droppable=droppable), seq, 0))
    last = {key: seq for seq, (key, _) in enumerate(items)}
    assert numbers(backlog.after(-1)) == [s for s, (key, _) in enumerate(items) if key is None or last[key] == s]
    assert numbers(backlog.take()) == [s for s, (key, _) in enumerate(items) if key is None or last[key] == s]
    assert len(backlog) == 0
    assert backlog.drop() is False


@given(_items, st.integers(min_value=1, max_value=5), st.data())
def test_clients_lose_only_what_may_be_lost(
    items: list[tuple[str | None, bool]], limit: int, data: st.DataObject
) -> None:
    """Whatever a client takes when: it gets every message without a key that may not be lost, or is closed."""
    hub = Hub(queue=limit, clock=clock)
    guest = Guest.join(hub)
    taken: list[int] = []
    for number, (key, droppable) in enumerate(items):
        hub.publish(message(number, key, droppable=droppable))
        if data.draw(st.booleans()):
            taken += guest.take()
    taken += guest.take()
    assert taken == sorted(set(taken))
    if guest.client.closed is None:
        certain = {number for number, (key, droppable) in enumerate(items) if key is None and not droppable}
        assert certain <= set(taken)


@given(_items, st.integers(min_value=1, max_value=8), st.integers(min_value=0, max_value=45))
def test_resuming_equals_having_stayed(items: list[tuple[str | None, bool]], memory: int, seen: int) -> None:
    """One who returns after message `seen` ends with the same newest message of each key as one who stayed."""
    hub = Hub(memory=memory, clock=clock)
    stayed = Guest.join(hub)
    for number, (key, droppable) in enumerate(items):
        hub.publish(message(number, key, droppable=droppable))
    back = Guest.join(hub, START + seen)
    if back.resumed:
        expected = [number for number in stayed.take() if number >= seen]
        assert back.take() == expected
