"""Who is there: whose state is whose, what comes back and what does not, and how much of it there may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.rooms import refusal
from vortex_prefect.collab.presence import Presence
from vortex_prefect.collab.protocol import Reader, number, sized_text
from vortex_prefect.core.errors import RequestError

State = dict[str, Any] | None


def said(*entries: tuple[int, int, State]) -> bytes:
    """An awareness update: client, clock and state of each."""
    parts = [number(client) + number(clock) + sized_text(json.dumps(state)) for client, clock, state in entries]
    return number(len(parts)) + b"".join(parts)


def heard(content: bytes | None) -> dict[int, tuple[int, State]]:
    """Client → clock and state."""
    if content is None:
        return {}
    reader = Reader(content)
    return {
        client: (clock, json.loads(reader.text()))
        for client, clock in ((reader.number(), reader.number()) for _ in range(reader.number()))
    }


def states(presence: Presence) -> dict[int, State]:
    return {client: state for client, (_, state) in heard(presence.update()).items()}


def test_who_shows_himself_is_seen_by_all_but_himself() -> None:
    presence = Presence()
    assert presence.take("ann", said((1, 5, {"user": 1}))) == {1}
    assert presence.take("bob", said((2, 7, {"user": 2}))) == {2}
    assert heard(presence.update()) == {1: (5, {"user": 1}), 2: (7, {"user": 2})}
    assert heard(presence.update(without="ann")) == {2: (7, {"user": 2})}
    assert presence.update({1}, without="ann") is None
    assert presence.update({1, 9}) == presence.update({1})


def test_what_is_said_again_is_no_news() -> None:
    presence = Presence()
    presence.take("ann", said((1, 5, {"x": 1})))
    assert presence.take("ann", said((1, 6, {"x": 1}))) == set()
    assert presence.take("ann", said((1, 6, {"x": 2}))) == {1}


def test_nobody_speaks_for_another() -> None:
    presence = Presence()
    presence.take("ann", said((1, 5, {"x": 1})))
    assert presence.take("eve", said((1, 50, {"x": 2}))) == set()
    assert presence.take("eve", said((1, 51, None))) == set()
    assert states(presence) == {1: {"x": 1}}


def test_an_echo_brings_no_ghost_back() -> None:
    presence = Presence()
    presence.take("ann", said((1, 5, {"x": 1})))
    presence.take("bob", said((2, 5, {"x": 2})))
    assert presence.leave("ann") == {1}
    assert presence.take("bob", said((1, 6, {"x": 1}), (2, 6, {"x": 3}))) == {2}
    assert states(presence) == {2: {"x": 3}}


def test_nobody_comes_by_being_gone() -> None:
    presence = Presence()
    assert presence.take("ann", said((1, 5, None))) == set()
    assert presence.update() is None


def test_who_comes_back_with_an_old_clock_is_seen_at_once() -> None:
    presence = Presence()
    presence.take("ann", said((1, 5, {"x": 1})))
    presence.leave("ann")
    ((clock, state),) = heard(presence.update({1})).values()
    assert (clock, state) == (6, None)
    assert presence.take("ann again", said((1, 5, {"x": 1}))) == {1}
    assert heard(presence.update()) == {1: (7, {"x": 1})}


def test_who_left_by_himself_may_return() -> None:
    presence = Presence()
    presence.take("ann", said((1, 5, {"x": 1})))
    assert presence.take("ann", said((1, 6, None))) == {1}
    assert presence.take("ann", said((1, 7, {"x": 2}))) == {1}
    assert states(presence) == {1: {"x": 2}}


said_by = st.tuples(
    st.sampled_from(["ann", "bob"]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9), st.sampled_from([None, {"x": 1}, {"x": 2}])), max_size=3),
)


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.none()) | said_by, max_size=30))
def test_clocks_that_are_told_rise_with_every_change(steps: list[Any]) -> None:
    presence = Presence()
    told: dict[int, tuple[int, State]] = {}
    for owner, entries in steps:
        changed = presence.leave(owner) if entries is None else presence.take(owner, said(*entries))
        now = heard(presence.update(changed))
        assert now.keys() == changed
        for client, (clock, _) in now.items():
            assert client not in told or clock > told[client][0]
        told |= now
        # Who listened to every change knows what one who comes now is told.
        assert {client: seen for client, seen in told.items() if seen[1] is not None} == {
            client: seen for client, seen in heard(presence.update()).items() if seen[1] is not None
        }


def test_clocks_stay_what_browsers_can_read() -> None:
    presence = Presence()
    with pytest.raises(RequestError, match="RQ-001"):
        presence.take("eve", said((1, (1 << 53) - 1, {"x": 1})))
    presence.take("eve", said((1, 1 << 52, {"x": 1})))
    for _ in range(100):
        presence.leave("eve")
        presence.take("eve", said((1, 0, {"x": 1})))
    assert heard(presence.update()).keys() == {1}


def test_a_connection_speaks_for_four_clients() -> None:
    presence = Presence()
    assert presence.take("ann", said(*((client, 1, {"x": 1}) for client in range(6)))) == {0, 1, 2, 3}
    presence.leave("ann")
    assert presence.take("ann", said((9, 1, {"x": 1}))) == {9}


def test_a_state_has_a_largest_size_in_bytes() -> None:
    presence = Presence()
    fits = "x" * ((16 << 10) - len(json.dumps({"x": ""})))
    assert presence.take("ann", said((1, 1, {"x": fits}))) == {1}
    with pytest.raises(RequestError, match="RQ-005"):
        presence.take("ann", said((1, 2, {"x": fits + "x"})))
    text = '{"x":"' + "€" * (6 << 10) + '"}'
    with pytest.raises(RequestError, match="RQ-005"):
        presence.take("ann", number(1) + number(1) + number(1) + sized_text(text))


@pytest.mark.parametrize("text", ["", "{", "1", '"x"', "[]", "true", "NaN", '{"x": NaN}', "{'x': 1}", "[" * 5000])
def test_a_state_that_is_no_object_is_refused_with_all_beside_it(text: str) -> None:
    presence = Presence()
    entry = number(2) + number(1) + sized_text(text)
    with pytest.raises(RequestError, match="RQ-001"):
        presence.take("eve", number(2) + number(1) + number(1) + sized_text("{}") + entry)
    assert presence.update() is None


@given(st.binary(max_size=60))
def test_any_bytes_are_states_or_refused(content: bytes) -> None:
    presence = Presence()
    changed: set[int] = set()
    assert refusal(lambda: changed.update(presence.take("eve", content))) in (None, "RQ-001", "RQ-005")
    assert heard(presence.update()).keys() == changed


def test_of_those_who_are_gone_the_first_are_forgotten() -> None:
    presence = Presence()
    for client in range(1_002):
        presence.take(client, said((client, 5, {"x": 1})))
    for client in range(1_001):
        presence.leave(client)
    assert states(presence) == {1_001: {"x": 1}}
    # Nothing is known of the first any more, and the second's clock goes on.
    presence.take("back", said((0, 1, {"x": 1})))
    presence.take("too", said((1, 1, {"x": 1})))
    assert {client: clock for client, (clock, _) in heard(presence.update({0, 1})).items()} == {0: 1, 1: 7}
