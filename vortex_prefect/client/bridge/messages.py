"""Messages of the WebSocket, as immutable models; `docs/ws-contract.md` says when which is sent."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from vortex_prefect.client.bridge.answers import Output, Resource, State, Status
from vortex_prefect.core.errors import SystemFault


class Message(Resource):
    """Base of all messages; one of an unknown type is of this class itself, with its payload as further fields."""

    type: str
    seq: int = 0
    ts_ms: int = 0
    #: Null where no execution is concerned.
    execution_id: str | None = None
    #: Whether nothing more comes of that execution.
    final: ClassVar[bool] = False


class Gap(Message):
    """Made by the client: what was sent while the connection was down may be lost.

    The graph and the state of its running executions follow; executions that ended in between say so over HTTP.
    """


class GraphSync(Message):
    """The graph, first of all and after each change of it."""

    graph: dict[str, Any]
    version: int


class GraphDeleted(Message):
    """The graph is gone."""

    graph_id: str


class NodesChanged(Message):
    """There are other node types: which are new, gone, or declared otherwise."""

    digest: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


class PackFailed(Message):
    """A pack that somebody works on cannot be used as it is now; the one before stays."""

    pack: str
    message: str


class ExecutionQueued(Message):
    """An execution waits."""

    priority: int = 0


class ExecutionStatus(Message):
    """An execution began, paused, went on, or learned its flow run."""

    status: Status
    flow_run_id: str | None = None
    prefect_url: str | None = None


class NodeProgress(Message):
    """A node's state; `progress` in percent."""

    node_id: str
    state: State
    progress: float
    attempt: int = 1
    worker_id: str | None = None
    why: str | None = None
    items: dict[str, int] | None = None


class NodePreview(Message):
    """A picture can be fetched at `url`: a result where `port` is told, else what a running node has made so far."""

    node_id: str
    url: str
    port: str | None = None


class NodeLog(Message):
    """What a node said; `level` as in `logging`."""

    node_id: str
    text: str
    level: int = 20
    item: int | None = None
    attempt: int = 1
    at_ms: int = 0


class NodeFailed(Message):
    """A node finally failed."""

    node_id: str | None
    error: dict[str, Any] | None


class ExecutionEnded(Message):
    """The last message of an execution."""

    outputs: dict[str, Output] = Field(default_factory=dict)
    final: ClassVar[bool] = True


class ExecutionCompleted(ExecutionEnded):
    """All of it is there."""


class ExecutionFailed(ExecutionEnded):
    """It failed or crashed; `outputs` has what other branches reached."""

    status: Status
    errors: tuple[dict[str, Any], ...] = ()


class ExecutionCancelled(ExecutionEnded):
    """Somebody stopped it."""


class Refused(Message):
    """Something that this client sent is wrong."""

    error: dict[str, Any]


class Pong(Message):
    """What `ping` carried comes back."""


_KINDS: dict[str, type[Message]] = {
    "graph.sync": GraphSync,
    "graph.deleted": GraphDeleted,
    "nodes.changed": NodesChanged,
    "nodes.fault": PackFailed,
    "execution.queued": ExecutionQueued,
    "execution.status": ExecutionStatus,
    "execution.progress": NodeProgress,
    "node.preview": NodePreview,
    "node.log": NodeLog,
    "execution.error": NodeFailed,
    "execution.complete": ExecutionCompleted,
    "execution.failed": ExecutionFailed,
    "execution.cancelled": ExecutionCancelled,
    "error": Refused,
    "pong": Pong,
}


def message_of(text: str | bytes) -> Message:
    """A message out of its text.

    Raises:
        SystemFault: SY-007, it is no message.
    """
    try:
        envelope = json.loads(text)
        payload = envelope.get("payload") or {}
        fields = {**payload, **{name: envelope[name] for name in ("type", "seq", "ts_ms") if name in envelope}}
        return _KINDS.get(fields["type"], Message).model_validate(fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise SystemFault("SY-007", f"the bridge sent what is no message: {reason}: {text[:200]!r}") from error
