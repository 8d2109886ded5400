"""Writing a graph into a shared document: the fewest edits that make the document say it.

Others edit the same document meanwhile, so nothing is written that it says
already, what exists is changed in place, and what cannot be read is left to
those who wrote it, as long as it stays invisible.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pycrdt import Doc, Map

from vortex_prefect.collab.numbers import alike, read_param, stored_param
from vortex_prefect.collab.ordering import renumber
from vortex_prefect.collab.reading import NODE_FIELDS, Entry, param_specs
from vortex_prefect.collab.roots import Root, Roots
from vortex_prefect.collab.settling import End, edge_key, is_single, settled_edges, target_of
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import SCHEMA, Edge, ExposedInput, ExposedOutput, Graph, Group, Node, Note

Fields = dict[str, Any]
Exposed = TypeVar("Exposed", ExposedInput, ExposedOutput)
Frame = TypeVar("Frame", Group, Note)


def new_document(graph: Graph, *, catalogue: Catalogue | None = None) -> Doc[Any]:
    """A document that says the graph; the graph's id is no part of it."""
    doc: Doc[Any] = Doc()
    write(doc, graph, catalogue=catalogue)
    return doc


def write(
    doc: Doc[Any],
    graph: Graph,
    *,
    catalogue: Catalogue | None = None,
    origin: Any = None,
    limits: Limits | None = None,
) -> None:
    """Make the document say the graph, in one transaction; no update comes of it if it does already.

    Args:
        graph: one that `parse_graph` takes.
        catalogue: tells which inputs take one edge only, and which parameters are integers.
        origin: of the transaction, for its observers.
        limits: those that the document is read with; null for the ordinary ones.
    """
    write_roots(Roots(doc, catalogue, limits or Limits()), graph, origin)


def write_roots(roots: Roots, graph: Graph, origin: Any = None) -> None:
    """`write` to a document of which some is read already."""
    with roots.doc.transaction(origin=origin):
        for root in roots.all():
            root.refresh()
        _write_meta(roots, graph)
        _write_edges(roots, graph)
        _write_nodes(roots, graph)
        _write_exposed(roots.inputs, graph.inputs)
        _write_exposed(roots.outputs, graph.outputs)
        _write_frames(roots.groups, graph.groups)
        _write_frames(roots.notes, graph.notes)


def _write_meta(roots: Roots, graph: Graph) -> None:
    meta = roots.meta
    if meta.map.get("schema") != SCHEMA:
        meta.map["schema"] = SCHEMA
    present = meta.entries.get("name")
    if ((present and present.value) or "") != graph.name:
        meta.map["name"] = graph.name


def _write_nodes(roots: Roots, graph: Graph) -> None:
    root = roots.nodes
    _remove(root, graph.nodes)
    for node_id, node in graph.nodes.items():
        entry = root.entries.get(node_id)
        present = entry.value if entry is not None else None
        if present is not node:
            _write_node(root.map, node_id, node, present, param_specs(node.type, roots.catalogue))


def _write_node(nodes: Map[Any], node_id: str, node: Node, present: Node | None, specs: Mapping[str, Any]) -> None:
    held = _map_at(nodes, node_id)
    _write_fields(held, _node_fields(node), None if present is None else _node_fields(present), _NODE_DEFAULTS)
    if present is not None and not present.params and not node.params:
        return
    # A new node has its map from the start: of two that are set at once, one would be lost.
    params = _map_at(held, "params")
    for name in present.params if present is not None else list(params.keys()):
        if name not in node.params:
            params.pop(name, None)
    for name, value in node.params.items():
        stored = stored_param(specs.get(name), value)
        # Read by the type that the node is to have, which may not be the present one.
        spec, readable = specs.get(name), present is not None and name in present.params
        if not (readable and alike(read_param(spec, params[name]), read_param(spec, stored))):
            params[name] = stored


def _write_edges(roots: Roots, graph: Graph) -> None:
    root = roots.edges
    nodes = _readable(roots.nodes.entries)
    kept, _ = settled_edges(root.entries, nodes, roots.catalogue)
    if nodes.keys() == graph.nodes.keys() and [entry.value for entry in kept] == list(graph.edges):
        return
    found = _matched(graph.edges, root.entries, kept)
    # Whatever else stands under the key of a new edge gives way to it.
    taken = {entry.key for entry in found if entry is not None}
    keys = [
        entry.key if entry is not None else _new_key(edge, roots, graph, taken)
        for edge, entry in zip(graph.edges, found, strict=True)
    ]
    for key in _doomed(roots, graph, kept) - set(keys):
        del root.map[key]
    numbers = renumber([entry.place if entry is not None else None for entry in found])
    for index, order in numbers.items():
        root.map[keys[index]] = {**_edge_fields(graph.edges[index]), "order": order}


def _matched(
    edges: Iterable[Edge], entries: Mapping[str, Entry[Edge]], kept: Iterable[Entry[Edge]]
) -> list[Entry[Edge] | None]:
    """For each edge an entry that says it, one that is visible now if there is any."""
    visible = {entry.key for entry in kept}
    waiting: dict[Edge, deque[Entry[Edge]]] = defaultdict(deque)
    for entry in sorted(entries.values(), key=lambda entry: (entry.key not in visible, entry.place)):
        if entry.value is not None:
            waiting[entry.value].append(entry)
    return [waiting[edge].popleft() if waiting.get(edge) else None for edge in edges]


def _doomed(roots: Roots, graph: Graph, kept: Iterable[Entry[Edge]]) -> set[str]:
    """Entries of edges that are visible now, or would be in the new graph."""
    visible = {entry.key: entry.value for entry in kept if entry.value is not None}
    before, after = _by_target(visible.values()), _by_target(graph.edges)

    def hidden(edge: Edge) -> bool:
        end = target_of(edge)
        if edge.source.node not in graph.nodes or edge.target.node not in graph.nodes:
            return True
        # Behind another into the same single input, which stays.
        return end in before and before[end] == after.get(end) and is_single(end, graph.nodes, roots.catalogue)

    return {
        key
        for key, entry in roots.edges.entries.items()
        if entry.value is not None and (key in visible or not hidden(entry.value))
    }


def _by_target(edges: Iterable[Edge]) -> dict[End, list[Edge]]:
    found: dict[End, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[target_of(edge)].append(edge)
    return dict(found)


def _new_key(edge: Edge, roots: Roots, graph: Graph, taken: set[str]) -> str:
    """A key that no other edge is to have; it is taken from now on."""
    key = edge_key(edge, single=True)
    if key in taken or not is_single(target_of(edge), graph.nodes, roots.catalogue):
        copy = 1
        while (key := edge_key(edge, single=False, copy=copy)) in taken:
            copy += 1
    taken.add(key)
    return key


def _write_exposed(root: Root[Exposed], items: tuple[Exposed, ...]) -> None:
    _remove(root, {item.name for item in items})
    numbers = _numbers(root, [item.name for item in items])
    for index, item in enumerate(items):
        present = root.entries.get(item.name)
        if index in numbers or present is None or present.value != item:
            order = numbers.get(index, present.order if present is not None else math.inf)
            ordered = {"order": order} if math.isfinite(order) else {}
            root.map[item.name] = item.model_dump(exclude={"name"}) | ordered


def _write_frames(root: Root[Frame], items: tuple[Frame, ...]) -> None:
    _remove(root, {item.id for item in items})
    numbers = _numbers(root, [item.id for item in items])
    for index, item in enumerate(items):
        present = root.entries.get(item.id)
        value = present.value if present is not None else None
        if index in numbers or value is not item:
            held = _map_at(root.map, item.id)
            fields = _frame_fields(item)
            defaults = _frame_fields(type(item)(id=item.id))
            _write_fields(held, fields, None if value is None else _frame_fields(value), defaults)
            if index in numbers:
                held["order"] = numbers[index]


def _remove(root: Root[Any], wanted: Iterable[str]) -> None:
    """Remove what is readable and not wanted."""
    for key in _readable(root.entries).keys() - set(wanted):
        del root.map[key]


def _numbers(root: Root[Any], keys: list[str]) -> dict[int, float]:
    present = [root.entries.get(key) for key in keys]
    return renumber([entry.place if entry is not None and entry.value is not None else None for entry in present])


def _readable(entries: Mapping[str, Entry[Any]]) -> dict[str, Any]:
    return {key: entry.value for key, entry in entries.items() if entry.value is not None}


def _map_at(parent: Map[Any], key: str) -> Map[Any]:
    """The Y.Map under a key. It is set only where there is none: setting it anew would lose what others do to it."""
    held = parent.get(key)
    if not isinstance(held, Map):
        parent[key] = held = Map()
    return held


def _write_fields(held: Map[Any], fields: Fields, present: Fields | None, defaults: Fields) -> None:
    """Write the fields that the map does not say; of one that is absent it says the default."""
    for name, value in fields.items():
        if present is not None and present[name] == value:
            continue
        if name in defaults and value == defaults[name]:
            held.pop(name, None)
        else:
            held[name] = value


def _node_fields(node: Node) -> Fields:
    fields = {name: getattr(node, name) for name in NODE_FIELDS}
    return fields | {"x": node.position.x, "y": node.position.y, "tags": list(node.tags)}


def _frame_fields(item: Group | Note) -> Fields:
    fields = item.model_dump(exclude={"id", "position", "size"})
    return fields | item.position.model_dump() | item.size.model_dump()


def _edge_fields(edge: Edge) -> Fields:
    return {
        "source": edge.source.node,
        "sourcePort": edge.source.port,
        "target": edge.target.node,
        "targetPort": edge.target.port,
    }


#: Every node says its type and place.
_NODE_DEFAULTS = {name: value for name, value in _node_fields(Node(type="-")).items() if name not in ("type", "x", "y")}
