"""Shared documents over random graphs, random edits and random nonsense."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from tests.unit.graph.builders import CATALOGUE
from tests.unit.graph.strategies import IDS, PORTS, TYPES, documents, drafts, runnable, values
from vortex_prefect.collab.document import new_document, write
from vortex_prefect.collab.projection import Projector
from vortex_prefect.core.errors import CODES
from vortex_prefect.core.nodespec import Catalogue, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.changes import diff, replay
from vortex_prefect.graph.mapping import port_type, takes_list
from vortex_prefect.graph.model import Edge, Graph, Node, parse_graph

#: How long an example takes says nothing about it on a shared machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

catalogues = st.sampled_from([None, CATALOGUE])
#: Ids and ports in which the separator and the escape of edge keys stand.
_AWKWARD = {"a": "a:b", "b": "a", "c": "b:image", "d": "%3A", "e": "a%3Ab", "images": "b:image", "in": ":"}


def awkward(data: Any) -> Any:
    if isinstance(data, dict):
        return {_AWKWARD.get(key, key): awkward(value) for key, value in data.items()}
    if isinstance(data, list):
        return [awkward(item) for item in data]
    return _AWKWARD.get(data, data) if isinstance(data, str) else data


seeds = st.integers(-(1 << 63), (1 << 64) - 1) | st.sampled_from([(1 << 63) - 1, 1 << 63, 1 << 53, (1 << 53) + 2])
awkward_drafts = documents.map(
    lambda data: parse_graph(
        {
            **data,
            "nodes": awkward(data["nodes"]),
            "edges": [{end: awkward(edge[end]) for end in ("source", "target")} for edge in data["edges"]],
        },
        Limits(),
    )
)
seeded = st.tuples(drafts, st.dictionaries(st.sampled_from(IDS), seeds, max_size=3)).map(
    lambda pair: pair[0].model_copy(
        update={
            "nodes": pair[0].nodes
            | {node_id: Node(type="t.seed", params={"value": seed}) for node_id, seed in pair[1].items()}
        }
    )
)
graphs = drafts | awkward_drafts | runnable() | seeded


def text(graph: Graph) -> str:
    """Strict comparison up to the order of keys: tells True from 1, but not -0.0 from 0.0, which is a default."""
    return re.sub(r"-0\.0(?!\d)", "0.0", json.dumps(graph.to_document(), sort_keys=True))


def expected(graph: Graph, catalogue: Catalogue | None) -> Graph:
    """What a document that a graph was written into has to say."""
    nodes = {}
    for node_id, node in graph.nodes.items():
        spec = catalogue.get(node.type) if catalogue else None
        params = {name: meant(spec.param(name) if spec else None, value) for name, value in node.params.items()}
        nodes[node_id] = node.model_copy(update={"params": params})
    edges: list[Edge] = []
    taken = set()
    for edge in graph.edges:
        if edge.source.node in nodes and edge.target.node in nodes:
            spec = catalogue.get(nodes[edge.target.node].type) if catalogue else None
            single = spec and port_type(spec, edge.target.port) and not takes_list(spec, edge.target.port)
            if not single or edge.target not in taken:
                edges.append(edge)
            taken.add(edge.target)
    return graph.model_copy(update={"nodes": nodes, "edges": tuple(edges)})


def meant(spec: ParamSpec | None, value: Any) -> Any:
    kind = spec.type if spec else "JSON"
    if isinstance(value, dict | list):
        return nested(value, integral if kind == "JSON" else as_float)
    if kind == "INT" and isinstance(value, int | float | str) and not isinstance(value, bool):
        decimal = isinstance(value, str) and value.isdecimal()
        return int(value) if decimal or (not isinstance(value, str) and value == int(value)) else value
    return integral(value) if kind == "JSON" else as_float(value)


def nested(value: Any, scalar: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: nested(item, scalar) for key, item in value.items()}
    return [nested(item, scalar) for item in value] if isinstance(value, list) else scalar(value)


def integral(value: Any) -> Any:
    """3 for 3.0, and the nearest that a Y.Doc has for integers beyond 53 bits."""
    if type(value) is float and value.is_integer() and abs(value) <= 1 << 53:
        return int(value)
    if type(value) is int and abs(value) > 1 << 53:
        exact = float(value) == value
        return float(value) if exact else value if -(1 << 63) <= value < (1 << 63) - 1 else str(value)
    return value


def as_float(value: Any) -> Any:
    return float(value) if type(value) is int else value


@contextmanager
def projecting(doc: Doc[Any], catalogue: Catalogue | None = None, limits: Limits | None = None) -> Iterator[Projector]:
    projector = Projector(doc, "g", catalogue, limits)
    try:
        yield projector
    finally:
        projector.close()


def projected(doc: Doc[Any], catalogue: Catalogue | None = None, limits: Limits | None = None) -> Graph:
    with projecting(doc, catalogue, limits) as projector:
        return projector.graph


def check(doc: Doc[Any], projector: Projector, catalogue: Catalogue | None, limits: Limits | None = None) -> Graph:
    """The kept-up projection is what a fresh one is, and a graph; gives it."""
    graph = projector.graph
    with projecting(doc, catalogue, limits) as fresh:
        assert text(graph) == text(fresh.graph)
        assert list(graph.nodes) == list(fresh.graph.nodes)
        assert projector.problems == fresh.problems
    assert text(parse_graph(graph.to_document(), limits or Limits())) == text(graph)
    for problem in projector.problems:
        assert problem.code in CODES
        assert problem.path is not None
        json.dumps(problem.to_dict(), allow_nan=False).encode()
    return graph


def travelled(doc: Doc[Any]) -> Doc[Any]:
    copy: Doc[Any] = Doc()
    copy.apply_update(doc.get_update())
    return copy


@unhurried
@given(graphs, catalogues)
def test_a_new_document_says_its_graph(graph: Graph, catalogue: Catalogue | None) -> None:
    doc = new_document(graph, catalogue=catalogue)
    wanted = text(expected(graph, catalogue).model_copy(update={"id": "g"}))
    assert text(projected(doc, catalogue)) == wanted
    assert text(projected(travelled(doc), catalogue)) == wanted


@unhurried
@given(graphs, graphs, catalogues, st.booleans())
def test_a_graph_written_over_another_is_what_the_document_says(
    first: Graph, second: Graph, catalogue: Catalogue | None, through_projector: bool
) -> None:
    doc = new_document(first, catalogue=catalogue)
    second = expected(second, catalogue)
    with projecting(doc, catalogue) as projector:
        before = projector.graph
        if through_projector:
            projector.write(second)
        else:
            write(doc, second, catalogue=catalogue)
        after = check(doc, projector, catalogue)
        assert text(after) == text(second.model_copy(update={"id": "g"}))
        assert text(replay(diff(before, after), before)) == text(after)


@unhurried
@given(graphs, catalogues)
def test_what_is_said_already_is_not_written(graph: Graph, catalogue: Catalogue | None) -> None:
    doc = new_document(graph, catalogue=catalogue)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    write(doc, graph, catalogue=catalogue)
    with projecting(doc, catalogue) as projector:
        projector.write(projector.graph)
        write(doc, projector.graph, catalogue=catalogue)
    assert updates == []


#: Anything that a peer can put under a key.
garbage: st.SearchStrategy[Callable[[], Any]] = st.one_of(
    st.sampled_from(
        [
            lambda: Text("text"),
            lambda: Array([1, "a"]),
            lambda: Array([Map({"type": "t.blur"})]),
            lambda: XmlFragment([XmlElement("p", {"a": "1"}, [XmlText("x")])]),
            Map,
            lambda: Map({"type": "t.blur", "params": Map({"radius": 2})}),
            lambda: Map({"type": "t.blur", "params": {"radius": 2}}),
            lambda: Map({"type": Text("t.blur"), "x": 1}),
            lambda: Map({"a": Map({"b": Map({"c": 1})})}),
            Doc,
            lambda: b"bytes",
            lambda: float("nan"),
            lambda: float("inf"),
            lambda: [float("nan")],
            lambda: {"deep": [[[[[1]]]]]},
            lambda: "x" * 3_000,
            lambda: 1 << 62,
            lambda: -1.5,
            lambda: 1e300,
        ]
    ),
    values.map(lambda value: lambda: value),
    st.fixed_dictionaries(
        {
            "source": st.sampled_from([*IDS, "", "a/b"]),
            "sourcePort": st.sampled_from(PORTS),
            "target": st.sampled_from(IDS),
            "targetPort": st.sampled_from(PORTS),
        },
        optional={"order": st.sampled_from([0, 1.5, -1, "1", None, True, float("nan"), 1e308]), "more": st.just(1)},
    ).map(lambda value: lambda: value),
    st.fixed_dictionaries(
        {"node": st.sampled_from(IDS)},
        optional={"param": st.sampled_from(PORTS), "port": st.sampled_from(PORTS), "order": st.integers(-2, 2)},
    ).map(lambda value: lambda: value),
)
ROOTS = ("meta", "nodes", "edges", "inputs", "outputs", "groups", "notes")
FIELDS = (
    "type", "x", "y", "title", "mode", "retries", "retry_delay_s", "timeout_s", "tags", "max_parallel", "params",
    "width", "text", "color", "order", "id", "name", "schema", "nonsense",
)  # fmt: skip
keys = st.sampled_from([*IDS, "", "a/b", "\x00", "x" * 300, "name", "schema", "a:image", "b:in:a:out", "%"])
edits = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(ROOTS), keys, garbage),
    st.tuples(st.just("delete"), st.sampled_from(ROOTS), keys, garbage),
    st.tuples(st.just("field"), st.sampled_from(ROOTS), st.tuples(keys, st.sampled_from(FIELDS)), garbage),
    st.tuples(st.just("param"), st.just("nodes"), st.tuples(keys, st.sampled_from([*PORTS, "", "x" * 300])), garbage),
    st.tuples(st.just("type"), st.just("nodes"), keys, st.sampled_from(TYPES).map(lambda name: lambda: name)),
    st.tuples(st.just("inside"), st.sampled_from(ROOTS), keys, garbage),
)
Edit = tuple[str, str, Any, Callable[[], Any]]


def edit(doc: Doc[Any], wish: Edit) -> None:
    """Do to the document what was drawn, if it can be done there."""
    kind, root, key, make = wish
    top = doc.get(root, type=Map)
    if kind == "set":
        top[key] = make()
    elif kind == "delete":
        top.pop(key, None)
    elif kind == "type":
        if isinstance(held := top.get(key), Map):
            held["type"] = make()
    elif kind == "inside":
        held = top.get(key)
        if isinstance(held, Array):
            held.append(make())
        elif isinstance(held, Text | XmlText):
            held.insert(0, "more")
        elif isinstance(held, XmlFragment):
            held.children.append("more")
    else:
        held = top.get(key[0])
        if kind == "param" and isinstance(held, Map):
            held = held.get("params")
        if isinstance(held, Map):
            held[key[1]] = make()


@unhurried
@given(graphs, st.lists(st.lists(edits, max_size=4), max_size=6), catalogues, st.booleans())
def test_a_projection_that_is_kept_up_equals_a_fresh_one(
    graph: Graph, transactions: list[list[Edit]], catalogue: Catalogue | None, recoerced: bool
) -> None:
    doc = new_document(graph, catalogue=catalogue)
    with projecting(doc, catalogue) as projector:
        for wishes in transactions:
            before = projector.graph
            with doc.transaction():
                for wish in wishes:
                    edit(doc, wish)
            after = check(doc, projector, catalogue)
            assert text(replay(diff(before, after), before)) == text(after)
            projector.write(after)
            assert text(check(doc, projector, catalogue)) == text(after)
        if recoerced:
            other = None if catalogue is not None else CATALOGUE
            projector.recoerce(other)
            check(doc, projector, other)
        # Whatever the document had become, a graph can be written over it.
        wanted = expected(graph, projector.catalogue)
        projector.write(wanted)
        after = check(doc, projector, projector.catalogue)
        assert text(after) == text(wanted.model_copy(update={"id": "g"}))


@unhurried
@given(graphs, st.lists(edits, max_size=8), catalogues, st.integers(0, 4), st.integers(100, 3_000))
def test_limits_hold_whatever_is_edited(
    graph: Graph, wishes: list[Edit], catalogue: Catalogue | None, most: int, size: int
) -> None:
    limits = Limits(nodes=most, edges=most, depth=3, body_bytes=size)
    doc = new_document(graph, catalogue=catalogue)
    with projecting(doc, catalogue, limits) as projector:
        check(doc, projector, catalogue, limits)
        for wish in wishes:
            edit(doc, wish)
            check(doc, projector, catalogue, limits)


@unhurried
@given(graphs, st.lists(edits, max_size=6), st.lists(edits, max_size=6), catalogues, graphs)
def test_documents_that_were_edited_apart_come_together(
    graph: Graph, here: list[Edit], there: list[Edit], catalogue: Catalogue | None, written: Graph
) -> None:
    first = new_document(graph, catalogue=catalogue)
    second = travelled(first)
    with projecting(first, catalogue) as mine, projecting(second, catalogue) as other:
        for wish in here:
            edit(first, wish)
        for wish in there:
            edit(second, wish)
        other.write(written)
        for doc, projector in ((first, mine), (second, other)):
            check(doc, projector, catalogue)
        update = first.get_update(second.get_state())
        first.apply_update(second.get_update(first.get_state()))
        second.apply_update(update)
        assert text(check(first, mine, catalogue)) == text(check(second, other, catalogue))
        assert mine.problems == other.problems
