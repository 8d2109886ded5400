"""The same work asked for twice at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.engine.scripted import LOST, RAISED, Execution, ScriptedLanes, settled
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.in_flight import InFlight

CHAIN_NODES: dict[str, str | dict[str, Any]] = {"a": "canvas", "b": "blur"}
CHAIN = ("a.image > b.image",)


def pair(lanes: ScriptedLanes, flights: InFlight, **options: Any) -> tuple[Execution, Execution]:
    first = Execution(plan(graph(CHAIN_NODES, *CHAIN), **options), lanes, "first", flights=flights)
    second = Execution(plan(graph(CHAIN_NODES, *CHAIN), **options), lanes, "second", flights=flights)
    return first, second


def ran(lanes: ScriptedLanes) -> list[tuple[str, str]]:
    return [(job.execution_id, job.node_id) for job in lanes.jobs]


async def ended(*executions: Execution) -> list[ExecutionStatus]:
    return list(await asyncio.gather(*(execution.run() for execution in executions)))


async def test_two_executions_at_once_run_it_once() -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    first, second = pair(lanes, flights)
    assert await ended(first, second) == [ExecutionStatus.COMPLETED] * 2
    assert sorted(node for _, node in ran(lanes)) == ["a", "b"]
    for node_id in "ab":
        states_of = {execution.last(node_id).state.value for execution in (first, second)}
        assert states_of == {"completed", "cached"}
        assert first.last(node_id).outputs == second.last(node_id).outputs
    assert second.last("a").why == "computed by a of execution first, which asked for the same"
    assert lanes.held["second"]
    assert len(flights) == 0


async def test_two_nodes_of_one_graph_run_it_once() -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    execution = Execution(plan(graph({"a": "canvas", "b": "canvas"})), lanes, flights=flights)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.final() == {"a": "completed", "b": "cached"}
    assert execution.last("b").why == "computed by a of this execution, which asks for the same"
    assert execution.last("b").outputs == {"image": Value("IMAGE", data="a")}


async def test_what_landed_after_the_look_into_the_cache_is_found() -> None:
    """`first` ends as a whole before `second`, which has looked already, comes to `b`."""
    lanes, flights = ScriptedLanes(), InFlight()
    first, second = pair(lanes, flights)
    subject = graph({"slow": "seed", **CHAIN_NODES}, *CHAIN)
    second = Execution(plan(subject), lanes, "second", flights=flights)
    lanes.stuck["slow"] = asyncio.Event()
    waits = asyncio.create_task(second.run())
    await settled()
    await first.run()
    lanes.stuck["slow"].set()
    assert await waits is ExecutionStatus.COMPLETED
    assert sorted(node for _, node in ran(lanes)) == ["a", "b", "slow"]


async def test_a_follower_takes_over_from_a_leader_that_failed() -> None:
    lanes, flights = ScriptedLanes({"lead": [RAISED]}), InFlight()
    first = Execution(plan(graph({"lead": "canvas"})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"follow": "canvas"})), lanes, "second", flights=flights)
    lanes.stuck["lead"] = asyncio.Event()
    both = asyncio.create_task(ended(first, second))
    await settled()
    assert ran(lanes) == [("first", "lead")]
    lanes.stuck["lead"].set()
    assert await both == [ExecutionStatus.FAILED, ExecutionStatus.COMPLETED]
    assert second.last("follow").state.value == "completed"


async def test_a_leader_that_will_try_again_is_still_waited_for() -> None:
    lanes, flights = ScriptedLanes({"lead": [LOST]}), InFlight()
    retried = {"type": "canvas", "retries": 1, "retry_delay_s": 0}
    first = Execution(plan(graph({"lead": retried})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"follow": "canvas"})), lanes, "second", flights=flights)
    assert await ended(first, second) == [ExecutionStatus.COMPLETED] * 2
    assert second.last("follow").state.value == "cached"


async def test_a_follower_takes_over_from_a_leader_that_was_cancelled() -> None:
    lanes, flights = ScriptedLanes({"lead": [None]}), InFlight()
    first = Execution(plan(graph({"lead": "canvas"})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"follow": "canvas"})), lanes, "second", flights=flights)
    both = asyncio.create_task(ended(first, second))
    await settled()
    await first.executor.cancel()
    assert await both == [ExecutionStatus.CANCELLED, ExecutionStatus.COMPLETED]
    assert ran(lanes) == [("first", "lead"), ("second", "follow")]


async def test_a_follower_takes_over_from_an_execution_that_crashed() -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    lanes.stuck["lead"] = asyncio.Event()
    first = Execution(plan(graph({"lead": "canvas"})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"follow": "canvas"})), lanes, "second", flights=flights)
    crashing = asyncio.create_task(first.run())
    await settled()
    following = asyncio.create_task(second.run())
    await settled()
    crashing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashing
    assert await following is ExecutionStatus.COMPLETED
    assert second.last("follow").state.value == "completed"


async def test_cancelling_a_follower_leaves_the_leader_alone() -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    lanes.stuck["a"] = asyncio.Event()
    first, second = pair(lanes, flights)
    leading = asyncio.create_task(first.run())
    await settled()
    following = asyncio.create_task(second.run())
    await settled()
    await second.executor.cancel()
    assert await following is ExecutionStatus.CANCELLED
    lanes.stuck["a"].set()
    assert await leading is ExecutionStatus.COMPLETED
    assert ran(lanes) == [("first", "a"), ("first", "b")]


async def test_nobody_waits_for_work_of_a_paused_execution_that_has_not_started() -> None:
    """`lead` waits for the only lane when its execution is paused; the follower is next on that lane."""
    lanes, flights = ScriptedLanes(capacity=1), InFlight()
    lanes.stuck["busy"] = asyncio.Event()
    first = Execution(plan(graph({"busy": "seed", "lead": "canvas"})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"follow": "canvas"})), lanes, "second", flights=flights)
    leading = asyncio.create_task(first.run())
    await settled()
    following = asyncio.create_task(second.run())
    await settled()
    await first.executor.pause()
    lanes.stuck["busy"].set()
    assert await following is ExecutionStatus.COMPLETED
    assert second.last("follow").state.value == "completed"
    await first.executor.resume()
    assert await leading is ExecutionStatus.COMPLETED
    assert first.last("lead").state.value == "cached"
    assert ran(lanes) == [("first", "busy"), ("second", "follow")]


async def test_forced_executions_neither_follow_nor_are_followed() -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    first, second = pair(lanes, flights, force=True)
    third = Execution(plan(graph(CHAIN_NODES, *CHAIN)), lanes, "third", flights=flights)
    await asyncio.gather(first.run(), second.run(), third.run())
    assert len(lanes.jobs) == 6


async def test_what_was_evicted_at_once_is_computed_again() -> None:
    class Forgetful(ScriptedLanes):
        async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
            self.known.clear()
            return await super().everywhere(operation, **arguments)

    lanes, flights = Forgetful(), InFlight()
    first, second = pair(lanes, flights)
    assert await ended(first, second) == [ExecutionStatus.COMPLETED] * 2
    assert len(lanes.jobs) == 4


async def test_executions_that_lead_for_one_another_do_not_block() -> None:
    """Each leads one key and follows the other's, with one lane for both."""
    lanes, flights = ScriptedLanes(capacity=1), InFlight()
    one, other = {"type": "canvas", "params": {"size": 1}}, {"type": "canvas", "params": {"size": 2}}
    first = Execution(plan(graph({"a": one, "b": other})), lanes, "first", flights=flights)
    second = Execution(plan(graph({"a": other, "b": one})), lanes, "second", flights=flights)
    assert await ended(first, second) == [ExecutionStatus.COMPLETED] * 2
    assert len(lanes.jobs) == 2


def test_a_key_has_one_leader() -> None:
    flights = InFlight()
    flight = flights.lead("k", "e", "n")
    with pytest.raises(ValueError, match="on the way"):
        flights.lead("k", "f", "n")
    flight.end(landed=False)
    assert flights.landed_since("k", 0) is None
    again = flights.lead("k", "f", "n")
    moment = flights.moment
    again.end(landed=True)
    assert flights.landed_since("k", moment) is again
    assert flights.landed_since("k", flights.moment) is None
