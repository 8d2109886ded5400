from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun

from tests.unit.graph.builders import graph
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.settings import Limits
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.adoption import adopted_options, adopted_request, wait_for_schedule
from vortex_prefect.engine.publication import Publication
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import parse_graph

GRAPH = graph(
    {"n": {"type": "number", "params": {"value": 3.0}}},
    name="adopted",
    inputs=[{"name": "start", "node": "n", "param": "value"}],
)


def publication(**fields: Any) -> Publication:
    return Publication(**{"graph": GRAPH.to_document(), "graph_hash": graph_hash(GRAPH), **fields})


def flow_run(**fields: Any) -> FlowRun:
    return FlowRun.model_validate({"id": new_id(), "flow_id": new_id(), "name": "f", **fields})


def test_parameters_become_the_graphs_inputs() -> None:
    begun = flow_run(parameters={"start": 7})
    adopted, request = adopted_request(begun, publication(targets=("a",), priority=5))
    assert adopted.nodes["n"].params == {"value": 7}
    assert request.execution_id == str(begun.id)
    assert request.graph == adopted.to_document()
    assert request.graph_hash == graph_hash(adopted) != graph_hash(GRAPH)
    assert (request.targets, request.priority, request.force) == (("a",), 5, False)


def test_without_parameters_it_is_the_published_graph() -> None:
    _, request = adopted_request(flow_run(), publication())
    assert request.graph_hash == graph_hash(GRAPH)


def test_an_execution_of_the_editor_stays_itself() -> None:
    execution_id = new_id()
    _, request = adopted_request(flow_run(run_count=1), publication(execution_id=execution_id))
    assert request.execution_id == execution_id


def test_only_the_first_time_ignores_the_cache() -> None:
    for run_count, force in ((0, True), (1, False), (2, False)):
        _, request = adopted_request(flow_run(run_count=run_count), publication(force=True))
        assert request.force is force


def test_a_graph_that_is_not_the_published_one_is_refused() -> None:
    with pytest.raises(GraphError, match="VE-011"):
        adopted_request(flow_run(), publication(graph_hash="0" * 64))


@pytest.mark.parametrize("parameters", [{"gone": 1}, {"start": 1, "Start": 2}])
def test_parameters_that_are_no_inputs_any_more_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match=r"VE-00[45]"):
        adopted_request(flow_run(parameters=parameters), publication())


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(GraphError, match="VE-001"):
        adopted_request(flow_run(), publication(graph={"schema": "something else"}))


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slept: list[float] = []
        monkeypatch.setattr("vortex_prefect.engine.adoption.asyncio.sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize("state", ["SCHEDULED", "PENDING"])
async def test_a_run_that_came_early_waits_until_it_is_due(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """A worker's claim makes it Pending, and Prefect forgets `next_scheduled_start_time` with that."""
    clock = Clock(monkeypatch)
    due = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=30)
    await wait_for_schedule(flow_run(state={"type": state, "state_details": {"scheduled_time": due.isoformat()}}))
    assert clock.slept == [pytest.approx(30, abs=5)]


async def test_a_run_that_is_due_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    past = {"type": "PENDING", "state_details": {"scheduled_time": "2020-01-01T00:00:00Z"}}
    for begun in (flow_run(), flow_run(state={"type": "PENDING"}), flow_run(state=past)):
        await wait_for_schedule(begun)
    assert set(clock.slept) <= {0.0}


def test_the_span_that_a_flow_run_names_is_the_parent() -> None:
    asked = TraceContext(b"t" * 16, b"s" * 8, sampled=False)
    _, request = adopted_request(flow_run(labels={"__OTEL_TRACEPARENT": asked.traceparent}), publication())
    assert request.trace == asked


@pytest.mark.parametrize("labels", [{}, {"__OTEL_TRACEPARENT": "00-no"}, {"__OTEL_TRACEPARENT": 1}])
def test_a_flow_run_may_name_none(labels: dict[str, Any]) -> None:
    assert adopted_request(flow_run(labels=labels), publication())[1].trace is None


def test_what_was_drawn_takes_the_parameters_too() -> None:
    drawn = graph(
        {"x": {"type": "graph.inner@1", "params": {"value": 3.0}}},
        name="adopted",
        inputs=[{"name": "start", "node": "x", "param": "value"}],
    )
    _, request = adopted_request(flow_run(parameters={"start": 7}), publication(drawn=drawn.to_document()))
    assert request.drawn is not None
    assert request.drawn["nodes"]["x"]["params"] == {"value": 7}
    told = adopted_options(request)
    assert told["drawn_hash"] == graph_hash(parse_graph(request.drawn, Limits()))
    _, plain = adopted_request(flow_run(), publication())
    assert plain.as_drawn is plain.graph
    assert "drawn_hash" not in adopted_options(plain)
