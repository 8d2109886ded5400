"""What the bridge may be asked of all but graphs, a function for each route."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from vortex_prefect.client.bridge import answers
from vortex_prefect.client.bridge.exchange import Answer, Call, Request, Route
from vortex_prefect.client.bridge.refusals import json_of, model_of
from vortex_prefect.client.bridge.requests import Listing, events, get, nothing, of_model, once, post, query_of
from vortex_prefect.client.bridge.transfer import FileSink, OnTransfer, Source, Upload
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.nodespec import Catalogue, NodeSpec


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes with their media type."""

    data: bytes
    media_type: str

    def json(self) -> Any:
        """The JSON value; SY-007 if it is none."""
        return json_of(Answer(200, {}, self.data))

    @property
    def value(self) -> Any:
        """The value of an output that JSON can hold; SY-007 for pictures and tensors, whose bytes are `data`."""
        found = self.json()
        if not isinstance(found, dict) or "value" not in found:
            raise SystemFault("SY-007", f"an output of {self.media_type} has no value", "Read its `data`.")
        return found["value"]


# Executions


def execute_graph(
    graph_id: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    targets: Sequence[str] | None = None,
    nodes: Sequence[str] | None = None,
    force: bool = False,
    priority: int = 0,
    not_before: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[answers.Accepted]:
    """Queue an execution of a graph.

    Args:
        inputs: values for exposed inputs.
        targets: names of graph outputs to compute; null for everything.
        nodes: to run up to; what they give is an output of this execution alone.
        force: run also what has not changed.
        priority: higher goes first.
        not_before: it waits until then; with a time zone.
        idempotency_key: a repetition with the same key is the same execution; null makes one for this call.
    """
    key = idempotency_key or new_id()
    options = {
        "inputs": dict(inputs or {}),
        "force": force,
        "priority": priority,
        "idempotency_key": key,
        **({} if targets is None else {"targets": list(targets)}),
        **({} if nodes is None else {"nodes": list(nodes)}),
        **({} if not_before is None else {"not_before": not_before.isoformat()}),
    }
    route = Route("POST", "/api/graph/{graph_id}/execute")
    return once(route, answers.Accepted, {"options": options}, key, graph_id=graph_id)


def list_executions(
    graph_id: str | None = None, status: Sequence[str] = (), *, limit: int = 20
) -> Listing[answers.Execution]:
    """Executions, newest first, of all graphs or of one, in any status or in some; `limit` is a page's length."""
    fields = {"graph_id": graph_id, "status": list(status), "limit": limit}
    return Listing(
        lambda before: get(Route("GET", "/api/execution"), answers.ExecutionPage, {**fields, "before": before}),
        lambda page: page.executions,
    )


def get_execution(execution_id: str) -> Call[answers.Execution]:
    """An execution as it stands."""
    return get(Route("GET", "/api/execution/{execution_id}"), answers.Execution, execution_id=execution_id)


def get_executed_graph(execution_id: str, *, unfolded: bool = False) -> Call[answers.ExecutedGraph]:
    """The very graph of an execution, with the inputs that it was given: as it was drawn.

    With `unfolded`, as it ran: with published graphs in the place of the nodes that stand for them.
    """
    route = Route("GET", "/api/execution/{execution_id}/graph")
    return get(route, answers.ExecutedGraph, {"unfolded": unfolded or None}, execution_id=execution_id)


def cancel_execution(execution_id: str) -> Call[answers.Execution]:
    """Stop an execution; one that runs ends a little later."""
    route = Route("POST", "/api/execution/{execution_id}/cancel")
    return post(route, answers.Execution, execution_id=execution_id)


def get_output(
    execution_id: str,
    node: str,
    port: str,
    *,
    format: str | None = None,
    item: int | None = None,
    graph: bool = False,
) -> Call[Content]:
    """An output of any node that has finished.

    PNG for pictures, JSON for values, Arrow IPC for tensors, unless `format` says otherwise: `png`, `npy` or `arrow`
    for a tensor, `json` for a value, `file` for the content of a file that was written. `item` picks one of a list.
    With `graph`, a PNG carries the graph that made it.
    """
    return content_call(_output(execution_id, node, port, format, item, graph))


def save_output(
    execution_id: str,
    node: str,
    port: str,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    item: int | None = None,
    graph: bool = False,
    on_progress: OnTransfer | None = None,
) -> Call[None]:
    """Write an output to a file, without holding it in memory; the file is there whole or not at all."""
    return saved_call(_output(execution_id, node, port, format, item, graph), FileSink(path, on_progress))


def pin_output(execution_id: str, node: str, port: str) -> Call[answers.Pin]:
    """Keep an output's tensors in the arena, however long nobody asks for them; half of it can be kept."""
    route = Route("POST", "/api/execution/{execution_id}/outputs/{node}/{port}/pin")
    return post(route, answers.Pin, repeatable=True, execution_id=execution_id, node=node, port=port)


def unpin_output(execution_id: str, node: str, port: str) -> Call[answers.Pin]:
    """Let an output go when its room is needed."""
    route = Route("POST", "/api/execution/{execution_id}/outputs/{node}/{port}/unpin")
    return post(route, answers.Pin, repeatable=True, execution_id=execution_id, node=node, port=port)


def get_preview(execution_id: str, node: str) -> Call[Content]:
    """What a running node has made so far, as a small JPEG."""
    route = Route("GET", "/api/execution/{execution_id}/preview/{node}")
    return content_call(Request(route, route.path(execution_id=execution_id, node=node), repeatable=True))


# The queue


def get_queue() -> Call[answers.Queue]:
    """What runs, and what waits in which order."""
    return get(Route("GET", "/api/queue"), answers.Queue)


def pause_queue() -> Call[answers.Queue]:
    """Start nothing more; what runs goes on."""
    return post(Route("POST", "/api/queue/pause"), answers.Queue, repeatable=True)


def resume_queue() -> Call[answers.Queue]:
    """Start what waits."""
    return post(Route("POST", "/api/queue/resume"), answers.Queue, repeatable=True)


def move_in_queue(
    execution_id: str, priority: int | None = None, *, before: str | None = None
) -> Call[answers.Execution]:
    """Give a waiting execution another priority, or the place just before another one, with its priority."""
    route = Route("PATCH", "/api/queue/{execution_id}")
    wanted = {"priority": priority} if before is None else {"before": before}
    return post(route, answers.Execution, wanted, repeatable=True, execution_id=execution_id)


def remove_from_queue(execution_id: str) -> Call[answers.Execution]:
    """Take a waiting execution out of the queue; it ends as cancelled."""
    route = Route("DELETE", "/api/queue/{execution_id}")
    return post(route, answers.Execution, execution_id=execution_id)


# Files


def upload_file(
    source: Source, *, name: str | None = None, on_progress: OnTransfer | None = None
) -> Call[answers.StoredFile]:
    """Store a file under its SHA-256; the same content again is the same file.

    Args:
        source: a path, bytes, or a binary stream, which is read from where it stands; never whole in memory.
        on_progress: called with the bytes that were sent, and how many there are, or null.
    """
    route, upload = Route("POST", "/api/file"), Upload.of(source, name, on_progress)
    request = Request(route, route.path(), body=upload, repeatable=upload.repeatable, unbounded=True)
    return of_model(answers.StoredFile, request)


def get_file(sha256: str) -> Call[Content]:
    """The content of an uploaded file."""
    return content_call(_file(sha256))


def save_file(sha256: str, path: str | os.PathLike[str], *, on_progress: OnTransfer | None = None) -> Call[None]:
    """Write an uploaded file to a path, and check that it is the one; SY-007 if it is not."""
    return saved_call(_file(sha256), FileSink(path, on_progress, sha256))


# Operations


def list_node_types() -> Call[Catalogue]:
    """The catalogue of node types."""
    route = Route("GET", "/api/nodes")

    def read(answer: Answer) -> Catalogue:
        found = model_of(answers.NodeTypeList, answer)
        return Catalogue(tuple(map(_spec, found.types)))

    return Call(Request(route, route.path(), repeatable=True, remembered=True), read, answers.NodeTypeList)


def get_node_type(node_type: str) -> Call[NodeSpec]:
    """One node type."""
    route = Route("GET", "/api/nodes/{node_type}")
    request = Request(route, route.path(node_type=node_type), repeatable=True, remembered=True)
    return Call(request, lambda answer: _spec(json_of(answer)), NodeSpec)


def reload_nodes(fault: dict[str, str] | None = None) -> Call[answers.NodesReloaded]:
    """Have what changed in packs taken up; with `fault` (`{"pack", "message"}`) only tell the editors of it."""
    return post(Route("POST", "/api/nodes/reload"), answers.NodesReloaded, {"fault": fault}, repeatable=True)


def list_workers() -> Call[tuple[answers.Worker, ...]]:
    """The GPU workers of all hosts."""
    route = Route("GET", "/api/workers")
    request = Request(route, route.path(), repeatable=True)
    return Call(request, lambda answer: model_of(answers.WorkerList, answer).workers, answers.WorkerList)


def list_worker_events(after: int = 0, *, limit: int = 1000) -> Listing[answers.Event]:
    """The event log of the worker processes, from after a sequence number; `limit` is a page's length."""
    return events(Route("GET", "/api/workers/events"), after, limit)


def get_arena() -> Call[answers.Arena]:
    """The shared-memory arena's statistics."""
    return get(Route("GET", "/api/arena"), answers.Arena)


def get_stack() -> Call[answers.Links]:
    """Where the other parts of the stack are."""
    return get(Route("GET", "/api/stack"), answers.Links)


def run_retention(*, dry_run: bool = False) -> Call[answers.RetentionResult]:
    """Remove what is older than the settings keep it, or say what that would be."""
    return post(Route("POST", "/api/retention"), answers.RetentionResult, {"dry_run": dry_run}, repeatable=True)


def get_debug_count(tag: str) -> Call[answers.DebugCount]:
    """How often a tag has really run on this host; only where the pack `debug` is loaded."""
    return get(Route("GET", "/api/debug/count/{tag}"), answers.DebugCount, tag=tag)


def healthz() -> Call[answers.Health]:
    """Whether the bridge does its work; SY-007 if not. Not tried again."""
    route = Route("GET", "/healthz")
    return of_model(answers.Health, Request(route, route.path()))


def readyz() -> Call[answers.Health]:
    """Whether an execution could start now; SY-004 with the reason if not. Not tried again."""
    route = Route("GET", "/readyz")
    return of_model(answers.Health, Request(route, route.path()))


def metrics() -> Call[str]:
    """What Prometheus collects, in its text format."""
    route = Route("GET", "/metrics")
    return Call(Request(route, route.path(), repeatable=True), lambda answer: answer.content.decode("utf-8", "replace"))


def _output(execution_id: str, node: str, port: str, format: str | None, item: int | None, graph: bool) -> Request:
    route = Route("GET", "/api/execution/{execution_id}/outputs/{node}/{port}")
    path = route.path(execution_id=execution_id, node=node, port=port)
    return Request(
        route, path, query_of({"format": format, "item": item, "graph": graph or None}), repeatable=True, unbounded=True
    )


def _file(sha256: str) -> Request:
    route = Route("GET", "/api/file/{sha256}")
    return Request(route, route.path(sha256=sha256), repeatable=True, unbounded=True)


def content_call(request: Request) -> Call[Content]:
    return Call(request, lambda answer: Content(answer.content, answer.headers.get("content-type", "")))


def saved_call(request: Request, sink: FileSink) -> Call[None]:
    return Call(replace(request, sink=sink), nothing)


def _spec(data: Any) -> NodeSpec:
    try:
        # What a newer bridge declares beside what is known here breaks nothing.
        return NodeSpec.model_validate(data, extra="ignore")
    except ValidationError as error:
        raise SystemFault(
            "SY-007", f"the answer is no declaration of a node type: {error.errors()[0]['msg']}"
        ) from error
