"""A graph as Python code that builds it again.

All text of a document gets into the code as a literal that `repr` wrote; names of
variables are made of ASCII letters, digits and underscores. So nothing in a
document can become code.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from vortex_prefect.client.editor import Editor
from vortex_prefect.client.handles import TAKEN
from vortex_prefect.client.names import CALL_WORDS, declared_name, python_name, short_name
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.graph.model import Edge, Graph, Node

_GRAPH = "g"
_WIDTH = 100
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: Fields of a node that its call has; all others are set one by one.
_IN_THE_CALL = frozenset({"type", "params", "position", "title"})
_RESERVED = frozenset({_GRAPH, "Graph", *dir(builtins), *keyword.kwlist, *keyword.softkwlist})


def to_python(graph: Graph, catalogue: Catalogue, taken: Collection[str]) -> str:
    """Code that leaves an equal graph as `g`, whatever is wrong with the graph; it imports `vortex_prefect.Graph`.

    Args:
        taken: attributes of `vortex_prefect.Graph` that are not packs.
    """
    return _Writer(graph, catalogue, taken).text()


class _Writer:
    def __init__(self, graph: Graph, catalogue: Catalogue, taken: Collection[str]) -> None:
        self._graph = graph
        self._taken = taken
        self._catalogue = catalogue
        self._variables = _variables(graph.nodes)
        self._lines: list[str] = []
        #: What the code has built so far, to ask what the builder would take next.
        self._scratch = Editor(Graph(), lambda: catalogue)
        self._made: set[str] = set()
        #: Ids that a call gives by itself.
        self._own_ids: set[str] = set()
        self._targets: set[tuple[str, str]] = set()
        self._edges_into: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._edges_into[edge.target.node].append(edge)

    def text(self) -> str:
        header = [_literal(self._graph.name), *_given(id=self._graph.id)]
        self._lines += ["from vortex_prefect import Graph", "", f"{_GRAPH} = Graph({', '.join(header)})"]
        for target, group in groupby(self._graph.edges, key=lambda edge: edge.target.node):
            self._edges(target, list(group))
        for node_id in self._graph.nodes:
            self._node(node_id, [])
        self._exposures()
        self._canvas()
        return "\n".join(self._lines) + "\n"

    # -- nodes and edges: the edges in the document's order, for it counts in list ports -------

    def _edges(self, target: str, edges: list[Edge]) -> None:
        """Edges into one node that stand together; the node's own call makes them if they are all that it has."""
        for edge in edges:
            if edge.source.node != target and not self._edges_into[edge.source.node]:
                self._node(edge.source.node, [])
        ready = all(edge.source.node in self._made for edge in edges)
        if ready and len(edges) == len(self._edges_into[target]) and self._in_one_call(target, edges):
            self._node(target, edges)
            return
        for edge in edges:
            self._node(edge.source.node, [])
            self._node(target, [])
            self._edge(edge)

    def _in_one_call(self, target: str, edges: Sequence[Edge]) -> bool:
        node = self._graph.nodes.get(target)
        ports = [port for port, _ in groupby(edge.target.port for edge in edges)]
        # A parameter may have a value beside what drives it, and a call takes one of the two.
        once = len(ports) == len(set(ports)) and not (node and node.params.keys() & set(ports))
        return target not in self._made and once and self._fits(target, edges)

    def _node(self, node_id: str, edges: Sequence[Edge]) -> None:
        node = self._graph.nodes.get(node_id)
        if node is None or node_id in self._made:
            return
        self._made.add(node_id)
        variable = self._variables[node_id]
        spec = self._catalogue.get(node.type)
        typed = spec is not None and self._fits(node_id, edges)
        self._scratch.apply(op="node.create", id=node_id, node=node.model_dump(mode="json"))
        self._record(edges)
        if spec is None or not typed:
            document = node.model_dump(mode="json", exclude_defaults=True)
            self._call(f"{variable} = {_GRAPH}.add_node", [_literal(node_id), _literal(document)])
            return
        left_out = [name for name, value in node.params.items() if value is None and _may_be_null(spec, name)]
        function, first = self._maker(node.type)
        arguments = [*first, *self._inputs(edges), *_values(node, left_out), *self._words(node_id, node)]
        self._call(f"{variable} = {function}", arguments)
        self._lines += [f"{variable}[{_literal(name)}] = None" for name in left_out]
        for field in (name for name in Node.model_fields if name not in _IN_THE_CALL):
            if (value := getattr(node, field)) != Node.model_fields[field].default:
                self._lines.append(f"{variable}.{field} = {_literal(value)}")
        self._targets |= {(node_id, edge.target.port) for edge in edges}

    def _fits(self, node_id: str, edges: Sequence[Edge]) -> bool:
        """Whether the builder would take the node in one call with these edges."""
        node = self._graph.nodes.get(node_id)
        spec = self._catalogue.get(node.type) if node else None
        if node is None or spec is None or not all(map(self._connects, edges)):
            return False
        names = [*node.params, *(edge.target.port for edge in edges)]
        return all(_spelled(spec, name) for name in names) and self._scratch.fits(node_id, node, edges)

    def _connects(self, edge: Edge) -> bool:
        """Whether the builder would take the edge now, when the edges before it are there."""
        source, target = self._spec(edge.source.node), self._spec(edge.target.node)
        if source is None or target is None or edge.source.node not in self._made:
            return False
        if source.output(edge.source.port) is None or not _spelled(target, edge.target.port):
            return False
        bare = self._graph.nodes[edge.target.node].model_copy(update={"params": {}})
        return self._scratch.fits(edge.target.node, bare, [edge])

    def _edge(self, edge: Edge) -> None:
        target = (edge.target.node, edge.target.port)
        spec = self._spec(edge.target.node)
        port = spec.input(edge.target.port) if spec else None
        crowded = target in self._targets and not (port is not None and port.list)
        self._targets.add(target)
        connects = self._connects(edge) and not crowded
        self._record([edge])
        if connects:
            end = f"{self._variables[edge.target.node]}, {_literal(edge.target.port)}"
            self._lines.append(f"{_GRAPH}.connect({self._output(edge)}, {end})")
        else:
            ends = f"{_literal((edge.source.node, edge.source.port))}, {_literal(edge.target.node)}"
            self._lines.append(f"{_GRAPH}.connect({ends}, {_literal(edge.target.port)}, check=False)")

    def _record(self, edges: Sequence[Edge]) -> None:
        for edge in edges:
            self._scratch.connect_unchecked((edge.source.node, edge.source.port), (edge.target.node, edge.target.port))

    def _inputs(self, edges: Sequence[Edge]) -> Iterator[str]:
        for port, group in groupby(edges, key=lambda edge: edge.target.port):
            sources = [self._output(edge) for edge in group]
            yield _argument(port, sources[0] if len(sources) == 1 else f"[{', '.join(sources)}]")

    def _words(self, node_id: str, node: Node) -> Iterator[str]:
        base = short_name(node.type)
        if node_id == base and base not in self._own_ids:
            self._own_ids.add(base)
        else:
            yield from _given(id=node_id)
        yield from _given(title=node.title)
        if (node.position.x, node.position.y) != (0, 0):
            yield f"at=({_number(node.position.x)}, {_number(node.position.y)})"

    def _output(self, edge: Edge) -> str:
        return f"{self._variables[edge.source.node]}{_attribute(edge.source.port)}"

    def _maker(self, node_type: str) -> tuple[str, list[str]]:
        """The function that makes a node of the type, and its first arguments."""
        pack, _, name = node_type.partition(".")
        if pack in self._taken or not (_IDENTIFIER.fullmatch(pack) and _IDENTIFIER.fullmatch(name)):
            return f"{_GRAPH}.node", [_literal(node_type)]
        return f"{_GRAPH}.{python_name(pack)}.{python_name(name)}", []

    def _call(self, function: str, arguments: Sequence[str]) -> None:
        line = f"{function}({', '.join(arguments)})"
        if len(line) <= _WIDTH:
            self._lines.append(line)
        else:
            self._lines += [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]

    # -- the rest ----------------------------------------------------------------------------

    def _exposures(self) -> None:
        for item in self._graph.inputs:
            spec = self._spec(item.node)
            name = _literal(item.name)
            if spec is not None and spec.param(item.param) is not None:
                ends = f"{self._variables[item.node]}, {_literal(item.param)}"
            else:
                ends = f"{_literal(item.node)}, {_literal(item.param)}, check=False"
            self._lines.append(f"{_GRAPH}.expose_input({name}, {ends})")
        for out in self._graph.outputs:
            spec = self._spec(out.node)
            if spec is not None and spec.output(out.port) is not None:
                end = f"{self._variables[out.node]}{_attribute(out.port)}"
            else:
                end = f"{_literal((out.node, out.port))}, check=False"
            self._lines.append(f"{_GRAPH}.expose_output({_literal(out.name)}, {end})")

    def _canvas(self) -> None:
        for kind, parts in (("group", self._graph.groups), ("note", self._graph.notes)):
            for part in parts:
                text = getattr(part, "title" if kind == "group" else "text")
                arguments = [
                    _literal(text),
                    *_given(id=part.id),
                    f"at=({_number(part.position.x)}, {_number(part.position.y)})",
                    f"size=({_number(part.size.width)}, {_number(part.size.height)})",
                    *_given(color=part.color),
                ]
                self._call(f"{_GRAPH}.{kind}", arguments)

    def _spec(self, node_id: str) -> NodeSpec | None:
        node = self._graph.nodes.get(node_id)
        return self._catalogue.get(node.type) if node else None


def _variables(node_ids: Iterable[str]) -> dict[str, str]:
    """A variable for each node, as like its id as Python allows."""
    found: dict[str, str] = {}
    used = set(_RESERVED)
    for node_id in node_ids:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", node_id).strip("_")[:40].lower() or "node"
        name = f"node_{name}" if name[0].isdigit() else name
        numbered = (f"{name}_{count}" for count in itertools.count(2))
        chosen = name if name not in used else next(other for other in numbered if other not in used)
        used.add(chosen)
        found[node_id] = chosen
    return found


def _values(node: Node, left_out: Collection[str]) -> Iterator[str]:
    for name, value in node.params.items():
        if name not in left_out:
            yield _argument(name, _literal(value))


def _argument(name: str, text: str) -> str:
    spelled = python_name(name, CALL_WORDS)
    return f"{spelled}={text}" if _IDENTIFIER.fullmatch(spelled) else f"**{{{_literal(spelled)}: {text}}}"


def _attribute(port: str) -> str:
    spelled = python_name(port, TAKEN)
    return f".{spelled}" if _IDENTIFIER.fullmatch(spelled) else f".outputs[{_literal(port)}]"


def _given(**fields: Any) -> Iterator[str]:
    """The keyword arguments that are not null."""
    for name, value in fields.items():
        if value is not None:
            yield f"{name}={_literal(value)}"


def _spelled(spec: NodeSpec, name: str) -> bool:
    """Whether Python's spelling of a port leads back to it."""
    ports = [*(port.name for port in spec.inputs), *(param.name for param in spec.params)]
    return declared_name(python_name(name, CALL_WORDS), ports, CALL_WORDS) == name


def _may_be_null(spec: NodeSpec, name: str) -> bool:
    """Whether a call takes null for "not given" there."""
    param = spec.param(name)
    return param is not None and param.default is None and not param.required


def _literal(value: Any) -> str:
    """A literal; `repr` escapes all that is not printable."""
    return repr(value)


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
