"""What requests carry and answers hold, for checking the former and for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from vortex_prefect.core.access import Scope
from vortex_prefect.core.contracts import DeployRequest
from vortex_prefect.core.nodespec import NodeSpec
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.service.executions import Options

Priority = Annotated[StrictInt, Field(ge=-1_000_000, le=1_000_000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExecutionOptions(_Request):
    """How to execute a graph; see `service.executions.Options`."""

    targets: Annotated[list[str], Field(min_length=1)] | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    force: StrictBool = False
    priority: Priority = 0
    #: With a time zone; it waits until then.
    not_before: AwareDatetime | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class ExecuteRequest(_Request):
    """Execute the graph that the address names."""

    options: ExecutionOptions | None = None

    def to_options(self) -> Options:
        """The use case's own form."""
        given = self.options or ExecutionOptions()
        return Options(
            targets=None if given.targets is None else tuple(given.targets),
            inputs=given.inputs,
            force=given.force,
            priority=given.priority,
            not_before_ms=None if given.not_before is None else int(given.not_before.timestamp() * 1000),
            idempotency_key=given.idempotency_key,
        )


class ExecuteGraphRequest(ExecuteRequest):
    """Execute the graph that the body names."""

    graph_id: str


class PlanRequest(_Request):
    """A graph to plan, stored or not; nothing of it runs."""

    graph: dict[str, Any]
    #: Names of graph outputs; null for everything.
    targets: list[str] | None = None
    #: As if the cache were to be ignored.
    force: bool = False


class CloneRequest(_Request):
    """The copy's name; null for the original's with "(copy)"."""

    name: Annotated[str, Field(max_length=10_000)] | None = None


class SaveRequest(_Request):
    """What the version is to be called; null for no name."""

    label: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class RestoreRequest(_Request):
    """The version to go back to."""

    version: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]


class PriorityRequest(_Request):
    """Another priority (higher goes first), or the waiting execution to go just before, with its priority."""

    priority: Priority | None = None
    before: str | None = None


class RetentionRequest(_Request):
    """Whether only to say what would be removed."""

    dry_run: StrictBool = False


class PackFaultText(_Request):
    """A pack, and why it cannot be used."""

    pack: Annotated[str, Field(min_length=1, max_length=100)]
    message: Annotated[str, Field(min_length=1, max_length=4000)]


class ReloadRequest(_Request):
    """That packs have changed; or, with `fault`, that one of them cannot be used, so that all stays as it is."""

    fault: PackFaultText | None = None


class DeployGraphRequest(_Request):
    """How to publish a graph; see `core.contracts.DeployRequest`."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/%&><]+$")] | None = None
    pool: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/%]+$")] | None = None
    cron: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    interval_s: Annotated[float, Field(gt=0)] | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    concurrency_limit: Annotated[int, Field(ge=1)] | None = None
    paused: StrictBool = False

    def to_request(self) -> DeployRequest:
        """The use case's own form; the graph is filled in there."""
        return DeployRequest(graph={}, **{**self.model_dump(), "tags": tuple(self.tags)})


class LoginRequest(_Request):
    """What logs a browser in: a token, or a code that a token's owner asked for."""

    token: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class TokenRequest(_Request):
    """A token to make; without `expires_in_s` it lasts until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]*$")]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_in_s: Annotated[StrictInt, Field(ge=1, le=10 * 366 * 86_400)] | None = None


class SessionResource(BaseModel):
    """Who is asking; `user` is null for somebody who has not said so."""

    #: Whether this server wants to know.
    required: bool
    user: str | None
    scopes: list[Scope]
    #: What a page sends as `X-CSRF-Token` with every change; null without a session.
    csrf_token: str | None


class LoginCode(BaseModel):
    """A code for one login; `path` is where a browser uses it."""

    code: str
    path: str
    expires_in_s: int


class TokenResource(BaseModel):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None


class TokenCreated(TokenResource):
    """A new token, with the secret that is told this once."""

    secret: str


class TokenList(BaseModel):
    """All tokens that can be revoked."""

    tokens: list[TokenResource]


class DeploymentResource(BaseModel):
    """A Prefect deployment; `parameters` is the JSON schema of its form."""

    deployment_id: str
    name: str
    url: str
    pool: str
    parameters: dict[str, Any]


#: Models of bodies that routes read by themselves, which FastAPI does not find on its own.
REQUESTS: tuple[type[BaseModel], ...] = (
    ExecuteRequest,
    ExecuteGraphRequest,
    CloneRequest,
    PlanRequest,
    PriorityRequest,
    RetentionRequest,
    ReloadRequest,
    RestoreRequest,
    SaveRequest,
    DeployGraphRequest,
    LoginRequest,
    TokenRequest,
)


class ProblemResource(BaseModel):
    """One thing that is wrong, and where (`path` is a JSON pointer)."""

    code: str
    message: str
    node_id: str | None
    port: str | None
    path: str | None
    hint: str


class ErrorDetail(BaseModel):
    """A failure: a stable code, and what to do about it."""

    code: str
    message: str
    hint: str
    problems: list[ProblemResource]
    node_id: str | None
    traceback: str | None


class ErrorAnswer(BaseModel):
    """Every answer with a status of 400 or more."""

    error: ErrorDetail


class GraphSummary(BaseModel):
    """A graph without its document; `version` counts its changes from 1, `nodes` its nodes."""

    id: str
    name: str
    version: int
    created_at: str
    updated_at: str
    nodes: int


class GraphResource(GraphSummary):
    """A graph with its GraphDSL document."""

    graph: dict[str, Any]


class GraphList(BaseModel):
    """A page of graphs; `next` is the `before` of the page that follows, null on the last."""

    graphs: list[GraphSummary]
    next: str | None


class SavedMark(BaseModel):
    """Somebody saved this version; `name` is the graph's at that time, `label` what he called the version."""

    at: str
    user: str | None
    name: str | None
    label: str | None


class VersionResource(BaseModel):
    """A version of a graph: `changes` is event type → how many, `restored` the version that it brought back."""

    version: int
    at: str
    user: str | None
    changes: dict[str, int]
    nodes: int
    restored: int | None
    saved: SavedMark | None


class VersionList(BaseModel):
    """A page of versions, newest first; `next` is the `before` of the page that follows, null on the last."""

    versions: list[VersionResource]
    next: str | None


class ChangeResource(BaseModel):
    """One change: an event's type, and what is needed to repeat it."""

    event_type: str
    payload: dict[str, Any]


class VersionChanges(BaseModel):
    """What turns the version `since` into `version`, in order."""

    since: int
    version: int
    changes: list[ChangeResource]


class ProblemList(BaseModel):
    """Everything that keeps a graph from running; `valid` if that is nothing."""

    valid: bool
    problems: list[ProblemResource]


class PlannedNode(BaseModel):
    """What happens to a node; `what` is for people. Skipped nodes have no level and no segment."""

    id: str
    type: str
    state: Literal["dirty", "cached", "unneeded", "skipped"]
    what: str
    level: int | None
    segment: int | None
    key: str | None


class PlanResource(BaseModel):
    """What would run now, in order, and why; `counts` has each state, levels and segments."""

    nodes: list[PlannedNode]
    levels: list[list[str]]
    segments: list[list[str]]
    critical_path: list[str]
    outputs: dict[str, str]
    memory: dict[str, Any]
    counts: dict[str, int]


class EventResource(BaseModel):
    """An event of the log."""

    event_id: str
    sequence_number: int
    trace_id: str | None
    span_id: str | None
    event_type: str
    aggregate_type: str
    aggregate_id: str
    payload: dict[str, Any]
    metadata: dict[str, Any]
    created_at: str


class EventList(BaseModel):
    """Events in order; `next` is the `after` of the page that follows, null on the last."""

    events: list[EventResource]
    next: int | None


class ExecutionAccepted(BaseModel):
    """The execution waits for its turn, or is the one that an idempotency key named."""

    execution_id: str
    status: ExecutionStatus


class NodeResource(BaseModel):
    """A node's state within an execution; `progress` in percent."""

    state: NodeState
    progress: float
    attempt: int
    cached: bool
    worker_id: str | None
    why: str | None
    error: dict[str, Any] | None
    #: Of a node that maps over a list: `total`, `completed`, `cached`, `failed`, `skipped`.
    items: dict[str, int] | None = None
    #: The first hundred items that failed, `{item, error}`.
    item_errors: list[dict[str, Any]] = []


class OutputResource(BaseModel):
    """An output.

    A tensor has `shape` and `dtype` (torch's name) instead of `value`; a list that holds any, or of which items
    failed, has `items`.
    """

    node: str
    port: str
    type: str
    url: str
    value: Any = None
    items: list[dict[str, Any] | None] | None = None
    shape: list[int] | None = None
    dtype: str | None = None


class ExecutionResource(BaseModel):
    """An execution."""

    id: str
    graph_id: str
    graph_hash: str
    status: ExecutionStatus
    priority: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    flow_run_id: str | None
    prefect_url: str | None
    nodes: dict[str, NodeResource]
    outputs: dict[str, OutputResource]
    error: dict[str, Any] | None


class ExecutionList(BaseModel):
    """A page of executions, newest first; `next` is the `before` of the page that follows."""

    executions: list[ExecutionResource]
    next: str | None


class QueueEntry(BaseModel):
    """An execution in the queue."""

    execution_id: str
    graph_id: str
    priority: int
    created_at: str
    user: str
    #: It does not begin before; null: as soon as it is its turn.
    not_before: str | None


class QueueResource(BaseModel):
    """The queue; `waiting` in the order of their turn."""

    paused: bool
    concurrency: int
    limit: int
    running: list[QueueEntry]
    waiting: list[QueueEntry]


class FileResource(BaseModel):
    """An uploaded file; `path` is what a node's PATH parameter takes."""

    sha256: str
    size_bytes: int
    name: str | None
    #: As the content says.
    media_type: str
    path: str
    url: str


class NodesReloaded(BaseModel):
    """What differs in the catalogue now: node types."""

    digest: str
    added: list[str]
    removed: list[str]
    changed: list[str]


class NodeTypes(BaseModel):
    """The catalogue."""

    types: list[NodeSpec]


class WorkerResource(BaseModel):
    """A GPU worker. Hosts tell more of it than this; what is there depends on their release."""

    model_config = ConfigDict(extra="allow")

    id: str
    pid: int | None
    host: str
    device: str | None
    #: `starting`, `spare`, `joining`, `ready`, `busy`, `suspect`, `draining`, `dead`; others may come.
    state: str
    job: str | None
    #: How often its process was started anew.
    restarts: int
    #: The pack in whose own environment it runs; null: the base.
    environment: str | None = None


class WorkerList(BaseModel):
    """The GPU workers of all hosts."""

    workers: list[WorkerResource]


class ArenaBlock(BaseModel):
    """One block of the arena."""

    offset: int
    generation: int
    size_bytes: int
    #: Where it is in its life: `allocated`, `written`, `mapped`, `in_use`, `done`, `cached`, `quarantined`.
    state: str
    #: Null while it is being written.
    dtype: str | None
    shape: list[int] | None
    #: Who keeps it, and workers that have it for a job.
    holders: int
    readers: int
    #: How often it was asked for.
    uses: int


class ArenaMap(BaseModel):
    """Where blocks lie, in cells of equal length."""

    cell_bytes: int
    #: Of each cell the bytes in use, cached and free.
    cells: list[list[int]]
    largest: list[ArenaBlock]


class ArenaResource(BaseModel):
    """Statistics of the shared-memory arena; hosts may tell more."""

    model_config = ConfigDict(extra="allow")

    path: str | None = None
    capacity_bytes: int
    budget_bytes: int | None = None
    #: Backed by memory; of that, what was touched before (and is written fast), and what was not.
    reserved_bytes: int | None = None
    warm_bytes: int | None = None
    cold_bytes: int | None = None
    in_use_bytes: int
    cached_bytes: int | None = None
    pinned_bytes: int | None = None
    free_bytes: int | None = None
    largest_free_bytes: int | None = None
    #: 0: all free bytes are in one piece; near 1: in many small ones.
    fragmentation: float | None = None
    blocks: int | None = None
    leases: int | None = None
    keys: int | None = None
    hits: int | None = None
    misses: int | None = None
    #: Null before the first key was asked for.
    hit_rate: float | None = None
    hit_bytes: int | None = None
    evictions: int | None = None
    evicted_bytes: int | None = None
    granted_bytes: int | None = None
    #: Blocks that were found damaged.
    condemned: int | None = None
    map: ArenaMap | None = None


class StackResource(BaseModel):
    """Where the other parts of the stack are; null while unknown."""

    prefect_ui: str | None
    dask_dashboard: str | None


class PinResource(BaseModel):
    """Whether an output is kept in the arena, however long nobody asks for it."""

    pinned: bool


class StatusResource(BaseModel):
    """All is well."""

    status: str


class ValueResource(BaseModel):
    """An output as JSON; a list whose items are no JSON, or of which some failed, has `items` in place of `value`."""

    type: str
    value: Any = None
    items: list[dict[str, Any] | None] | None = None


class RetentionResource(BaseModel):
    """What was removed, or would be: places in the queue, executions, folders of outputs and their bytes."""

    dry_run: bool
    queue_entries: int
    executions: int
    outputs: int
    outputs_bytes: int


class DebugCount(BaseModel):
    """How often `debug.count` has really run with the tag."""

    tag: str
    count: int
