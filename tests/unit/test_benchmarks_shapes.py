from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.shapes import Edges, chain, diamonds, document, wide
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph

Shape = Callable[[int], Edges]


@pytest.mark.parametrize("shape", [chain, wide, diamonds])
@given(nodes=st.integers(min_value=1, max_value=210))
def test_a_shape_has_the_nodes_asked_for_and_every_port_one_edge(shape: Shape, nodes: int) -> None:
    edges = shape(nodes)
    graph = parse_graph(document("shape", edges), Limits())
    assert set(graph.nodes) == {f"n{index}" for index in range(nodes)}
    assert all(source < target for source, target, _ in edges)
    assert len({(target, port) for _, target, port in edges}) == len(edges)
    assert {target for _, target, _ in edges} == set(range(1, nodes))


def test_diamonds_join_what_they_split() -> None:
    nodes = document("diamonds", diamonds(8))["nodes"]
    types = [nodes[f"n{index}"]["type"].removeprefix("debug.") for index in range(8)]
    assert types == ["value", "identity", "identity", "add", "identity", "identity", "add", "identity"]


def test_a_wide_graph_has_one_source() -> None:
    assert {source for source, _, _ in wide(200)} == {0}


def test_only_the_source_has_a_value() -> None:
    nodes = document("chain", chain(3))["nodes"]
    assert {name: node["params"] for name, node in nodes.items()} == {"n0": {"value": 1}, "n1": {}, "n2": {}}
