"""Payloads of earlier releases, read today."""

from __future__ import annotations

import pytest

from vortex_prefect.core.events import EVENT_TYPES, PAYLOAD_VERSION, Event
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.upcasting import STEPS, upcast


def test_there_is_a_step_to_each_version() -> None:
    needed = {(name, n) for name, event_type in EVENT_TYPES.items() for n in range(1, event_type.version)}
    assert set(STEPS) == needed


def test_what_is_of_today_is_left_alone() -> None:
    payload, metadata = {"by": "execution"}, {PAYLOAD_VERSION: 2}
    assert upcast("GraphSaved", payload, metadata) == (payload, metadata)
    assert upcast("NodeMoved", {"x": 1}, {}) == ({"x": 1}, {})


def test_what_is_older_is_led_to_today() -> None:
    payload, metadata = upcast("GraphSaved", {"version": 3}, {"user": "ada"})
    assert payload == {"version": 3, "by": "user"}
    assert metadata == {"user": "ada", PAYLOAD_VERSION: 2}


def test_what_is_newer_is_refused() -> None:
    with pytest.raises(ValueError, match="version 9; this release reads up to 2"):
        upcast("GraphSaved", {}, {PAYLOAD_VERSION: 9})


def test_new_events_say_their_version() -> None:
    def written(name: str) -> dict[str, object]:
        return Event(name, EVENT_TYPES[name].aggregate, new_id(), metadata={"user": "ada"}).metadata

    assert written("GraphSaved") == {"user": "ada", PAYLOAD_VERSION: 2}
    assert written("NodeMoved") == {"user": "ada"}


def test_the_specifications_types_are_all_there() -> None:
    named = """
        GraphCreated GraphDeleted GraphCloned NodeCreated NodeDeleted NodeMoved NodeParamUpdated EdgeCreated
        EdgeDeleted ExecutionQueued ExecutionStarted ExecutionCompleted ExecutionFailed WorkerSpawned WorkerCrashed
        WorkerRecovered TensorAllocated TensorEvicted
    """
    assert set(named.split()) <= EVENT_TYPES.keys()
