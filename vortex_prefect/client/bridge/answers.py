"""What the bridge answers, as immutable models.

Fields that a newer bridge adds are kept and not looked at, and so are words
that it adds to a `Literal`: an old client reads a new bridge. Times are ISO
8601 in UTC, with milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator

from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import NodeSpec


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a string")
    return value


_Known = PlainValidator(_word)

Status = Annotated[
    Literal["queued", "running", "paused", "completed", "failed", "cancelled", "crashed"],
    _Known,
]
State = Annotated[
    Literal["pending", "running", "retrying", "cached", "completed", "failed", "skipped", "cancelled"],
    _Known,
]
PlannedState = Annotated[Literal["dirty", "cached", "unneeded", "skipped"], _Known]

#: Statuses after which nothing follows.
ENDED = frozenset({"completed", "failed", "cancelled", "crashed"})


class Resource(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    def to_dict(self) -> dict[str, Any]:
        """The JSON object as the bridge sent it."""
        return self.model_dump(mode="json", exclude_unset=True)


R = TypeVar("R", bound=Resource)


class GraphSummary(Resource):
    """A graph without its document; `version` counts its changes from 1, `nodes` its nodes."""

    id: str
    name: str
    version: int
    created_at: str
    updated_at: str
    nodes: int


class StoredGraph(GraphSummary):
    """A graph with its GraphDSL document as `graph`."""

    graph: dict[str, Any]


class SavedMark(Resource):
    """Somebody saved this version; `name` is the graph's at that time, `label` what he called the version."""

    at: str
    user: str | None
    name: str | None
    label: str | None


class Version(Resource):
    """A version of a graph: `changes` is event type → how many, `restored` the version that it brought back."""

    version: int
    at: str
    user: str | None
    changes: dict[str, int]
    nodes: int
    restored: int | None
    saved: SavedMark | None


class Change(Resource):
    """One change: an event's type, and what is needed to repeat it."""

    event_type: str
    payload: dict[str, Any]


class VersionChanges(Resource):
    """What turns the version `since` into `version`, in order."""

    since: int
    version: int
    changes: tuple[Change, ...]


class Validation(Resource):
    """Everything that keeps a graph from running; `valid` if that is nothing."""

    valid: bool
    problems: tuple[Problem, ...]


class ExecutedGraph(Resource):
    """The graph of an execution, as it was drawn or as it ran, its inputs applied."""

    graph: dict[str, Any]


class Converted(Resource):
    """A graph made of a foreign workflow, and what of that it does not hold."""

    graph: dict[str, Any]
    taken: int
    placeholders: int
    problems: tuple[Problem, ...]


class PlannedNode(Resource):
    """What happens to a node; `what` is for people. Skipped nodes have no level and no segment."""

    id: str
    type: str
    state: PlannedState
    what: str
    level: int | None
    segment: int | None
    key: str | None


class Plan(Resource):
    """What would run now, in order, and why; `counts` has each state, levels and segments."""

    nodes: tuple[PlannedNode, ...]
    levels: tuple[tuple[str, ...], ...]
    segments: tuple[tuple[str, ...], ...]
    critical_path: tuple[str, ...]
    outputs: dict[str, str]
    memory: dict[str, Any]
    counts: dict[str, int]


class Deployment(Resource):
    """A Prefect deployment; `parameters` is the JSON schema of its form."""

    deployment_id: str
    name: str
    url: str
    pool: str
    parameters: dict[str, Any]


class PublishedNode(Resource):
    """A version of a published graph: what it declares (`spec`), and the graph that stands behind it."""

    type: str
    name: str
    version: int
    graph_id: str
    graph_version: int
    published_at: str
    withdrawn: bool
    spec: NodeSpec
    graph: dict[str, Any]


class Event(Resource):
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


class Accepted(Resource):
    """The execution waits for its turn, or is the one that the idempotency key named."""

    execution_id: str
    status: Status


class NodeRun(Resource):
    """A node's state within an execution; `progress` in percent."""

    state: State
    progress: float
    attempt: int
    cached: bool
    worker_id: str | None
    why: str | None
    error: dict[str, Any] | None
    #: Of a node that maps over a list: `total`, `completed`, `cached`, `failed`, `skipped`.
    items: dict[str, int] | None = None
    #: The first hundred items that failed, `{item, error}`.
    item_errors: tuple[dict[str, Any], ...] = ()


class Output(Resource):
    """An output: its `value`, or the `shape` and `dtype` of a tensor, or the `items` of a list that JSON cannot hold.

    `url` is for `get_content` and `save_content`.
    """

    node: str
    port: str
    type: str
    url: str
    value: Any = None
    items: tuple[dict[str, Any] | None, ...] | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


class Execution(Resource):
    """An execution as it stands; `nodes` by id, `outputs` by name.

    `graph_hash` is that of what runs, `drawn_hash` of the graph whose nodes may be graphs themselves.
    """

    id: str
    graph_id: str
    graph_hash: str
    drawn_hash: str
    status: Status
    priority: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    flow_run_id: str | None
    prefect_url: str | None
    nodes: dict[str, NodeRun]
    outputs: dict[str, Output]
    error: dict[str, Any] | None

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self.status in ENDED or self.finished_at is not None


class QueueEntry(Resource):
    """An execution in the queue."""

    execution_id: str
    graph_id: str
    priority: int
    created_at: str
    user: str
    #: It does not begin before; null: as soon as it is its turn.
    not_before: str | None


class Queue(Resource):
    """The queue; `waiting` in the order of their turn."""

    paused: bool
    concurrency: int
    limit: int
    running: tuple[QueueEntry, ...]
    waiting: tuple[QueueEntry, ...]


class Session(Resource):
    """Who is asking; `user` is null for somebody who has not said so."""

    required: bool
    user: str | None
    scopes: tuple[str, ...]
    csrf_token: str | None


class LoginCode(Resource):
    """A code for one login; `path` is where a browser uses it."""

    code: str
    path: str
    expires_in_s: int


class Token(Resource):
    """A token without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str | None


class NewToken(Token):
    """A new token, with the secret that is told this once."""

    secret: str


class TokenList(Resource):
    """All tokens that can be revoked."""

    tokens: tuple[Token, ...]


class StoredFile(Resource):
    """An uploaded file; `path` is what a node's PATH parameter takes."""

    sha256: str
    size_bytes: int
    name: str | None
    media_type: str
    path: str
    url: str


class Worker(Resource):
    """A GPU worker. One that has not introduced itself yet has neither device nor process id."""

    id: str
    state: str
    pid: int | None = None
    host: str | None = None
    device: str | None = None
    job: str | None = None
    restarts: int = 0
    #: The pack in whose own environment it runs; null: the base.
    environment: str | None = None


class ArenaBlock(Resource):
    """One block of the arena; `dtype` and `shape` are null while it is being written."""

    offset: int
    generation: int
    size_bytes: int
    state: str
    dtype: str | None = None
    shape: list[int] | None = None
    holders: int = 0
    readers: int = 0
    uses: int = 0


class ArenaMap(Resource):
    """Where blocks lie: cells of equal length, each with its bytes in use, cached and free; and the largest blocks."""

    cell_bytes: int
    cells: list[list[int]]
    largest: list[ArenaBlock]


class Arena(Resource):
    """The shared-memory arena's statistics; sizes in bytes. All null while no host has one."""

    path: str | None = None
    capacity_bytes: int | None = None
    budget_bytes: int | None = None
    reserved_bytes: int | None = None
    warm_bytes: int | None = None
    cold_bytes: int | None = None
    in_use_bytes: int | None = None
    cached_bytes: int | None = None
    pinned_bytes: int | None = None
    free_bytes: int | None = None
    largest_free_bytes: int | None = None
    fragmentation: float | None = None
    blocks: int | None = None
    leases: int | None = None
    keys: int | None = None
    hits: int | None = None
    misses: int | None = None
    hit_rate: float | None = None
    hit_bytes: int | None = None
    evictions: int | None = None
    evicted_bytes: int | None = None
    granted_bytes: int | None = None
    condemned: int | None = None
    map: ArenaMap | None = None


class Pin(Resource):
    """Whether an output is kept in the arena, however long nobody asks for it."""

    pinned: bool


class Links(Resource):
    """Where the other parts of the stack are; null while unknown."""

    prefect_ui: str | None = None
    dask_dashboard: str | None = None


class Health(Resource):
    """`ok` of a process that does its work, `ready` of a stack that could start an execution now."""

    status: str


class RetentionResult(Resource):
    """What was removed, or would be: places in the queue, executions, folders of outputs and their bytes."""

    dry_run: bool
    queue_entries: int
    executions: int
    outputs: int
    outputs_bytes: int


class DebugCount(Resource):
    """How often `debug.count` has really run with the tag."""

    tag: str
    count: int


class Page(Resource):
    """Part of a list; where it goes on."""

    next: str | int | None = None


class GraphPage(Page):
    """Graphs, last changed first."""

    graphs: tuple[GraphSummary, ...]


class VersionPage(Page):
    """Versions of a graph, newest first."""

    versions: tuple[Version, ...]


class EventPage(Page):
    """Events in order."""

    events: tuple[Event, ...]


class ExecutionPage(Page):
    """Executions, newest first."""

    executions: tuple[Execution, ...]


class WorkerList(Resource):
    """The GPU workers of all hosts."""

    workers: tuple[Worker, ...]


class NodesReloaded(Resource):
    """What differs in the catalogue now: node types."""

    digest: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


class NodeTypeList(Resource):
    """The catalogue as it travels."""

    types: tuple[dict[str, Any], ...]
