"""Where a stream goes on after its connection was lost, without a connection."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vortex_prefect.client.bridge.attempts import Patience
from vortex_prefect.client.bridge.course import Course
from vortex_prefect.client.bridge.messages import Gap
from vortex_prefect.client.bridge.site import Site
from vortex_prefect.core.errors import SystemFault

LOST = OSError("lost")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def course(clock: Clock) -> Course:
    return Course(Site("http://127.0.0.1:1"), "g", Patience(10.0), clock, lambda: 1.0)


def after(course: Course) -> str | None:
    found = parse_qs(urlsplit(course.address()).query)
    assert found["graph_id"] == ["g"]
    return found.get("after", [None])[0]


def take(course: Course, type: str, seq: int, **payload: Any) -> None:
    course.take(json.dumps({"type": type, "seq": seq, "ts_ms": 0, "payload": payload}))


def sync(course: Course, seq: int) -> None:
    take(course, "graph.sync", seq, graph={}, version=1)


def progress(course: Course, seq: int) -> None:
    take(course, "execution.progress", seq, execution_id="e", node_id="n", state="running", progress=1)


def test_it_goes_on_after_the_last_message(course: Course) -> None:
    assert after(course) is None
    course.opened()
    sync(course, 10)
    progress(course, 11)
    course.lost(LOST)
    assert after(course) == "11"
    course.opened()
    progress(course, 12)
    take(course, "pong", 12)
    course.lost(LOST)
    assert after(course) == "12"
    assert course.gaps == 0


def test_how_things_stand_is_told_again_where_it_was_not_told_to_the_end(course: Course) -> None:
    course.opened()
    sync(course, 10)
    progress(course, 10)  # of how many?
    course.lost(LOST)
    assert after(course) is None
    course.opened()
    sync(course, 10)
    assert [type(message) for message in course.inbox].count(Gap) == course.gaps == 1


def test_a_server_whose_numbers_begin_anew_is_believed(course: Course) -> None:
    course.opened()
    sync(course, 1000)
    progress(course, 1001)
    course.lost(LOST)
    course.opened()
    sync(course, 5)
    progress(course, 6)
    course.lost(LOST)
    assert after(course) == "6"


def test_patience_is_for_each_outage(course: Course, clock: Clock) -> None:
    course.opened()
    sync(course, 1)
    clock.now = 1000.0
    assert course.lost(LOST) == pytest.approx(0.1)
    clock.now = 1009.0
    assert course.lost(LOST) == pytest.approx(0.2)
    course.opened()  # a connection alone is no sign of life
    clock.now = 1011.0
    with pytest.raises(SystemFault, match="SY-004"):
        course.lost(LOST)
