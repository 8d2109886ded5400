"""Nodes that kill their workers again and again: when they are stopped, and when they are tried once more."""

from __future__ import annotations

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.host.quarantine import Quarantine

REST_S = 100.0


def _stopped(quarantine: Quarantine, node: str, now: float) -> bool:
    try:
        quarantine.check(node, now)
    except WorkerError as error:
        return error.code == "WK-011"
    return False


def _crash(quarantine: Quarantine, node: str, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        quarantine.crashed(node, now)


def test_a_node_may_crash_less_often_than_the_limit() -> None:
    quarantine = Quarantine(3, REST_S)
    quarantine.check("n", 0.0)
    _crash(quarantine, "n", 2)
    quarantine.check("n", 0.0)
    _crash(quarantine, "n", 1)
    assert _stopped(quarantine, "n", 0.0)


def test_it_is_told_how_often_it_crashed_and_how_long_it_rests() -> None:
    quarantine = Quarantine(3, REST_S)
    _crash(quarantine, "blur", 3, now=10.0)
    with pytest.raises(WorkerError, match="WK-011") as raised:
        quarantine.check("blur", 30.0)
    assert raised.value.message == "blur killed its worker 3 times in a row; it is not run for another 80 s"


def test_a_node_rests_from_its_last_crash_on() -> None:
    quarantine = Quarantine(2, REST_S)
    quarantine.crashed("n", 0.0)
    quarantine.crashed("n", 60.0)
    assert _stopped(quarantine, "n", REST_S)
    assert _stopped(quarantine, "n", 60.0 + REST_S - 0.5)
    assert not _stopped(quarantine, "n", 60.0 + REST_S)


def test_a_node_that_crashes_again_after_its_rest_rests_again_at_once() -> None:
    quarantine = Quarantine(3, REST_S)
    _crash(quarantine, "n", 3)
    assert not _stopped(quarantine, "n", REST_S)
    quarantine.crashed("n", REST_S + 1)
    assert _stopped(quarantine, "n", REST_S + 2)
    assert _stopped(quarantine, "n", REST_S * 2)
    assert not _stopped(quarantine, "n", REST_S * 2 + 1)


def test_a_node_that_ended_once_starts_anew() -> None:
    quarantine = Quarantine(2, REST_S)
    _crash(quarantine, "n", 1)
    quarantine.finished("n")
    _crash(quarantine, "n", 1)
    assert not _stopped(quarantine, "n", 0.0)
    _crash(quarantine, "n", 1)
    assert _stopped(quarantine, "n", 0.0)
    quarantine.finished("n")
    assert not _stopped(quarantine, "n", 0.0)


def test_a_node_that_never_crashed_may_end() -> None:
    quarantine = Quarantine(1, REST_S)
    quarantine.finished("n")
    _crash(quarantine, "n", 1)
    quarantine.finished("another")
    assert _stopped(quarantine, "n", 0.0)


def test_nodes_are_stopped_for_themselves_only() -> None:
    quarantine = Quarantine(2, REST_S)
    _crash(quarantine, "bad", 2)
    _crash(quarantine, "well", 1)
    assert _stopped(quarantine, "bad", 0.0)
    assert not _stopped(quarantine, "well", 0.0)
    assert not _stopped(quarantine, "unknown", 0.0)


def test_a_limit_of_zero_stops_nobody() -> None:
    quarantine = Quarantine(0, REST_S)
    _crash(quarantine, "n", 1000)
    quarantine.check("n", 0.0)


def test_those_that_crashed_least_lately_are_forgotten() -> None:
    quarantine = Quarantine(1, REST_S, most=2)
    for node in ("one", "two"):
        quarantine.crashed(node, 0.0)
    quarantine.crashed("one", 1.0)  # now two is the one that crashed least lately
    quarantine.crashed("three", 2.0)
    assert [_stopped(quarantine, node, 2.0) for node in ("one", "two", "three")] == [True, False, True]
