"""Use cases of executions: queue, cancel, read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vortex_prefect.collab.rooms import Rooms
from vortex_prefect.core.contracts import (
    EnginePort,
    ExecutionRecord,
    GraphRecord,
    QueueEntry,
    StorePort,
    UnitOfWork,
    without_outputs,
)
from vortex_prefect.core.errors import Problem, RequestError, VortexError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.settings import Limits
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.reach import with_outputs_of
from vortex_prefect.service import life, messages
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.catalogue import CatalogueCache
from vortex_prefect.service.drawn import digest_of, drawn_of, keep
from vortex_prefect.service.graphs import require
from vortex_prefect.service.idempotency import digest, refuse_other_content, scoped
from vortex_prefect.service.live import pending_nodes
from vortex_prefect.service.outputs import Content, Outputs
from vortex_prefect.service.paging import Cursor
from vortex_prefect.service.publishing import Publishing
from vortex_prefect.service.queue import Queue, request_of
from vortex_prefect.service.reports import Reports, execution_event

#: How long an execution that the engine knows may take to be known here.
_REPORT_S = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to execute a graph."""

    #: Names of graph outputs to compute; null for everything.
    targets: tuple[str, ...] | None = None
    #: Nodes to run up to; what they give is an output of this execution alone.
    nodes: tuple[str, ...] = ()
    #: Values for the graph's exposed inputs.
    inputs: dict[str, Any] = field(default_factory=dict)
    #: Ignore the cache.
    force: bool = False
    #: Higher goes first.
    priority: int = 0
    #: Unix milliseconds before which it does not begin; null: as soon as it is its turn.
    not_before_ms: int | None = None
    #: A repeated request with the same key gives the first one's execution.
    idempotency_key: str | None = None
    #: The span that asks for it; null: the execution begins a trace, under its own id.
    trace: TraceContext | None = None


class Executions:
    """Executions, those that run as well as those of the past."""

    def __init__(
        self,
        store: StorePort,
        engine: EnginePort,
        catalogue: CatalogueCache,
        queue: Queue,
        reports: Reports,
        outputs: Outputs,
        publish: messages.Publish,
        limits: Limits,
        rooms: Rooms,
        publishing: Publishing,
    ) -> None:
        self._publishing = publishing
        self._store = store
        self._engine = engine
        self._catalogue = catalogue
        self._queue = queue
        self._reports = reports
        self._outputs = outputs
        self._publish = publish
        self._limits = limits
        self._rooms = rooms

    async def execute(self, graph_id: str, options: Options, actor: Actor) -> ExecutionRecord:
        """Freeze the graph as it is now and queue its execution.

        Raises:
            GraphError: VE-…, with every problem that keeps it from running.
            RequestError: RQ-001 unknown target, RQ-002, RQ-004, RQ-007 key used for another request.
            SystemFault: SY-004 while no node type is known.
        """
        asked = None if options.idempotency_key is None else _Asked.of(graph_id, options, actor)
        await self._rooms.settle(graph_id)
        found = await self._store.read(lambda uow: _with_key(uow, asked) or require(uow, graph_id))
        if isinstance(found, ExecutionRecord):
            return found
        graph_record = found
        self._queue.check_room()
        catalogue = await self._catalogue.current()
        record, frozen = await asyncio.to_thread(self._freeze, graph_record, options, catalogue, asked)
        queued = self._queue.place(record, actor, options.not_before_ms)

        def work(uow: UnitOfWork) -> ExecutionRecord:
            # Another request with the same key may have come first.
            if (stored := _with_key(uow, asked)) is not None:
                return stored
            _queue(uow, record, queued, frozen, actor)
            return record

        async def write_and_queue() -> ExecutionRecord:
            stored = await self._store.write(work)
            if stored is record:
                self._reports.track(record)
                self._publish(messages.queued(record))
                self._queue.add(record, queued, frozen.drawn)
            return stored

        # What is stored as queued has to reach the queue, though the caller may be cancelled between.
        return await asyncio.shield(write_and_queue())

    async def get(self, execution_id: str) -> ExecutionRecord:
        """An execution with its state of this moment; RQ-002 if there is none."""
        record = await self._find(execution_id) or await self._on_its_way(execution_id)
        if record is None:
            raise RequestError("RQ-002", f"no execution {execution_id}")
        return record

    async def _find(self, execution_id: str) -> ExecutionRecord | None:
        return self._reports.current(execution_id) or await self._store.read(lambda uow: uow.execution(execution_id))

    async def _on_its_way(self, execution_id: str) -> ExecutionRecord | None:
        """One that Prefect has begun may have ended there before the engine's report of it is here."""
        try:
            async with asyncio.timeout(_REPORT_S):
                if not await self._engine.knows(execution_id):
                    return await self._find(execution_id)
                while True:
                    adopted = self._reports.adopted
                    if (record := await self._find(execution_id)) is not None:
                        return record
                    await adopted.wait()
        except (VortexError, TimeoutError):
            return None

    async def page(
        self,
        limit: int,
        *,
        graph_id: str | None = None,
        statuses: Sequence[ExecutionStatus] = (),
        before: Cursor | None = None,
    ) -> tuple[list[ExecutionRecord], Cursor | None]:
        """Executions, newest first, and where the next page begins, if there may be one."""
        at_ms, last = (before.ms, before.id) if before else (None, None)
        records = await self._store.read(
            lambda uow: uow.executions(limit, graph_id=graph_id, statuses=statuses, before_ms=at_ms, before_id=last)
        )
        more = len(records) == limit
        cursor = Cursor(records[-1].created_ms, records[-1].id) if more else None
        return [self._reports.current(record.id) or record for record in records], cursor

    async def cancel(self, execution_id: str, actor: Actor) -> ExecutionRecord:
        """Stop an execution: at once if it waits, else as soon as the engine has stopped it.

        Raises:
            RequestError: RQ-002, RQ-007 if it ended otherwise.
            SystemFault: SY-004, the engine that runs it is not reachable.
        """
        record = await self.get(execution_id)
        if record.status is ExecutionStatus.CANCELLED:
            return record
        if record.status.final:
            raise RequestError("RQ-007", f"execution {execution_id} is {record.status.value}")
        if self._queue.withdraw(execution_id):
            await self._reports.finish(execution_id, ExecutionStatus.CANCELLED, actor=actor)
        else:
            event = execution_event("ExecutionCancelRequested", record, {}, actor)
            await self._store.write(lambda uow: uow.append(event))
            await self._engine.cancel(execution_id)
        return await self.get(execution_id)

    async def output(
        self, execution_id: str, node: str, port: str, format: str | None, item: int | None = None
    ) -> Content:
        """An output of any node that finished; errors as `Outputs.read`, and RQ-002."""
        return await self._outputs.read(await self.get(execution_id), node, port, format, item)

    async def pin(self, execution_id: str, node: str, port: str, keep: bool) -> bool:
        """Keep an output, or do so no longer; errors as `Outputs.pin`, and RQ-002."""
        return await self._outputs.pin(await self.get(execution_id), node, port, keep)

    def preview(self, execution_id: str, node: str) -> Content:
        """What a running node showed last; RQ-002 if it shows nothing, or has given its result."""
        if (report := self._reports.previews.get(execution_id, node)) is None:
            raise RequestError("RQ-002", f"node {node} of execution {execution_id} shows nothing")
        return Content("image/jpeg", report.jpeg)

    async def remove(self, execution_id: str, actor: Actor) -> ExecutionRecord:
        """Take a waiting execution out of the queue; it ends as cancelled. RQ-002, RQ-007 if it does not wait."""
        record = await self.get(execution_id)
        if record.status is not ExecutionStatus.QUEUED or not self._queue.withdraw(execution_id):
            raise RequestError("RQ-007", f"execution {execution_id} does not wait: it is {record.status.value}")
        await self._reports.finish(execution_id, ExecutionStatus.CANCELLED, actor=actor)
        return await self.get(execution_id)

    async def document(self, execution_id: str, *, unfolded: bool = False) -> dict[str, Any]:
        """The graph of an execution with its inputs, without what only that run had for outputs; RQ-002.

        Args:
            unfolded: as it ran, with subgraphs in the place of their nodes, not as it was drawn. Of what an earlier
                release ran only that is known.
        """
        record = await self.get(execution_id)
        drawn = None if unfolded else await self._store.read(lambda uow: drawn_of(uow, record))
        return request_of(record, drawn).as_drawn

    async def move(self, execution_id: str, before: str, actor: Actor) -> ExecutionRecord:
        """Bring a waiting execution just before another. RQ-002, RQ-007 if one of them does not wait."""
        await self.get(execution_id)
        await self._queue.move(execution_id, before, actor)
        return await self.get(execution_id)

    async def reprioritise(self, execution_id: str, priority: int, actor: Actor) -> ExecutionRecord:
        """Move a waiting execution; RQ-002, RQ-007 if it does not wait."""
        await self.get(execution_id)
        await self._queue.reprioritise(execution_id, priority, actor)
        return await self.get(execution_id)

    def _freeze(
        self, graph_record: GraphRecord, options: Options, catalogue: Catalogue, asked: _Asked | None
    ) -> tuple[ExecutionRecord, _Frozen]:
        """The execution, and what it was made of."""
        stored = parse_graph(graph_record.document, self._limits)
        given = apply_inputs(stored, options.inputs, self._limits)
        _check_targets(given, options.targets)
        given, reached, exposed = with_outputs_of(given, options.nodes, catalogue)
        targets = options.targets if not reached else tuple(dict.fromkeys((*(options.targets or ()), *reached)))
        graph = self._publishing.runnable(given, catalogue)
        document = graph.to_document()
        drawn = None if graph is given else without_outputs(given.to_document(), exposed)
        record = ExecutionRecord(
            id=new_id(),
            graph_id=graph_record.id,
            graph_hash=graph_hash(graph),
            status=ExecutionStatus.QUEUED,
            document=document,
            options=_stored(replace(options, targets=targets), asked)
            | ({"exposed": exposed} if exposed else {})
            | ({} if drawn is None else {"drawn_hash": graph_hash(given), "drawn": digest_of(drawn)}),
            created_ms=now_ms(),
            nodes=pending_nodes(document),
        )
        # Outputs of this run alone stand in no graph.
        same = graph is given and not exposed
        stored_hash = record.graph_hash if same and not options.inputs else graph_hash(stored)
        return record, _Frozen(graph_record, stored_hash, options.inputs if same else None, drawn)


@dataclass(frozen=True, slots=True)
class _Frozen:
    """The graph that an execution was made of."""

    record: GraphRecord
    #: Of the graph as it is without inputs.
    graph_hash: str
    #: Null where the graph as the log tells it is not yet what runs with these: it has subgraphs, or outputs of this
    #: run alone.
    inputs: dict[str, Any] | None
    #: See `ExecutionRequest.drawn`.
    drawn: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that has an idempotency key: the key as it is stored, and what is asked for."""

    key: str
    graph_id: str
    digest: str

    @classmethod
    def of(cls, graph_id: str, options: Options, actor: Actor) -> _Asked:
        # Not the trace, which is another one for each try. As given: a priority may be changed later.
        wanted = {name: getattr(options, name) for name in ("targets", "inputs", "force", "priority")}
        if options.nodes:
            wanted["nodes"] = options.nodes
        if options.not_before_ms is not None:  # as requests of before had it
            wanted["not_before_ms"] = options.not_before_ms
        return cls(scoped(options.idempotency_key or "", actor), graph_id, digest({"graph_id": graph_id, **wanted}))


def _with_key(uow: UnitOfWork, asked: _Asked | None) -> ExecutionRecord | None:
    record = None if asked is None else uow.execution_by_key(asked.key)
    if record is None or asked is None:
        return None
    if record.graph_id != asked.graph_id:
        raise RequestError("RQ-007", f"the idempotency key was used for graph {record.graph_id}")
    refuse_other_content(record.options.get("request"), asked.digest)
    return record


def _check_targets(graph: Graph, targets: tuple[str, ...] | None) -> None:
    if targets is None:
        return
    known = {output.name for output in graph.outputs}
    problems = [
        Problem("RQ-001", f"the graph has no output {name!r}", path=f"/options/targets/{index}")
        for index, name in enumerate(targets)
        if name not in known
    ]
    if not targets:
        problems = [Problem("RQ-001", "targets is empty; leave it out to compute everything", path="/options/targets")]
    if problems:
        raise RequestError("RQ-001", problems[0].message, problems=tuple(problems))


def _stored(options: Options, asked: _Asked | None = None) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "targets": None if options.targets is None else list(options.targets),
        "force": options.force,
        "priority": options.priority,
        "idempotency_key": None if asked is None else asked.key,
    }
    if asked is not None:
        stored["request"] = asked.digest
    return stored if options.trace is None else {**stored, "trace": options.trace.to_dict()}


def _queue(uow: UnitOfWork, record: ExecutionRecord, queued: QueueEntry, frozen: _Frozen, actor: Actor) -> None:
    """Store the execution of a graph; RQ-002 where the graph was deleted since."""
    graph = frozen.record
    unchanged = require(uow, graph.id).version == graph.version
    if unchanged and life.saved_first(uow, graph.id):
        life.save(uow, life.saved(graph, frozen.graph_hash, actor, "execution"))
    told = unchanged and frozen.inputs is not None
    payload = {
        "graph_hash": record.graph_hash,
        "graph_version": graph.version,
        "options": record.options,
        "place": queued.place,
        "not_before_ms": queued.not_before_ms,
        "queued_ms": record.created_ms,
        # The log tells the graph as it stands: with these it is the document that runs.
        "inputs": frozen.inputs if told else None,
        "document": None if told else record.document,
        "drawn": keep(uow, record, frozen.drawn),
    }
    event = execution_event("ExecutionQueued", record, payload, actor)
    life.queue(uow, record, event, queued, graph.version)
