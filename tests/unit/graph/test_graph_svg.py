"""Graphs as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.builders import graph
from tests.unit.graph.strategies import drafts
from vortex_prefect.core.reports import NodeState
from vortex_prefect.graph.drawing import COLOURS, MAX_NODES
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.svg import to_svg

_NS = {"s": "http://www.w3.org/2000/svg"}


def test_nodes_stand_from_left_to_right_in_their_colours() -> None:
    subject = graph({"a": "canvas", "b": {"type": "blur", "title": "Soft"}}, "a.image > b.image")
    root = ET.fromstring(to_svg(subject, {"b": NodeState.FAILED}))
    boxes = root.findall("s:g/s:rect", _NS)
    assert [float(box.attrib["x"]) for box in boxes] == sorted(float(box.attrib["x"]) for box in boxes)
    assert boxes[1].attrib["fill"] == COLOURS["failed"][0] != boxes[0].attrib["fill"]
    assert [text.text for text in root.findall("s:g/s:text", _NS)] == ["a", "t.canvas", "Soft", "t.blur"]
    assert len(root.findall("s:path", _NS)) == 1


def test_no_two_nodes_share_a_place() -> None:
    nodes: dict[str, str | dict[str, Any]] = {"top": "canvas", **dict.fromkeys(("l", "m", "r"), "blur")}
    root = ET.fromstring(to_svg(graph(nodes, *(f"top.image > {node}.image" for node in "lmr"))))
    places = {(box.attrib["x"], box.attrib["y"]) for box in root.findall("s:g/s:rect", _NS)}
    assert len(places) == 4


def test_a_long_graph_is_cut_and_says_so() -> None:
    root = ET.fromstring(to_svg(graph({f"n{index}": "canvas" for index in range(MAX_NODES + 5)})))
    assert len(root.findall("s:g", _NS)) == MAX_NODES
    assert "5 more nodes" in (root.findall("s:text", _NS)[0].text or "")


@given(drafts, st.sampled_from([None, *NodeState]))
def test_any_draft_is_well_formed_xml(subject: Graph, state: NodeState | None) -> None:
    states = {} if state is None else dict.fromkeys(subject.nodes, state.value)
    ET.fromstring(to_svg(subject, states))


def test_titles_are_text_and_never_markup() -> None:
    subject = graph({"a": {"type": "canvas", "title": "<script>alert(1)</script>&\x01"}})
    assert "<script" not in to_svg(subject)
    ET.fromstring(to_svg(subject).encode())
