from __future__ import annotations

import pytest

from vortex_prefect.graph.order import (
    ancestors,
    chains,
    cycles,
    depths,
    levels,
    longest_path,
    reversed_edges,
    strongly_connected,
    topological_order,
)

#: a → b → d, a → c → d, d → e; f stands alone.
DIAMOND = {"b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["d"]}
NODES = list("fedcba")
LONG = 10_000


def name(index: int) -> str:
    return f"n{index:05}"


def test_topological_order_takes_the_smallest_free_node() -> None:
    assert topological_order(NODES, DIAMOND) == list("abcdef")
    assert topological_order(["b", "a"], {"a": ["b"]}) == ["b", "a"]


def test_topological_order_refuses_a_cycle() -> None:
    with pytest.raises(ValueError, match="cycle"):
        topological_order(["a", "b"], {"a": ["b"], "b": ["a"]})


def test_depths_levels_and_longest_path() -> None:
    depth = depths("abcdef", DIAMOND)
    assert depth == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 3, "f": 0}
    assert levels(depth) == (("a", "f"), ("b", "c"), ("d",), ("e",))
    assert longest_path(depth, DIAMOND) == ("a", "b", "d", "e")


def test_longest_path_does_not_follow_shortcuts() -> None:
    parents = {"b": ["z"], "c": ["a", "b"]}
    assert longest_path(depths("azbc", parents), parents) == ("z", "b", "c")


def test_empty_graph() -> None:
    assert topological_order([], {}) == []
    assert levels({}) == ()
    assert longest_path({}, {}) == ()
    assert chains([], {}, {}) == ()
    assert cycles([], {}) == []


def test_ancestors_include_the_targets() -> None:
    assert ancestors(["d"], DIAMOND) == set("abcd")
    assert ancestors([], DIAMOND) == set()


def test_chains_end_where_the_graph_branches() -> None:
    assert chains("abcdef", DIAMOND, reversed_edges(NODES, DIAMOND)) == (("a",), ("b",), ("c",), ("d", "e"), ("f",))


def test_interleaved_chains_stay_whole() -> None:
    parents = {"c": ["a"], "d": ["b"]}
    assert chains("abcd", parents, reversed_edges("abcd", parents)) == (("a", "c"), ("b", "d"))


def test_cycles_name_one_shortest_loop_a_component() -> None:
    edges = {"a": ["b"], "b": ["c", "a"], "c": ["a"], "x": ["x"], "y": ["x"], "p": ["q"], "q": ["r"], "r": ["p"]}
    assert cycles(edges, edges) == [["a", "b"], ["p", "q", "r"], ["x"]]


def test_acyclic_graph_has_no_cycles() -> None:
    assert cycles(NODES, reversed_edges(NODES, DIAMOND)) == []


def test_components_are_told_apart() -> None:
    edges = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["c"]}
    assert sorted(sorted(part) for part in strongly_connected("abcd", edges)) == [["a", "b"], ["c", "d"]]


def test_long_chains_do_not_recurse() -> None:
    nodes = [name(i) for i in range(LONG)]
    parents = {name(i): [name(i - 1)] for i in range(1, LONG)}
    order = topological_order(nodes[::-1], parents)
    assert order == nodes
    depth = depths(order, parents)
    assert longest_path(depth, parents) == tuple(nodes)
    assert chains(order, parents, reversed_edges(order, parents)) == (tuple(nodes),)
    assert len(ancestors([nodes[-1]], parents)) == LONG
    ring = {**reversed_edges(nodes, parents), nodes[-1]: [nodes[0]]}
    assert cycles(nodes, ring) == [nodes]
