"""Pause, limits and the delay between attempts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.scripted import RAISED, Execution, ScriptedLanes, settled
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.retry import jittered, retry_delay_s

CHAIN = ("a.image > b.image",)
CHAIN_NODES: dict[str, str | dict[str, Any]] = {"a": "canvas", "b": "blur"}


async def test_what_runs_goes_on_and_nothing_new_starts_while_paused() -> None:
    lanes = ScriptedLanes()
    lanes.stuck["a"] = asyncio.Event()
    execution = Execution(plan(graph(CHAIN_NODES, *CHAIN)), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await execution.executor.pause()
    lanes.stuck["a"].set()
    await settled()
    assert execution.final() == {"a": "completed"}
    assert execution.attempts("b") == []
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert execution.attempts("b") == [1]


async def test_what_waits_for_a_lane_does_not_start_while_paused() -> None:
    """One place: `b` waits for it when the pause comes, and the place gets free after."""
    lanes = ScriptedLanes(capacity=1)
    lanes.stuck["a"] = asyncio.Event()
    execution = Execution(plan(graph({"a": "canvas", "b": "seed"})), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await settled()
    await execution.executor.pause()
    lanes.stuck["a"].set()
    await settled()
    assert [job.node_id for job in lanes.jobs] == ["a"]
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert [job.node_id for job in lanes.jobs] == ["a", "b"]


async def test_no_attempt_follows_a_failed_one_while_paused() -> None:
    lanes = ScriptedLanes({"n": [RAISED]})
    lanes.stuck["n"] = asyncio.Event()
    subject = plan(graph({"n": {"type": "canvas", "retries": 1, "retry_delay_s": 0}}))
    execution = Execution(subject, lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await execution.executor.pause()
    lanes.stuck["n"].set()
    await settled()
    assert execution.states("n") == ["running", "retrying"]
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert execution.attempts("n") == [1, 2]


async def test_a_pause_that_is_taken_back_at_once_changes_nothing() -> None:
    lanes = ScriptedLanes(capacity=1)
    execution = Execution(plan(graph({"a": "canvas", "b": "seed"})), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await execution.executor.pause()
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert execution.final() == {"a": "completed", "b": "completed"}
    assert len(lanes.jobs) == 2


async def test_a_paused_execution_can_be_cancelled() -> None:
    lanes = ScriptedLanes({"a": [None]}, capacity=1)
    execution = Execution(plan(graph({"a": "canvas", "b": "seed", "c": "blur"}, "a.image > c.image")), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await execution.executor.pause()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.final() == dict.fromkeys("abc", "cancelled")


class OnePlace:
    """A limiter with one place for each tag, that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.inside = 0
        self.most = 0
        self._lock = asyncio.Lock()

    async def acquire(self, tags: tuple[str, ...]) -> AbstractAsyncContextManager[None]:
        self.asked.append(tags)
        await self._lock.acquire()
        return self._place()

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            yield
        finally:
            self.inside -= 1
            self._lock.release()


async def test_attempts_of_tagged_steps_wait_for_their_limit() -> None:
    limiter = OnePlace()
    tagged = {"type": "canvas", "tags": ["gpu"], "retries": 1, "retry_delay_s": 0}
    subject = plan(graph({"a": tagged, "b": {**tagged, "params": {"size": 9}}, "free": "seed"}))
    lanes = ScriptedLanes({"a": [RAISED]})
    execution = Execution(subject, lanes, limiter=limiter)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert limiter.asked == [("gpu",)] * 3  # two attempts of a, one of b, none of free
    assert (limiter.most, limiter.inside) == (1, 0)


async def test_a_pause_gives_the_places_back_of_what_has_not_started() -> None:
    """`a` is on the only lane; tagged `b` has its limit and waits for the lane."""
    limiter = OnePlace()
    lanes = ScriptedLanes(capacity=1)
    lanes.stuck["a"] = asyncio.Event()
    execution = Execution(plan(graph({"a": "canvas", "b": {"type": "seed", "tags": ["gpu"]}})), lanes, limiter=limiter)
    running = asyncio.create_task(execution.run())
    await settled()
    assert limiter.inside == 1
    await execution.executor.pause()
    await settled()
    assert limiter.inside == 0
    lanes.stuck["a"].set()
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED


@given(st.floats(0, 1000), st.floats(0.001, 200))
def test_jitter_stays_within_its_factor(delay: float, factor: float) -> None:
    assert 0 <= jittered(delay, factor) <= delay * (1 + factor) * (1 + 1e-9)


def test_jitter_keeps_the_average(monkeypatch: pytest.MonkeyPatch) -> None:
    places = iter([0.0, 0.5, 1.0])
    monkeypatch.setattr(
        "vortex_prefect.engine.retry.random.uniform", lambda low, high: low + next(places) * (high - low)
    )
    least, middle, most = (jittered(10.0, 0.5) for _ in range(3))
    assert least < 10.0 < most
    assert most == pytest.approx(15.0)
    assert 8.0 < middle < 12.0


def test_the_delay_doubles_unless_the_step_has_its_own() -> None:
    def step(**policy: Any) -> Any:
        return plan(graph({"n": {"type": "canvas", "retries": 1, **policy}})).steps["n"]

    assert [retry_delay_s(step(), attempt) for attempt in (1, 2, 3, 20)] == [0.2, 0.4, 0.8, 30.0]
    assert retry_delay_s(step(retry_delay_s=7.0), 3) == 7.0
    drawn = {retry_delay_s(step(retry_delay_s=7.0, retry_jitter_factor=0.5), 1) for _ in range(20)}
    assert len(drawn) > 1
    assert max(drawn) <= 10.5
