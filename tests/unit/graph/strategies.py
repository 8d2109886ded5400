"""Hypothesis strategies: arbitrary JSON, drafts that may be wrong in every way, and graphs that can run."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.graph.builders import CATALOGUE
from vortex_prefect.core.nodespec import NodeSpec, ParamSpec, accepts
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import SCHEMA, Graph, parse_graph

IDS = list("abcdefgh")
TYPES = [spec.type for spec in CATALOGUE.all()]
PORTS = ["image", "mask", "images", "a", "b", "in", "out", "value", "radius", "factor", "path", "data", "nonsense"]
MODES = ["active", "muted", "bypassed"]

Strategy = st.SearchStrategy[Any]
Records = st.SearchStrategy[dict[str, Any]]


def record(required: dict[str, Strategy], optional: dict[str, Strategy] | None = None) -> Records:
    """Dicts with the required keys and some of the optional ones."""
    return st.fixed_dictionaries(required, optional=optional or {})


def unique(items: Records, key: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to three items that differ in `key`."""
    return st.lists(items, max_size=3, unique_by=lambda item: str(item[key]))


scalars = st.none() | st.booleans() | st.integers(-5, 60) | st.floats(-5, 60) | st.sampled_from(["box", "12", "", "ü"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
#: Everything that json.loads can give, and NaN, lone surrogates, huge integers and keys that are not text beside it.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**300)
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", SCHEMA, "active", "t.blur"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4),
    max_leaves=20,
)
coordinates = record({"x": st.floats(-1e6, 1e6), "y": st.floats(-1e6, 1e6)})
ids = st.sampled_from(IDS)
ports = st.sampled_from(PORTS)

nodes = record(
    {"type": st.sampled_from([*TYPES, "t.gone"])},
    {
        "params": st.dictionaries(ports | st.sampled_from(["size", "kernel", "note"]), values, max_size=3),
        "position": coordinates,
        "title": st.none() | st.text(max_size=5),
        "mode": st.sampled_from(MODES),
        "retries": st.integers(0, 100),
        "retry_delay_s": st.none() | st.floats(0, 10),
        "retry_jitter_factor": st.none() | st.floats(0, 2),
        "timeout_s": st.none() | st.floats(0.1, 10),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "max_parallel": st.none() | st.integers(1, 100),
    },
)
endpoints = record({"node": ids, "port": ports})
edges = record({"source": endpoints, "target": endpoints})
names = st.text(min_size=1, max_size=2)
exposed_inputs = unique(record({"name": names, "node": ids, "param": ports}), "name")
exposed_outputs = unique(record({"name": names, "node": ids, "port": ports}), "name")
groups = record({"id": ids}, {"title": st.text(max_size=3), "position": coordinates})
notes = record({"id": ids}, {"text": st.text(max_size=3), "position": coordinates})

documents = record(
    {
        "schema": st.just(SCHEMA),
        "nodes": st.dictionaries(ids, nodes, max_size=6),
        "edges": st.lists(edges, max_size=10),
    },
    {
        "name": st.text(max_size=5),
        "inputs": exposed_inputs,
        "outputs": exposed_outputs,
        "groups": unique(groups, "id"),
        "notes": unique(notes, "id"),
    },
)
drafts = documents.map(lambda data: parse_graph(data, Limits()))

mutations = st.one_of(
    record({"op": st.just("node.create"), "id": ids, "node": nodes}),
    record({"op": st.just("node.delete"), "id": ids}),
    record({"op": st.just("node.move"), "id": ids, "x": st.floats(-9, 9), "y": st.floats(-9, 9)}),
    record({"op": st.just("node.param"), "id": ids, "name": ports}, {"value": values}),
    record({"op": st.just("node.mode"), "id": ids, "mode": st.sampled_from(MODES)}),
    record({"op": st.just("node.title"), "id": ids, "title": st.none() | st.text(max_size=3)}),
    record({"op": st.just("node.policy"), "id": ids}, {"retries": st.integers(0, 100), "tags": st.just(["a"])}),
    record({"op": st.just("edge.create"), "source": endpoints, "target": endpoints}),
    record({"op": st.just("edge.delete"), "source": endpoints, "target": endpoints}),
    record({"op": st.just("graph.rename"), "name": st.text(max_size=3)}),
    record({"op": st.just("graph.expose"), "inputs": exposed_inputs, "outputs": exposed_outputs}),
    record({"op": st.just("group.set"), "group": groups}),
    record({"op": st.just("note.set"), "note": notes}),
)


@st.composite
def runnable(draw: st.DrawFn) -> Graph:
    """A graph in which `validate` finds nothing, with up to ten nodes, some of them muted or bypassed."""
    found: dict[str, Any] = {"schema": SCHEMA, "nodes": {}, "edges": [], "outputs": []}
    outputs: list[tuple[str, str, str]] = []
    for index in range(draw(st.integers(1, 10))):
        # Ids that do not follow the topological order.
        node_id = f"n{(index * 7) % 10}"
        spec = draw(st.sampled_from([spec for spec in CATALOGUE.all() if _can_be_fed(spec, outputs)]))
        params = {param.name: draw(_value(param)) for param in spec.params if param.required or draw(st.booleans())}
        found["nodes"][node_id] = {
            "type": spec.type,
            "params": params,
            "mode": draw(st.sampled_from(["active", "active", "active", *MODES])),
        }
        for port in spec.inputs:
            fitting = [end for end in outputs if accepts(end[2], port.type)]
            count = draw(st.integers(1, 3)) if port.list else int(port.required or draw(st.booleans()))
            found["edges"] += [
                _edge(draw(st.sampled_from(fitting)), node_id, port.name) for _ in range(count if fitting else 0)
            ]
        for param in spec.params:
            fitting = [end for end in outputs if accepts(end[2], param.type)]
            if fitting and draw(st.integers(0, 3)) == 0:
                found["edges"].append(_edge(draw(st.sampled_from(fitting)), node_id, param.name))
        outputs += [(node_id, port.name, port.type) for port in spec.outputs]
    exposed = draw(st.lists(st.sampled_from(outputs), max_size=3))
    found["outputs"] = [{"name": f"o{i}", "node": end[0], "port": end[1]} for i, end in enumerate(exposed)]
    return parse_graph(found, Limits())


def _can_be_fed(spec: NodeSpec, outputs: list[tuple[str, str, str]]) -> bool:
    return all(any(accepts(end[2], port.type) for end in outputs) for port in spec.inputs if port.required)


def _value(param: ParamSpec) -> st.SearchStrategy[Any]:
    if param.choices:
        return st.sampled_from(param.choices)
    if param.type == "FLOAT":
        return st.integers(0, 50) | st.floats(0, 50)
    if param.type == "INT":
        return st.integers(0, 50) | st.integers(0, 50).map(str)
    if param.type == "BOOL":
        return st.booleans()
    return values if param.type == "JSON" else st.sampled_from(["x.png", "y.png"])


def _edge(source: tuple[str, str, str], node_id: str, port: str) -> dict[str, Any]:
    return {"source": {"node": source[0], "port": source[1]}, "target": {"node": node_id, "port": port}}
