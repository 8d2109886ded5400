"""What answers hold of graphs, executions and access, for OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from vortex_prefect.core.access import Scope
from vortex_prefect.core.reports import ExecutionStatus, NodeState


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


class ExecutedGraph(BaseModel):
    """The graph of an execution, as it was drawn or as it ran, its inputs applied."""

    graph: dict[str, Any]


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


class ConvertedGraph(BaseModel):
    """A graph made of a foreign workflow, and what of that it does not hold.

    `placeholders` counts nodes of the type `comfyui.…`, which keep the values and edges of those that have no
    counterpart here.
    """

    graph: dict[str, Any]
    taken: int
    placeholders: int
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
    #: Of the graph as it was drawn, with its inputs; `graph_hash` is that of what runs, without subgraphs.
    drawn_hash: str
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


class PinResource(BaseModel):
    """Whether an output is kept in the arena, however long nobody asks for it."""

    pinned: bool


class ValueResource(BaseModel):
    """An output as JSON; a list whose items are no JSON, or of which some failed, has `items` in place of `value`."""

    type: str
    value: Any = None
    items: list[dict[str, Any] | None] | None = None
