"""The roots of the document, read entry by entry: only what was touched is read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pycrdt import Doc, Map, Subscription

from vortex_prefect.collab.reading import (
    Entry,
    read_edge,
    read_group,
    read_input,
    read_meta,
    read_node,
    read_note,
    read_output,
    same,
)
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Edge, ExposedInput, ExposedOutput, Group, Node, Note

P = TypeVar("P")


class Root(Generic[P]):
    """One root, a Y.Map, and the readings of its entries."""

    def __init__(self, doc: Doc[Any], name: str, read: Callable[[str, Any], Entry[P]]) -> None:
        #: The shared type itself, for whoever writes.
        self.map: Map[Any] = doc.get(name, type=Map)
        self.entries: dict[str, Entry[P]] = {}
        #: Sum over the entries.
        self.size = 0
        #: Most levels below the root at which anything was edited.
        self.deepest = 0
        self._read = read
        self._touched: set[str] = set()
        self._all_touched = True
        self._subscription: Subscription | None = None

    def observe(self) -> None:
        """Take note of edits from now on; until `close` the document keeps this object alive."""
        # The raw events: the library's own wrap each value that changed, and fail on some that peers can send.
        self._subscription = self.map.integrated.observe_deep(self._on_events)

    def close(self) -> None:
        """Let go of the document's events."""
        if self._subscription is not None:
            self._subscription.drop()
            self._subscription = None

    def touch_all(self) -> None:
        """Read everything again."""
        self._all_touched = True

    def refresh(self) -> dict[str, Entry[P] | None]:
        """Read what was touched; gives the entries that say something else now, null for those that are gone."""
        if not self._touched and not self._all_touched:
            return {}
        keys = {*self.entries, *self.map.keys()} if self._all_touched else self._touched
        self._touched, self._all_touched = set(), False
        changed: dict[str, Entry[P] | None] = {}
        for key in keys:
            old = self.entries.get(key)
            new = self._read(key, self.map.get(key)) if key in self.map else None
            if not same(old, new):
                changed[key] = new
                self._replace(key, old, new)
        return changed

    def _replace(self, key: str, old: Entry[P] | None, new: Entry[P] | None) -> None:
        self.size += (new.size if new is not None else 0) - (old.size if old is not None else 0)
        if new is None:
            del self.entries[key]
        else:
            self.entries[key] = new

    def _on_events(self, events: list[Any]) -> None:
        try:
            for event in events:
                path = event.path
                self.deepest = max(self.deepest, len(path))
                keys = path[:1] or event.keys
                # Numbers lead into what somebody put into the root as if it were a list.
                self._touched.update(key for key in keys if isinstance(key, str))
        except BaseException as error:
            # Some updates make the library panic when it describes them, and a panic is no Exception. What is
            # raised here would end as a SystemError in whoever applied the update.
            self._all_touched = True
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise


class Roots:
    """All roots of one document."""

    def __init__(self, doc: Doc[Any], catalogue: Catalogue | None, limits: Limits) -> None:
        self.catalogue = catalogue
        self.limits = limits
        self.doc = doc
        with doc.transaction():
            self.meta: Root[str] = Root(doc, "meta", read_meta)
            self.nodes: Root[Node] = Root(doc, "nodes", self._read_node)
            self.edges: Root[Edge] = Root(doc, "edges", read_edge)
            self.inputs: Root[ExposedInput] = Root(doc, "inputs", read_input)
            self.outputs: Root[ExposedOutput] = Root(doc, "outputs", read_output)
            self.groups: Root[Group] = Root(doc, "groups", read_group)
            self.notes: Root[Note] = Root(doc, "notes", read_note)

    def all(self) -> tuple[Root[Any], ...]:
        """Every root, in the order in which problems are told."""
        return self.meta, self.nodes, self.edges, self.inputs, self.outputs, self.groups, self.notes

    def _read_node(self, key: str, value: Any) -> Entry[Node]:
        return read_node(key, value, self.catalogue, self.limits)
