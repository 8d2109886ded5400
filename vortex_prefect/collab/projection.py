"""The graph that a shared document says, kept up with its edits.

Whatever stands in the document, the projection is a graph that `parse_graph`
takes, and what had to be left out is told. The document itself is never
mended: it belongs to those who edit it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, TypeVar

from pycrdt import Doc

from vortex_prefect.collab.document import write_roots
from vortex_prefect.collab.reading import Entry
from vortex_prefect.collab.roots import Root, Roots
from vortex_prefect.collab.settling import in_order, limits_of, settled_edges, values, within
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import json_size
from vortex_prefect.graph.model import Edge, Graph, Node

P = TypeVar("P")

_TOLD = 1_000

#: Parts whose entries contradict nothing but the limits.
_LISTS = ("inputs", "outputs", "groups", "notes")


class Projector:
    """The present graph of one document, and what is wrong with the document.

    Reading `graph` or `problems` brings them up to date; not in an observer of
    the document, which has no transaction to read in. Nodes that say what
    they said before stay the same objects, and so do `edges` and the other
    parts, so that `diff` of two projections skips them.
    """

    def __init__(
        self,
        doc: Doc[Any],
        graph_id: str | None = None,
        catalogue: Catalogue | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._roots = Roots(doc, catalogue, self._limits)
        self._graph = Graph(id=graph_id)
        #: What `json_problems` counts for a graph without content and name.
        self._base_size = json_size(self._graph.to_document())
        #: Part → what settling it left out.
        self._left_out: dict[str, list[Problem]] = {}
        #: Whether everything has to be put together again: the catalogue is another, or the limit in bytes was met.
        self._stale = False
        for root in self._roots.all():
            root.observe()

    @property
    def graph(self) -> Graph:
        """The graph, frozen; the same object as before if nothing changed it."""
        with self._roots.doc.transaction():
            changed = {name: self._root(name).refresh() for name in ("meta", "nodes", "edges", *_LISTS)}
        if any(changed.values()) or self._stale:
            self._project({name: found for name, found in changed.items() if found})
        return self._graph

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the document says and the graph cannot, with the node that an editor shows it at.

        By path, and the first thousand only: a hostile document can be wrong in a million places.
        """
        _ = self.graph
        found = [problem for root in self._roots.all() for entry in root.entries.values() for problem in entry.problems]
        found += [problem for problems in self._left_out.values() for problem in problems]
        return tuple(sorted(found, key=lambda problem: (problem.path or "", problem.code, problem.message))[:_TOLD])

    @property
    def catalogue(self) -> Catalogue | None:
        """By which parameters and ports are read; null where types are not known."""
        return self._roots.catalogue

    @property
    def deepest(self) -> int:
        """Most levels of shared types below a root at which anything was edited; two, where people edit a graph.

        What is some ten thousand deep cannot even be deleted (`updates`), and many updates can add up to it.
        """
        return max(root.deepest for root in self._roots.all())

    def write(self, graph: Graph, origin: Any = None) -> None:
        """`document.write`, without reading again what this object knows already."""
        _ = self.graph
        write_roots(self._roots, graph, origin)

    def recoerce(self, catalogue: Catalogue | None) -> None:
        """Read parameters and ports by another catalogue."""
        self._roots.catalogue = catalogue
        self._roots.nodes.touch_all()
        # Which inputs are single may be another matter now, even where no node says anything else.
        self._stale = True

    def close(self) -> None:
        """Let go of the document; the graph stays what it was when last read."""
        for root in self._roots.all():
            root.close()

    def _root(self, name: str) -> Root[Any]:
        root: Root[Any] = getattr(self._roots, name)
        return root

    def _project(self, changed: dict[str, dict[str, Entry[Any] | None]]) -> None:
        size = self._base_size + sum(root.size for root in self._roots.all())
        cramped = size > self._limits.body_bytes
        everything = cramped or self._stale
        self._stale = cramped
        update: dict[str, Any] = {}
        if "meta" in changed or everything:
            update["name"] = self._name()
        # Where not all of it has to be put together, all of it fits.
        spare = self._limits.body_bytes - self._base_size - len(update.get("name", self._graph.name))
        if "nodes" in changed or everything:
            update["nodes"], spare = self._nodes({} if everything else changed["nodes"], spare)
        nodes = update.get("nodes", self._graph.nodes)
        if "edges" in changed or everything or _rewired(self._graph.nodes, nodes, changed.get("nodes", {})):
            update["edges"], spare = self._edges(nodes, spare)
        for name in _LISTS:
            if name in changed or everything:
                update[name], spare = self._list(name, spare)
        self._graph = self._graph.model_copy(update=update)

    def _name(self) -> str:
        entry = self._roots.meta.entries.get("name")
        if entry is None or entry.value is None or self._base_size + entry.size > self._limits.body_bytes:
            return ""
        return entry.value

    def _nodes(self, changed: dict[str, Entry[Node] | None], spare: int) -> tuple[dict[str, Node], int]:
        """All nodes by id, sorted; where ids neither came nor went, only those that changed are touched."""
        old = self._graph.nodes
        replaced = {key: entry.value for key, entry in changed.items() if entry is not None and entry.value is not None}
        if changed and replaced.keys() == changed.keys() and replaced.keys() <= old.keys():
            return old | replaced, spare
        entries = sorted(in_order(self._roots.nodes.entries), key=lambda entry: entry.key)
        kept, self._left_out["nodes"] = within(entries, "nodes", self._limits.nodes, spare)
        found = {entry.key: entry.value for entry in kept if entry.value is not None}
        return found, spare - sum(entry.size for entry in kept)

    def _edges(self, nodes: dict[str, Node], spare: int) -> tuple[tuple[Edge, ...], int]:
        settled, problems = settled_edges(self._roots.edges.entries, nodes, self._roots.catalogue)
        kept, more = within(settled, "edges", self._limits.edges, spare)
        self._left_out["edges"] = problems + more
        return _unless_equal(self._graph.edges, values(kept)), spare - sum(entry.size for entry in kept)

    def _list(self, name: str, spare: int) -> tuple[tuple[Any, ...], int]:
        entries = in_order(self._root(name).entries)
        kept, self._left_out[name] = within(entries, name, limits_of(self._limits)[name], spare)
        return _unless_equal(getattr(self._graph, name), values(kept)), spare - sum(entry.size for entry in kept)


def _rewired(old: dict[str, Node], new: dict[str, Node], changed: Iterable[str]) -> bool:
    """Whether nodes came, went or are of another type, so that other edges may hang in the air or be too many."""
    return old.keys() != new.keys() or any(old[key].type != new[key].type for key in changed if key in old)


def _unless_equal(old: tuple[P, ...], new: tuple[P, ...]) -> tuple[P, ...]:
    """The old tuple if the new one holds the same objects."""
    return old if len(old) == len(new) and all(map(operator.is_, old, new)) else new
