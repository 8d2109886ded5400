"""The two borders that use cases depend on: the engine that runs graphs, the store that remembers.

`service` knows these; which implementation stands behind them is `bootstrap`'s choice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from vortex_prefect.core.events import AggregateType, Event, Fact
from vortex_prefect.core.histogram import HistogramSnapshot
from vortex_prefect.core.job import Value
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionStatus, Report
from vortex_prefect.core.trace import TraceContext

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """Everything that the engine needs to run a graph: a frozen, validated snapshot."""

    execution_id: str
    #: GraphDSL document with exposed inputs already applied.
    graph: dict[str, Any]
    #: The hash that the document had when it was queued (VE-011 if it differs).
    graph_hash: str
    #: Names of graph outputs to compute; null for everything.
    targets: tuple[str, ...] | None = None
    #: Ignore the cache.
    force: bool = False
    priority: int = 0
    #: The span that asked for it; null: the execution begins a trace, under its own id.
    trace: TraceContext | None = None
    #: What was drawn, where that is another graph: one that has subgraphs as nodes.
    drawn: dict[str, Any] | None = None
    #: Names of outputs that stand in `graph` for this execution alone.
    exposed: tuple[str, ...] = ()

    @property
    def as_drawn(self) -> dict[str, Any]:
        """The document that a person would know again."""
        if self.drawn is not None:
            return self.drawn
        return without_outputs(self.graph, self.exposed) if self.exposed else self.graph

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        trace = None if self.trace is None else self.trace.to_dict()
        return {**{name: getattr(self, name) for name in self.__slots__}, "trace": trace}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ExecutionRequest:
        """Rebuild from `to_dict`."""
        targets, trace = data["targets"], data.get("trace")
        return cls(
            **{
                **data,
                "targets": None if targets is None else tuple(targets),
                "trace": None if trace is None else TraceContext.from_dict(trace),
                "exposed": tuple(data.get("exposed", ())),
            }
        )


def without_outputs(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A graph's document that exposes these outputs no more."""
    return {**document, "outputs": [output for output in document.get("outputs", ()) if output["name"] not in names]}


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """A graph to publish as a Prefect deployment, and when it is to run by itself."""

    #: GraphDSL document, validated; it is what the deployment runs until it is published again.
    graph: dict[str, Any]
    #: Null for `graph-` and the first digits of the graph's id.
    name: str | None = None
    #: Work pool; null for the engine's own.
    pool: str | None = None
    cron: str | None = None
    interval_s: float | None = None
    #: IANA name; null for UTC.
    timezone: str | None = None
    #: Values of exposed inputs that differ from the graph's own.
    parameters: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    #: The most runs at once; null for any number.
    concurrency_limit: int | None = None
    paused: bool = False
    #: See `ExecutionRequest.drawn`.
    drawn: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DeployRequest:
        """Rebuild from `to_dict`."""
        return cls(**{**data, "tags": tuple(data["tags"])})


class EnginePort(Protocol):
    """What the control plane asks of the engine. Every call may raise SY-004 (not reachable)."""

    async def execute(self, request: ExecutionRequest) -> None:
        """Accept a request; reports follow. Repeating an execution id changes nothing."""

    async def cancel(self, execution_id: str) -> bool:
        """Stop an execution; false if the engine does not know it or it has ended."""

    async def knows(self, execution_id: str) -> bool:
        """Whether reports of this execution were given, or are on their way."""

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        """What would happen to each node if the request ran now, and why: see `graph.explanation`; nothing runs.

        Raises:
            GraphError: what a run of it would fail with before its first node.
        """

    async def deploy(self, request: DeployRequest) -> dict[str, Any]:
        """Publish a graph: `{deployment_id, name, url, pool, parameters}`, the last one the schema of its form.

        Raises:
            VortexError: RQ-001 Prefect refuses (a cron expression that is none, say), or the pool cannot run it;
                SY-008 Prefect's server is away.
        """

    async def run_flow_run(self, flow_run_id: str) -> None:
        """Claim a flow run that was begun in Prefect, and run it to its end; its failure is its state, never raised.

        Does nothing if another worker was quicker.
        """

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        """Run a flow run whose flow function the caller is; its end and a line for people, or PAUSED for suspended.

        A caller that goes away cancels it.
        """

    async def catalogue(self) -> Catalogue:
        """All node types of the host; waits for the first worker's handshake."""

    async def renew(self) -> Catalogue:
        """Packs have changed: replace all workers, each once its jobs have ended; the node types of the new ones.

        Raises:
            VortexError: WK-001, none of them has started; those that are there stay.
        """

    async def status(self) -> dict[str, Any]:
        """`{"workers": […], "arena": {…}, "running": [execution ids], "dask_dashboard": url, "prefect_ui": url}`."""

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        """A tensor's bytes and media type.

        `format`: `png` (IMAGE and MASK; the first of the batch), `npy`, or `arrow` (the IPC message).

        Raises:
            VortexError: WK-002 if the arena no longer holds it, RQ-001 if it has no such form.
        """

    async def pin(self, value: Value, keep: bool) -> bool:
        """Keep cached tensors in the arena however long nobody asks for them, or do so no longer; which it is now.

        Raises:
            VortexError: WK-002 if no arena holds them under a content key, WK-008 if pins would take half of it.
        """

    async def debug_count(self, tag: str) -> int:
        """How often `debug.count` has really run with that tag on this host."""

    def reports(self) -> AsyncIterator[Report]:
        """Reports of all executions from now on."""


class LocalEnginePort(EnginePort, Protocol):
    """What the engine offers beside to clients on its own machine."""

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        """Keep a tensor that an execution gave, or those of a list, from being evicted, until `release(holder)`.

        Returns:
            The value, and the path of the arena that it lies in.

        Raises:
            VortexError: RQ-002 the engine knows no such output, WK-002 the arena no longer holds it all.
        """

    async def release(self, holder: str) -> None:
        """End all that `holder` holds. Repeating does nothing."""


@dataclass(frozen=True, slots=True)
class GraphRecord:
    """A stored graph. `version` counts its changes from 1."""

    id: str
    name: str
    version: int
    document: dict[str, Any]
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class GraphHead:
    """A stored graph without its document, of which it has the number of nodes."""

    id: str
    name: str
    version: int
    nodes: int
    created_ms: int
    updated_ms: int
    state: GraphState = GraphState.CREATED


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """A stored execution: the request, and what is known of its run."""

    id: str
    graph_id: str
    graph_hash: str
    status: ExecutionStatus
    #: The frozen document that runs, with inputs applied.
    document: dict[str, Any]
    #: `targets`, `force`, `priority`, `idempotency_key` as the caller gave them; `trace`, the span that asked;
    #: `exposed`, outputs of this execution alone; `drawn_hash`, the hash of the graph with its subgraphs as nodes,
    #: where it has any, and `drawn`, under which `UnitOfWork.drawn` has it.
    options: dict[str, Any]
    created_ms: int
    started_ms: int | None = None
    finished_ms: int | None = None
    flow_run_id: str | None = None
    prefect_url: str | None = None
    #: node id → `{state, progress, attempt, cached, worker_id, why, error}`.
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: node id → port → `Value.to_dict()`.
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The shared (Yjs) document of a graph: a snapshot, and which updates are behind it."""

    graph_id: str
    #: A Yjs update that holds everything up to the update `number`.
    snapshot: bytes
    number: int
    #: Up to this update, the graph's events and record say what the document says.
    settled: int
    #: A Yjs state vector, up to which the snapshot has forgotten what was overwritten.
    horizon: bytes = b"\x00"


@dataclass(frozen=True, slots=True)
class DocumentUpdate:
    """One stored edit of a shared document."""

    #: Counts from 1, without gaps, for each document.
    number: int
    content: bytes
    #: Who edited: an event's `metadata`.
    author: dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """The place of an execution in the queue."""

    execution_id: str
    graph_id: str
    #: Who asked for it: those who wait at one priority take turns.
    user: str
    #: Higher goes first.
    priority: int
    #: Of one user's at one priority, lower goes first.
    place: int
    queued_ms: int
    #: It does not begin before; null: any time.
    not_before_ms: int | None = None
    #: When it left the queue: it began, ended, or was removed; null while it waits.
    left_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PublishedNode:
    """A graph as it was published as a node type. Nothing of it changes but whether it was withdrawn."""

    #: `graph.NAME@VERSION`.
    type: str
    name: str
    #: Counts from 1 for each name.
    version: int
    #: Whose state it was, and at which version.
    graph_id: str
    graph_version: int
    #: `NodeSpec` as JSON.
    spec: dict[str, Any]
    #: GraphDSL document.
    document: dict[str, Any]
    created_ms: int
    #: Not offered any more; graphs that have it keep working.
    withdrawn: bool = False


class UnitOfWork(Protocol):
    """One transaction: what is written commits together, and reads see it.

    Records that are read are shared with other readers: nobody may change what they hold.
    """

    def append(self, event: Event, *, after: int | None = None) -> Event:
        """Append to the log; returns the event with its sequence number.

        An event whose id is there already is not appended again; the stored one is returned.

        Args:
            after: number of the last event of its aggregate that the caller has seen, 0 for none; null: any.

        Raises:
            RequestError: RQ-003, the aggregate has got another event since.
        """

    def put_graph(self, record: GraphRecord) -> None:
        """Insert or replace the current state of a graph."""

    def delete_graph(self, graph_id: str) -> None:
        """Remove a graph from the current state; its events stay."""

    def graph(self, graph_id: str) -> GraphRecord | None:
        """The current state of a graph, or null."""

    def graph_state(self, graph_id: str) -> GraphState:
        """Where a graph stands; DELETED for one that is not there."""

    def put_graph_state(self, graph_id: str, state: GraphState) -> None:
        """Note where a graph stands; `put_graph` itself notes MODIFIED with another version, CREATED with a new one."""

    def graphs(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphRecord]:
        """Graphs, last changed first; `updated_ms` and id of a page's last one as `before_…` continue it.

        Without `before_id`, graphs of that same millisecond are left out.
        """

    def graph_heads(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphHead]:
        """As `graphs`, without reading the documents."""

    def put_execution(self, record: ExecutionRecord) -> None:
        """Insert or replace an execution."""

    def execution(self, execution_id: str) -> ExecutionRecord | None:
        """An execution, or null."""

    def execution_by_key(self, idempotency_key: str) -> ExecutionRecord | None:
        """The execution that was queued with that idempotency key, or null."""

    def executions(
        self,
        limit: int,
        *,
        graph_id: str | None = None,
        statuses: Sequence[ExecutionStatus] = (),
        before_ms: int | None = None,
        before_id: str | None = None,
    ) -> list[ExecutionRecord]:
        """Executions, newest first (by `created_ms`), in pages as `graphs`; empty `statuses` means all."""

    def forget_executions(self, ended_before_ms: int, limit: int) -> list[str]:
        """Remove executions that ended before, at most `limit`; their ids. Their events stay."""

    def put_queue_entry(self, entry: QueueEntry) -> None:
        """Insert or replace."""

    def queue_entry(self, execution_id: str) -> QueueEntry | None:
        """An entry of the queue, or null; also one that has left it lately."""

    def waiting(self) -> list[QueueEntry]:
        """All entries that have not left the queue, in no order."""

    def queue_entries(self) -> list[QueueEntry]:
        """All entries, in no order."""

    def forget_queue_entries(self, left_before_ms: int) -> int:
        """Remove entries that left the queue before; how many."""

    def put_published(self, node: PublishedNode) -> None:
        """Insert or replace a version of a published graph."""

    def published(self) -> list[PublishedNode]:
        """Every version of every published graph, by name and version."""

    def put_drawn(self, digest: str, document: dict[str, Any]) -> None:
        """Insert or replace a graph as it was drawn, under the digest that executions name (`options["drawn"]`)."""

    def drawn(self, digest: str) -> dict[str, Any] | None:
        """What was drawn, or null."""

    def has_drawn(self, digest: str) -> bool:
        """Whether that is there; its document is not read."""

    def drawn_graphs(self) -> dict[str, dict[str, Any]]:
        """All of them, by digest."""

    def forget_drawn(self) -> list[str]:
        """Remove those that no execution names; their digests."""

    def event(self, event_id: str) -> Event | None:
        """An event of the log, or null."""

    def events(
        self,
        *,
        aggregate_id: str | None = None,
        aggregate_type: AggregateType | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Event]:
        """Events with a higher sequence number than `after`, in order."""

    def facts(self, after: int, limit: int) -> list[Fact]:
        """As `events` of all aggregates, for projections."""

    def event_heads(self, aggregate_id: str, *, before: int | None = None, limit: int = 1000) -> list[Event]:
        """Events with a lower sequence number than `before`, last first, without their payloads.

        What happened to a graph is told by these: payloads hold whole documents.
        """

    def document(self, graph_id: str) -> StoredDocument | None:
        """The shared document of a graph, or null while nobody has opened one."""

    def put_document(self, document: StoredDocument) -> None:
        """Insert or replace; updates that its snapshot holds are forgotten."""

    def settle_document(self, graph_id: str, number: int) -> None:
        """Note that events and record say what the document says up to this update."""

    def delete_document(self, graph_id: str) -> None:
        """Remove a document and its updates."""

    def append_updates(self, graph_id: str, updates: Sequence[DocumentUpdate]) -> None:
        """Store edits behind those that are there."""

    def document_updates(self, graph_id: str, after: int) -> list[DocumentUpdate]:
        """Stored edits with a higher number, in order."""

    def unsettled_documents(self) -> list[str]:
        """Graphs of which a stored edit is in no event yet."""

    def get_setting(self, name: str) -> Any:
        """A small JSON value kept under a name (the last catalogue seen, say), or null."""

    def put_setting(self, name: str, value: Any) -> None:
        """Keep a small JSON value under a name."""


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """What a store has done since it was opened."""

    #: Units of work committed.
    writes: int
    #: Units of work rolled back, for whatever reason.
    rollbacks: int
    #: Reads asked for.
    reads: int
    #: Units of work that wait for the writer, and the one that it runs.
    queued: int
    #: The last fault of the store itself as `code message`; null if there was none.
    last_error: str | None
    #: Events that are new to the log.
    events: int
    #: Of units of work that were committed: from their begin in the writer's thread until they are on disk.
    took: HistogramSnapshot


class StorePort(Protocol):
    """The store. One writer: units of work run one after the other in one thread."""

    async def write(self, work: Callable[[UnitOfWork], T], *, early: bool = False) -> T:
        """Run `work` in one transaction; commits durably, or rolls back and re-raises.

        Args:
            early: return once the end of no process can undo it; after `synced` a loss of power cannot either.
        """

    async def synced(self) -> None:
        """Return when everything whose `write` has returned is durable."""

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` on a snapshot; it must not write."""

    def subscribe(self, after: int) -> AsyncIterator[Event]:
        """Events with a higher number than `after`, in order, without gaps or repeats, those to come as well."""

    def statistics(self) -> StoreStatistics:
        """Counts up to now."""
