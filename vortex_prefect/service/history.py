"""A graph's versions, rebuilt from its events.

Versions are read from the newest back to the event that created the graph, and
a version is replayed from there on; both in a thread of the store, so that a
log of a hundred thousand events keeps nobody waiting but who asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from vortex_prefect.core.contracts import GraphRecord, UnitOfWork
from vortex_prefect.core.errors import GraphError, RequestError, SystemFault
from vortex_prefect.core.events import Event
from vortex_prefect.graph.edits import CHANGES, Change, diff, replay
from vortex_prefect.graph.model import Graph

_PAGE = 1000
_CREATIONS = frozenset({"GraphCreated", "GraphCloned"})
_NODES = {"NodeCreated": 1, "NodeDeleted": -1}


@dataclass(frozen=True, slots=True)
class VersionCursor:
    """The last version of a page: its first event, and how many nodes there were before that."""

    sequence_number: int
    nodes: int

    def __str__(self) -> str:
        return f"{self.sequence_number}.{self.nodes}"

    @classmethod
    def parse(cls, text: str) -> VersionCursor:
        """Read what `str` wrote; RQ-001 if it is none."""
        numbers = text.split(".")
        if len(numbers) != 2 or not all(n.isascii() and n.isdecimal() and len(n) <= 18 for n in numbers):
            raise RequestError("RQ-001", "before is the `next` of a page")
        return cls(int(numbers[0]), int(numbers[1]))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a graph, and how it came to be."""

    version: int
    at_ms: int
    user: str | None
    #: Event type → how many.
    changes: dict[str, int]
    nodes: int
    #: The version that was restored by this one, or null.
    restored: int | None = None
    #: `GraphSaved`, each with its payload; the last first.
    saves: list[Event] = field(default_factory=list)


def versions(
    uow: UnitOfWork, record: GraphRecord, limit: int, before: VersionCursor | None
) -> tuple[list[Version], VersionCursor | None]:
    """Versions of the graph, newest first, and where the next page begins, if there is one."""
    found: list[Version] = []
    nodes = len(record.document["nodes"]) if before is None else before.nodes
    heads = _heads(uow, record.id, None if before is None else before.sequence_number)
    for _, group in groupby(heads, key=_version):
        events = list(group)
        found.append(_described(uow, events, nodes))
        nodes -= sum(_NODES.get(event.event_type, 0) for event in events)
        if len(found) == limit and events[-1].event_type not in _CREATIONS:
            return found, VersionCursor(events[-1].sequence_number, max(0, nodes))
    return found, None


def at_version(uow: UnitOfWork, record: GraphRecord, version: int) -> tuple[Graph, int]:
    """The graph as it was, and when (Unix milliseconds) it became so.

    Raises:
        RequestError: RQ-002, there is no such version.
        SystemFault: SY-007, the log does not add up.
    """
    last = first = None
    for event in _heads(uow, record.id, None):
        first = event
        if last is None and _version(event) == version and event.event_type in CHANGES:
            last = event
    if first is None or last is None:
        raise RequestError("RQ-002", f"graph {record.id} has no version {version}")
    between = _changes(uow, record.id, first.sequence_number, last.sequence_number)
    try:
        return replay(between), last.created_ms
    except GraphError as error:
        raise SystemFault("SY-007", f"the log of graph {record.id} does not add up: {error.message}") from error


def compared(uow: UnitOfWork, record: GraphRecord, since: int | None, version: int) -> tuple[int, list[Change]]:
    """The version compared with, and the changes that turn it into `version`; errors as `at_version`.

    Args:
        since: null for the one before; the graph's first version is compared with an empty graph, as version 0.
    """
    if since is None:
        since = max((_version(event) for event in _heads(uow, record.id, None) if _version(event) < version), default=0)
    old = Graph() if since == 0 else at_version(uow, record, since)[0]
    return since, diff(old, at_version(uow, record, version)[0])


def _heads(uow: UnitOfWork, graph_id: str, before: int | None) -> Iterator[Event]:
    """Events that belong to a version, last first, as far back as the graph's creation."""
    while page := uow.event_heads(graph_id, before=before, limit=_PAGE):
        for event in page:
            if "version" in event.metadata:
                yield event
            if event.event_type in _CREATIONS:
                return
        before = page[-1].sequence_number


def _changes(uow: UnitOfWork, graph_id: str, first: int, last: int) -> Iterator[Change]:
    after = first - 1
    while after < last:
        page = uow.events(aggregate_id=graph_id, after=after, limit=_PAGE)
        for event in page:
            if event.sequence_number <= last:
                yield Change(event.event_type, event.payload)
        after = page[-1].sequence_number if page else last


def _version(event: Event) -> int:
    version: int = event.metadata["version"]
    return version


def _described(uow: UnitOfWork, events: list[Event], nodes: int) -> Version:
    """A version by its events, last first."""
    first = events[-1]
    saves = [uow.event(event.event_id) for event in events if event.event_type == "GraphSaved"]
    return Version(
        version=_version(first),
        at_ms=first.created_ms,
        user=first.metadata.get("user"),
        changes=dict(Counter(event.event_type for event in reversed(events) if event.event_type in CHANGES)),
        nodes=nodes,
        restored=first.metadata.get("restored"),
        # What an execution saved, nobody meant to come back to.
        saves=[event for event in saves if event is not None and event.payload["by"] == "user"],
    )
