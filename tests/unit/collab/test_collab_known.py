"""Edits that rest on what was never sent are refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map, merge_updates

from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.known import Known
from vortex_prefect.core.errors import RequestError


def steps(client: int, start: bytes | None = None) -> list[bytes]:
    """The updates of one client: a map in a map, a value in it, another in its place, and that one deleted."""
    doc: Doc[Any] = Doc(client_id=client)
    if start is not None:
        doc.apply_update(start)
    found: list[bytes] = []
    subscription = doc.observe(lambda event: found.append(event.update))
    root = doc.get("nodes", type=Map)
    root[f"n{client}"] = Map({"x": 1.0})
    root[f"n{client}"]["x"] = 2.0
    root[f"n{client}"]["title"] = "t"
    del root[f"n{client}"]["title"]
    doc.unobserve(subscription)
    return found


def known_after(updates: list[bytes]) -> Known:
    doc: Doc[Any] = Doc()
    for update in updates:
        doc.apply_update(update)
    return Known(read_state(doc.get_state()))


def test_in_order_everything_passes_and_adds_up() -> None:
    known = Known({})
    updates = steps(7) + steps(8, merge_updates(*steps(7)))
    for update in updates:
        known.add(known.check(update))
    assert known._ends == known_after(updates)._ends
    known.check(merge_updates(*updates))
    Known({}).check(merge_updates(*updates))


@pytest.mark.parametrize("missing", range(3))
def test_what_comes_after_a_gap_is_refused(missing: int) -> None:
    updates = steps(7)
    with pytest.raises(RequestError, match="RQ-001"):
        known_after(updates[:missing]).check(updates[missing + 1])


def test_deletions_of_what_is_not_here_are_refused() -> None:
    deletion = steps(7)[-1]
    with pytest.raises(RequestError, match="RQ-001"):
        Known({}).check(deletion)


def test_gaps_within_an_update_are_refused() -> None:
    first, _, third, _ = steps(7)
    with pytest.raises(RequestError, match="RQ-001"):
        Known({}).check(merge_updates(first, third))


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_an_update_or_refused(data: bytes) -> None:
    with contextlib.suppress(RequestError):
        Known({}).check(data)


@given(st.data())
def test_whatever_passes_leaves_nothing_pending(data: st.DataObject) -> None:
    """A spoilt update that passes is one that the library places at once, or refuses."""
    before = steps(7)[:2]
    update = bytearray(data.draw(st.sampled_from(steps(7)[2:] + steps(8, merge_updates(*before)))))
    for _ in range(data.draw(st.integers(1, 3))):
        update[data.draw(st.integers(0, len(update) - 1))] = data.draw(st.integers(0, 255))
    doc: Doc[Any] = Doc()
    for each in before:
        doc.apply_update(each)
    known = Known(read_state(doc.get_state()))
    try:
        ends = known.check(bytes(update))
        doc.apply_update(bytes(update))
    except (RequestError, ValueError, RuntimeError):
        return
    known.add(ends)
    assert read_state(doc.get_state()) == known._ends
