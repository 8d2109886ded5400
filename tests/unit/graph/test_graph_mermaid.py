"""Graphs as Mermaid text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.builders import document, graph
from tests.unit.graph.strategies import drafts
from vortex_prefect.core.reports import NodeState
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.mermaid import to_mermaid
from vortex_prefect.graph.model import Graph, parse_graph

#: Every line that a drawing may have. Labels are letters, digits, spaces and entities: nothing can break out.
_TEXT = r"(?:\w|[ …]|[#]\d+;)*"
_LINES = re.compile(
    rf"""flowchart\ LR
    |\ \ n\d+\["{_TEXT}<br/>{_TEXT}"\]
    |\ \ n\d+\ -->\|"{_TEXT}(?:\ →\ {_TEXT})?"\|\ n\d+
    |\ \ more>"…\ (?:\d+\ more\ (?:nodes|edges))(?:\ and\ \d+\ more\ edges)?,\ not\ drawn"\]
    |\ \ classDef\ [a-z]+\ [a-z]+[-a-z]*:[-#\w.,\ :]+
    |\ \ class\ n\d+(?:,n\d+)*\ [a-z]+""",
    re.VERBOSE,
)


def _chain(length: int) -> Graph:
    nodes: dict[str, str | dict[str, Any]] = {f"n{i:03}": "identity" if i else "canvas" for i in range(length)}
    edges = [f"n{i - 1:03}.{'image' if i == 1 else 'out'} > n{i:03}.in" for i in range(1, length)]
    return graph(nodes, *edges)


def test_nodes_and_edges_are_drawn_in_the_order_of_the_data() -> None:
    subject = graph({"b": {"type": "blur", "title": "Soft"}, "z": "canvas"}, "z.image > b.image")
    assert to_mermaid(subject) == (
        'flowchart LR\n  n0["z<br/>t#46;canvas"]\n  n1["Soft<br/>t#46;blur"]\n  n0 -->|"image"| n1\n'
    )


def test_an_edge_names_both_ports_where_they_differ() -> None:
    assert '|"image → in"|' in to_mermaid(_chain(2))


@pytest.mark.parametrize("state", list(NodeState))
def test_every_state_has_a_colour(state: NodeState) -> None:
    text = to_mermaid(_chain(3), {"n001": state})
    assert f"  classDef {state} fill:#" in text
    assert f"  class n1 {state}\n" in text


def test_muted_and_bypassed_nodes_are_dashed() -> None:
    text = to_mermaid(graph({"a": {"type": "canvas", "mode": "muted"}, "b": "canvas"}))
    assert "  class n0 idle\n" in text


def test_a_long_graph_is_cut_and_says_so() -> None:
    text = to_mermaid(_chain(200), max_nodes=50)
    assert len(re.findall(r'\["', text)) == 50
    assert '["n000<' in text
    assert '["n050<' not in text
    assert '>"… 150 more nodes, not drawn"]' in text


def test_of_a_long_graph_the_failed_node_is_always_drawn() -> None:
    text = to_mermaid(_chain(200), {"n199": "failed", "n000": "completed"}, max_nodes=10)
    assert '["n199<' in text
    assert "  class n9 failed\n" in text


def test_many_edges_are_cut_and_counted() -> None:
    subject = graph({"a": "canvas", "b": "stack"}, *["a.image > b.images"] * 310)
    text = to_mermaid(subject)
    assert text.count("-->") == 300
    assert '>"… 10 more edges, not drawn"]' in text


@pytest.mark.parametrize("title", ['"]; click n0 "x"', "<script>", "a\n  n9 --> n0", "`*b*`", "end", "1. x", "#35;"])
def test_a_title_cannot_become_markup(title: str) -> None:
    _check_lines(to_mermaid(graph({"a": {"type": "canvas", "title": title}})))


@given(subject=drafts, states=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(list(NodeState))))
def test_drafts_of_any_kind_are_drawn(subject: Graph, states: dict[str, str]) -> None:
    text = to_mermaid(subject, states, max_nodes=4)
    _check_lines(text)
    assert len(re.findall(r'\["', text)) == min(4, len(subject.nodes))


@given(text=st.text(min_size=1, max_size=60))
def test_names_of_any_kind_stay_labels(text: str) -> None:
    node = {"type": "canvas", "title": text}
    subject = parse_graph(document({"a": node, "b": "canvas"}, edges=[_edge(text)]), Limits())
    drawn = to_mermaid(subject)
    _check_lines(drawn)
    drawn.encode()


def _edge(port: str) -> dict[str, object]:
    return {"source": {"node": "a", "port": port}, "target": {"node": "b", "port": port}}


def _check_lines(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        assert _LINES.fullmatch(line), line
