from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.graph.builders import graph, output, plan
from tests.unit.graph.strategies import runnable
from vortex_prefect.graph.memory import MemoryEstimate, estimate_memory
from vortex_prefect.graph.model import Graph

CHAIN: dict[str, Any] = {"a": "canvas", "b": "blur", "c": "blur", "d": "blur"}
CHAIN_EDGES = ("a.image > b.image", "b.image > c.image", "c.image > d.image")


def test_outputs_live_until_their_last_consumer_ended() -> None:
    found = estimate_memory(plan(graph(CHAIN, *CHAIN_EDGES)), {"a": 1, "b": 10, "c": 100, "d": 1000})
    assert found.live_bytes == {"a": 1, "b": 11, "c": 110, "d": 1100}
    assert (found.peak_bytes, found.at_node, found.unknown_nodes) == (1100, "d", ())


def test_a_late_consumer_keeps_what_it_needs() -> None:
    edges = ("a.image > b.image", "b.image > c.image", "c.image > d.a", "a.image > d.b")
    found = estimate_memory(plan(graph({**CHAIN, "d": "mix"}, *edges)), {"a": 1, "b": 10, "c": 100, "d": 1000})
    assert found.live_bytes == {"a": 1, "b": 11, "c": 111, "d": 1101}


def test_what_the_graph_gives_lives_to_the_end() -> None:
    subject = plan(graph(CHAIN, *CHAIN_EDGES, outputs=[output("early", "a.image")]))
    assert estimate_memory(subject, dict.fromkeys("abcd", 5)).live_bytes == {"a": 5, "b": 10, "c": 15, "d": 15}


def test_what_nothing_consumes_lives_to_the_end() -> None:
    subject = plan(graph({"a": "canvas", "b": "canvas", "c": "blur"}, "b.image > c.image"))
    assert estimate_memory(subject, {"a": 1, "b": 10, "c": 100}).live_bytes == {"a": 1, "b": 11, "c": 111}


def test_the_peak_is_the_first_of_equals() -> None:
    found = estimate_memory(plan(graph(CHAIN, *CHAIN_EDGES)), dict.fromkeys("abcd", 5))
    assert (found.peak_bytes, found.at_node) == (10, "b")


def test_what_is_not_known_is_said_and_not_counted() -> None:
    found = estimate_memory(plan(graph(CHAIN, *CHAIN_EDGES)), {"d": 7, "a": 3, "elsewhere": 99})
    assert found.unknown_nodes == ("b", "c")
    assert (found.peak_bytes, found.at_node) == (7, "d")


def test_an_empty_plan_takes_nothing() -> None:
    assert estimate_memory(plan(Graph()), {}) == MemoryEstimate(0, None, {}, ())


def test_negative_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="size of a"):
        estimate_memory(plan(graph({"a": "canvas"})), {"a": -1})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runnable(), st.data())
def test_it_agrees_with_looking_at_each_moment(subject: Graph, draw: st.DataObject) -> None:
    found = plan(subject)
    sizes = draw.draw(st.fixed_dictionaries({node_id: st.integers(0, 1000) for node_id in found.order}))
    rank = {node_id: place for place, node_id in enumerate(found.order)}
    kept = {source.node for source in found.outputs.values()}

    def lives(node_id: str, moment: int) -> bool:
        users = [rank[other] for other in found.steps[node_id].consumers]
        return rank[node_id] <= moment and (node_id in kept or not users or moment <= max(users))

    estimate = estimate_memory(found, sizes)
    for moment, node_id in enumerate(found.order):
        assert estimate.live_bytes[node_id] == sum(sizes[other] for other in found.order if lives(other, moment))
    assert estimate.peak_bytes == max(estimate.live_bytes.values(), default=0)
