"""Use cases of graphs: each change and its events go into the store as one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from vortex_prefect.collab.rooms import Rooms
from vortex_prefect.core.contracts import GraphHead, GraphRecord, StorePort, UnitOfWork
from vortex_prefect.core.errors import GraphError, Problem, RequestError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import is_id, new_id, now_ms
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph import edits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.subgraphs import Library
from vortex_prefect.service import life, messages
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.catalogue import CatalogueCache
from vortex_prefect.service.history import Version, VersionCursor, at_version, compared, versions
from vortex_prefect.service.idempotency import Once
from vortex_prefect.service.paging import Cursor
from vortex_prefect.service.read_graphs import ReadGraphs
from vortex_prefect.service.versions import following

T = TypeVar("T")

#: What a unit of work gave, and the message that tells of it.
_Told = tuple[T, messages.Message | None]

#: Versions of a graph that a change may start from; null: any.
Expected = int | Collection[int] | None

#: Reading so many nodes takes 2 ms, about what a thread that needs the interpreter costs everybody else.
_SMALL_NODES = 100

#: A graph after a change, and the changes that led there.
_Edit = tuple[Graph, list[edits.Change]]


class _Shared(Exception):
    """The graph has a shared document, which is where it is changed."""


class Graphs:
    """Stored graphs. Documents may be drafts: only what is not a graph at all is refused (VE-001, VE-012)."""

    def __init__(
        self,
        store: StorePort,
        catalogue: CatalogueCache,
        publish: messages.Publish,
        limits: Limits,
        read: ReadGraphs,
        rooms: Rooms,
        library: Callable[[], Library] = dict,
    ) -> None:
        self._library = library
        self._store = store
        self._catalogue = catalogue
        self._publish = publish
        self._limits = limits
        self._read = read
        self._rooms = rooms

    async def create(self, document: Any, actor: Actor, key: str | None = None) -> GraphRecord:
        """Store a new graph under the document's id, or under a fresh one where it has none.

        A repetition with the same `key` gives the first one's record, whatever became of the graph since.

        Raises:
            GraphError: VE-001, VE-012.
            RequestError: RQ-007, a graph with that id exists, or the key was sent with another document.
        """
        stored = await _aside(document, lambda: self._parse_new(document).to_document())
        once = None if key is None else await asyncio.to_thread(Once.of, actor, "create graph", key, document)
        return await self._commit(lambda uow: _create(uow, stored, actor, once))

    async def page(self, limit: int, before: Cursor | None = None) -> tuple[list[GraphHead], Cursor | None]:
        """Graphs, last changed first, and where the next page begins, if there may be one."""
        at_ms, last = (before.ms, before.id) if before else (None, None)
        heads = await self._store.read(lambda uow: uow.graph_heads(limit, at_ms, before_id=last))
        more = len(heads) == limit
        return heads, Cursor(heads[-1].updated_ms, heads[-1].id) if more else None

    async def get(self, graph_id: str) -> GraphRecord:
        """A graph as it is now, with every edit that anybody has seen; RQ-002 if there is none."""
        await self._rooms.settle(graph_id)
        return await self._store.read(lambda uow: require(uow, graph_id))

    async def put(self, graph_id: str, document: Any, version: Expected, actor: Actor) -> GraphRecord:
        """Replace the whole graph; the events say what that changed.

        Raises:
            GraphError: VE-001, VE-012.
            RequestError: RQ-002, RQ-003 where the current version is not one that `version` names.
        """
        new = await _aside(document, lambda: self._parse_for(graph_id, document))
        return await self._change(graph_id, version, actor, lambda old: (new, edits.diff(old, new)))

    async def mutate(
        self,
        graph_id: str,
        mutations: Any,
        base_version: int | None,
        actor: Actor,
        asked: messages.Asked | None = None,
    ) -> GraphRecord:
        """Apply mutations, all of them or none; `asked` travels with the message that tells of a change.

        Raises:
            GraphError: VE-…, naming the mutation that does not apply.
            RequestError: RQ-002, RQ-003 where `base_version` is not the current one.
        """
        parsed = await asyncio.to_thread(edits.parse_mutations, mutations, self._limits)
        return await self._change(
            graph_id, base_version, actor, lambda old: edits.apply(old, parsed, self._limits), asked
        )

    async def delete(self, graph_id: str, actor: Actor, version: Expected = None) -> None:
        """Remove a graph; its events stay, and what runs goes on. RQ-002, RQ-003 as `put`."""
        await self._rooms.settle(graph_id)
        await self._commit(lambda uow: _delete(uow, graph_id, actor, version))
        self._rooms.forget(graph_id)

    async def clone(self, graph_id: str, actor: Actor, name: str | None = None, key: str | None = None) -> GraphRecord:
        """A copy under a fresh id; a repetition with the same `key` gives the first one's record.

        Raises:
            RequestError: RQ-002, RQ-007 where the key was sent for another graph or name.
        """
        content = {"graph_id": graph_id, "name": name}
        once = None if key is None else Once.of(actor, "clone graph", key, content)
        await self._rooms.settle(graph_id)
        return await self._store.write(lambda uow: _clone(uow, graph_id, name, actor, once))

    async def save(self, graph_id: str, actor: Actor, label: str | None = None) -> GraphRecord:
        """Mark the current version as one that the user means to come back to, under a name if he gives one. RQ-002."""
        await self._rooms.settle(graph_id)
        return await self._store.write(lambda uow: self._save(uow, graph_id, actor, label))

    async def validate(self, graph_id: str) -> list[Problem]:
        """Everything that keeps a graph from running; RQ-002, SY-004 while no node type is known."""
        record = await self.get(graph_id)
        catalogue = await self._catalogue.current()
        return [*self._rooms.problems(graph_id), *await self._read.problems(record, catalogue, self._library())]

    async def events(self, graph_id: str, after: int, limit: int) -> list[Event]:
        """The event log of a graph, of a deleted one too; RQ-002 if there never was one."""

        def work(uow: UnitOfWork) -> list[Event]:
            found = uow.events(aggregate_id=graph_id, after=after, limit=limit)
            if not found and not uow.events(aggregate_id=graph_id, limit=1):
                raise _unknown(graph_id)
            return found

        return await self._store.read(work)

    async def versions(
        self, graph_id: str, limit: int, before: VersionCursor | None = None
    ) -> tuple[list[Version], VersionCursor | None]:
        """The graph's versions, newest first, and where the next page begins, if there is one. RQ-002."""
        await self._rooms.settle(graph_id)
        return await self._store.read(lambda uow: versions(uow, require(uow, graph_id), limit, before))

    async def at(self, graph_id: str, version: int) -> GraphRecord:
        """The graph as it was at a version; `updated_ms` says when it became so. RQ-002."""
        await self._rooms.settle(graph_id)
        return await self._store.read(lambda uow: _at(uow, graph_id, version))

    async def compare(self, graph_id: str, since: int | None, version: int) -> tuple[int, list[edits.Change]]:
        """The version compared with (`since`, or the one before), and what turns it into `version`. RQ-002."""
        await self._rooms.settle(graph_id)
        return await self._store.read(lambda uow: compared(uow, require(uow, graph_id), since, version))

    async def restore(self, graph_id: str, version: int, expected: Expected, actor: Actor) -> GraphRecord:
        """Make the graph what it was at a version, as a new change; nothing where it is so already.

        Raises:
            RequestError: RQ-002 no such graph or version, RQ-003 as `put`.
        """
        old = await self._store.read(lambda uow: at_version(uow, require(uow, graph_id), version)[0])
        return await self._change(graph_id, expected, actor, lambda now: (old, edits.diff(now, old)), restored=version)

    # Steps

    async def _change(
        self,
        graph_id: str,
        version: Expected,
        actor: Actor,
        edit: Callable[[Graph], _Edit],
        asked: messages.Asked | None = None,
        **told: Any,
    ) -> GraphRecord:
        def on_document(record: GraphRecord, graph: Graph) -> Graph:
            _check_version(record, version)
            return edit(graph)[0]

        while True:
            author = actor.metadata(**told)
            if (record := await self._rooms.edit(graph_id, on_document, author, asked)) is not None:
                return record
            with contextlib.suppress(_Shared):
                return await self._change_record(graph_id, version, actor, edit, asked, **told)

    async def _change_record(
        self,
        graph_id: str,
        version: Expected,
        actor: Actor,
        edit: Callable[[Graph], _Edit],
        asked: messages.Asked | None,
        **told: Any,
    ) -> GraphRecord:
        """Change a graph that has no shared document; `_Shared` where it has got one."""
        made: list[Graph] = []

        def work(uow: UnitOfWork) -> _Told[GraphRecord]:
            record = require(uow, graph_id)
            if uow.document(graph_id) is not None:
                raise _Shared
            _check_version(record, version)
            graph, changes = edit(self._read.graph(record))
            if not changes:
                return record, None
            changed = following(record, graph.to_document())
            made.append(graph)
            _append(uow, changed, changes, actor, **told)
            uow.put_graph(changed)
            return changed, messages.graph_sync(changed, asked)

        record = await self._commit(work)
        if made:
            self._read.changed(record, made[0])
        return record

    async def _commit(self, work: Callable[[UnitOfWork], _Told[T]]) -> T:
        """Write and tell: the one never without the other, though the caller may be cancelled between."""

        async def write_and_tell() -> T:
            result, message = await self._store.write(work)
            if message is not None:
                self._publish(message)
            return result

        return await asyncio.shield(write_and_tell())

    def _parse_new(self, document: Any) -> Graph:
        graph = parse_graph(document, self._limits)
        if graph.id is None:
            return graph.model_copy(update={"id": new_id()})
        if not is_id(graph.id):
            problem = Problem("VE-001", f"id {graph.id!r} is not a UUID in lower case", path="/id")
            raise GraphError.of([problem])
        return graph

    def _parse_for(self, graph_id: str, document: Any) -> Graph:
        graph = parse_graph(document, self._limits)
        if graph.id is None:
            return graph.model_copy(update={"id": graph_id})
        if graph.id != graph_id:
            problem = Problem("RQ-001", f"id is {graph.id}, not {graph_id}", path="/id")
            raise RequestError("RQ-001", problem.message, problems=(problem,))
        return graph

    def _save(self, uow: UnitOfWork, graph_id: str, actor: Actor, label: str | None) -> GraphRecord:
        record = require(uow, graph_id)
        digest = graph_hash(self._read.graph(record))
        life.save(uow, life.saved(record, digest, actor, "user", label))
        return record


async def _aside(document: Any, work: Callable[[], T]) -> T:
    """Do in a thread what would hold up the event loop for longer than the way to a thread takes."""
    nodes = document.get("nodes") if isinstance(document, dict) else None
    small = isinstance(nodes, dict) and len(nodes) <= _SMALL_NODES
    return work() if small else await asyncio.to_thread(work)


def require(uow: UnitOfWork, graph_id: str) -> GraphRecord:
    """A graph that must be there; RQ-002."""
    record = uow.graph(graph_id)
    if record is None:
        raise _unknown(graph_id)
    return record


def _unknown(graph_id: str) -> RequestError:
    return RequestError("RQ-002", f"no graph {graph_id}")


def _check_version(record: GraphRecord, version: Expected) -> None:
    expected = (version,) if isinstance(version, int) else version
    if expected is not None and record.version not in expected:
        named = " or ".join(map(str, sorted(expected))) or "any that was named"
        raise RequestError("RQ-003", f"graph {record.id} is at version {record.version}, not {named}")


def _first(uow: UnitOfWork, document: dict[str, Any]) -> GraphRecord:
    """A new graph's record. One that had the id before was deleted, and its versions are not told again:
    who holds one of those would take it for one of these.
    """
    now = now_ms()
    earlier = [event.metadata.get("version", 0) for event in uow.event_heads(document["id"], limit=1)]
    return GraphRecord(document["id"], document["name"], 1 + sum(earlier), document, now, now)


def _at(uow: UnitOfWork, graph_id: str, version: int) -> GraphRecord:
    record = require(uow, graph_id)
    if version == record.version:
        return record
    graph, at_ms = at_version(uow, record, version)
    return replace(record, name=graph.name, version=version, document=graph.to_document(), updated_ms=at_ms)


def _event(event_type: str, record: GraphRecord, payload: dict[str, Any], actor: Actor, **told: Any) -> Event:
    metadata = actor.metadata(version=record.version, **told)
    return Event(event_type, "Graph", record.id, payload=payload, metadata=metadata)


def _append(uow: UnitOfWork, record: GraphRecord, changes: Iterable[edits.Change], actor: Actor, **told: Any) -> None:
    for change in changes:
        event = _event(change.event_type, record, change.payload, actor, **told)
        uow.append(replace(event, created_ms=record.updated_ms))


def _create(uow: UnitOfWork, document: dict[str, Any], actor: Actor, once: Once | None) -> _Told[GraphRecord]:
    if once is not None and (earlier := once.earlier(uow)) is not None:
        return _as_created(earlier), None
    if uow.graph(document["id"]) is not None:
        hint = "Change it with PUT, or leave the id out."
        raise RequestError("RQ-007", f"a graph {document['id']} exists already", hint)
    record = _first(uow, document)
    _begin(uow, record, _event("GraphCreated", record, {"graph": document}, actor), once)
    return record, messages.graph_sync(record)


def _begin(uow: UnitOfWork, record: GraphRecord, event: Event, once: Once | None) -> None:
    event = replace(event, created_ms=record.created_ms)
    if once is not None:
        event = replace(event, event_id=once.event_id, metadata={**event.metadata, "request": once.digest})
    uow.put_graph(record)
    uow.append(event)


def _as_created(event: Event) -> GraphRecord:
    """A graph as it was when the event created it."""
    document = event.payload["graph"]
    at_ms = event.created_ms
    return GraphRecord(event.aggregate_id, document["name"], event.metadata["version"], document, at_ms, at_ms)


def _delete(uow: UnitOfWork, graph_id: str, actor: Actor, version: Expected) -> _Told[None]:
    record = require(uow, graph_id)
    _check_version(record, version)
    uow.delete_graph(graph_id)
    uow.delete_document(graph_id)
    uow.append(_event("GraphDeleted", record, {"name": record.name}, actor))
    return None, messages.graph_deleted(graph_id)


def _clone(uow: UnitOfWork, graph_id: str, name: str | None, actor: Actor, once: Once | None) -> GraphRecord:
    if once is not None and (earlier := once.earlier(uow)) is not None:
        return _as_created(earlier)
    source = require(uow, graph_id)
    record = _first(uow, {**source.document, "id": new_id(), "name": name or f"{source.name} (copy)"})
    payload = {"source": source.id, "source_version": source.version, "graph": record.document}
    _begin(uow, record, _event("GraphCloned", record, payload, actor), once)
    return record
