"""Whatever a file holds, a workflow becomes a graph that can be stored, or is refused with a code."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.graph.test_graph_comfyui import CATALOGUE
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.comfyui import convert
from vortex_prefect.graph.comfyui.table import ROWS
from vortex_prefect.graph.model import parse_graph

LIMITS = Limits(nodes=20)

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400)
_anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
_keys = st.integers(-21, 4) | st.sampled_from(["1", "a/b", "\ud800", ""])
_types = st.sampled_from([*ROWS, "PrimitiveNode", "Note", "Foreign", "s", "t", ""])
_names = st.sampled_from(["image", "images", "mask", "positive", "negative", "", "width", "x" * 300, "\x00/"])


def _or_anything(wanted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(wanted, wanted, wanted, _anything)


_node = st.fixed_dictionaries(
    {"id": _or_anything(_keys), "type": _or_anything(_types)},
    optional={
        "pos": _or_anything(st.lists(st.floats(), max_size=3)),
        "mode": _or_anything(st.integers(-1, 5)),
        "title": _or_anything(st.text(max_size=5)),
        "inputs": _or_anything(
            st.lists(st.fixed_dictionaries({"name": _or_anything(_names), "link": _or_anything(_keys)}), max_size=4)
        ),
        "outputs": _or_anything(st.lists(st.fixed_dictionaries({"name": _or_anything(_names)}), max_size=3)),
        "widgets_values": _anything,
    },
)
_link = _or_anything(st.tuples(_keys, _keys, st.integers(-1, 3), _keys, st.integers(-1, 3), st.just("*")).map(list))
_part = {
    "nodes": _or_anything(st.lists(_or_anything(_node), max_size=6)),
    "links": _or_anything(st.lists(_link, max_size=8)),
}
_subgraph = st.fixed_dictionaries({"id": st.sampled_from(["s", "t"]), "inputs": _anything, **_part})
_editor = st.fixed_dictionaries(
    _part,
    optional={
        "groups": _or_anything(
            st.lists(
                _or_anything(st.fixed_dictionaries({"bounding": _anything, "title": _anything, "color": _anything})),
                max_size=3,
            )
        ),
        "definitions": _or_anything(
            st.fixed_dictionaries({"subgraphs": st.lists(_or_anything(_subgraph), max_size=3)})
        ),
    },
)
_input = _or_anything(st.tuples(st.sampled_from("ab"), st.integers(-1, 2)).map(list))
_prompt = st.dictionaries(
    st.sampled_from(["a", "b", "a/b", "x" * 300]),
    _or_anything(
        st.fixed_dictionaries(
            {"class_type": _or_anything(_types), "inputs": _or_anything(st.dictionaries(_names, _input, max_size=4))}
        )
    ),
    max_size=4,
)


@settings(max_examples=300)
@given(_editor | _prompt)
def test_any_workflow_becomes_a_graph_or_is_refused(data: Any) -> None:
    with contextlib.suppress(GraphError):
        converted = convert(json.dumps(data).encode(), CATALOGUE, LIMITS)
        document = json.loads(json.dumps(converted.to_dict()["graph"], allow_nan=False))
        assert parse_graph(document, LIMITS) == converted.graph
        # No edge leads to a node that is not there.
        ends = {end.node for edge in converted.graph.edges for end in (edge.source, edge.target)}
        assert ends <= converted.graph.nodes.keys()


@settings(max_examples=200)
@given(st.binary(max_size=200).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail) | st.binary(max_size=50))
def test_any_bytes_are_refused_or_become_a_graph(content: bytes) -> None:
    with contextlib.suppress(GraphError):
        convert(content, CATALOGUE, LIMITS)
