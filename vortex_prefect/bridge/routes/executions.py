"""Executions and the queue over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from vortex_prefect.bridge.answers import (
    ExecutedGraph,
    ExecutionAccepted,
    ExecutionList,
    ExecutionResource,
    PinResource,
    QueueResource,
    ValueResource,
)
from vortex_prefect.bridge.body import read_model, takes
from vortex_prefect.bridge.conditional import not_modified, tagged
from vortex_prefect.bridge.context import ActorOf, BridgeContext, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.idempotency import IdempotencyKey
from vortex_prefect.bridge.paging import Before, cursor, page
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.request_trace import named_trace, note_trace
from vortex_prefect.bridge.requests import ExecuteGraphRequest, ExecuteRequest, PriorityRequest
from vortex_prefect.bridge.safe_headers import SafeFileResponse, safe_headers
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.graph.png_text import GRAPH, graph_text, with_text
from vortex_prefect.ipc.tracing import Span, span
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.outputs import Content
from vortex_prefect.service.resources import execution_resource
from vortex_prefect.service.traces import trace_id

router = APIRouter(prefix="/api", tags=["executions"])

#: For this user alone, and asked for anew: an execution that Prefect begins again gives other content.
_REVALIDATE = "private, no-cache"

#: What keeps a graph from being queued.
_NO_RUN = (*(f"VE-{number:03}" for number in (*range(1, 11), 12)), "RQ-002", "RQ-004", "RQ-005", "RQ-007", "SY-004")


@router.post(
    "/graph/execute",
    status_code=202,
    responses=gives(202, ExecutionAccepted, "Location"),
    openapi_extra=takes(ExecuteGraphRequest) | refuses(*_NO_RUN),
)
async def execute(request: Request, context: Context, actor: ActorOf, key: IdempotencyKey) -> Response:
    """Queue an execution of the graph that the body names."""
    with _span_of(request) as begun:
        body = await read_model(request, ExecuteGraphRequest, context.limits.body_bytes)
        return await _queue(request, body.graph_id, body, actor, key, begun)


@router.post(
    "/graph/{graph_id}/execute",
    status_code=202,
    responses=gives(202, ExecutionAccepted, "Location"),
    openapi_extra=takes(ExecuteRequest, required=False) | refuses(*_NO_RUN),
)
async def execute_graph(
    graph_id: str, request: Request, context: Context, actor: ActorOf, key: IdempotencyKey
) -> Response:
    """Queue an execution of a graph."""
    with _span_of(request) as begun:
        body = await read_model(request, ExecuteRequest, context.limits.body_bytes)
        return await _queue(request, graph_id, body, actor, key, begun)


@router.get("/execution", responses=gives(200, ExecutionList, "Link"))
async def list_executions(
    request: Request,
    context: Context,
    graph_id: str | None = None,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    before: Before = None,
) -> Response:
    """Executions, newest first."""
    records, following = await context.control.executions.page(
        limit, graph_id=graph_id, statuses=status or (), before=cursor(before)
    )
    listed = [execution_resource(record) for record in records]
    return page(request, {"executions": listed}, "before", following)


@router.get(
    "/execution/{execution_id}", responses=gives(200, ExecutionResource, "ETag"), openapi_extra=refuses("RQ-002")
)
async def get_execution(execution_id: str, context: Context) -> Response:
    """An execution as it stands; one that has ended has an ETag."""
    record = await context.control.executions.get(execution_id)
    answer = JsonAnswer(execution_resource(record))
    # Of the content: Prefect's ids may become known after the end.
    return tagged(answer, _tag(answer.body), _REVALIDATE) if record.status.final else answer


@router.get("/execution/{execution_id}/graph", responses=gives(200, ExecutedGraph), openapi_extra=refuses("RQ-002"))
async def get_executed_graph(execution_id: str, context: Context, unfolded: bool = False) -> Response:
    """The very graph of an execution, with the inputs that it was given: as it was drawn.

    With `unfolded`, as it ran: with published graphs in the place of the nodes that stand for them.
    """
    return JsonAnswer({"graph": await context.control.executions.document(execution_id, unfolded=unfolded)})


@router.post(
    "/execution/{execution_id}/cancel",
    status_code=202,
    responses=gives(202, ExecutionResource),
    openapi_extra=refuses("RQ-002", "RQ-007", "SY-004"),
)
async def cancel_execution(execution_id: str, context: Context, actor: ActorOf) -> Response:
    """Stop an execution; one that runs ends a little later."""
    return JsonAnswer(execution_resource(await context.control.executions.cancel(execution_id, actor)), 202)


@router.get(
    "/execution/{execution_id}/outputs/{node}/{port}",
    response_class=Response,
    responses=gives(
        200,
        ValueResource,
        *("ETag", "Cache-Control", "X-Content-Type-Options", "Content-Disposition"),
        media=("image/png", "application/vnd.apache.arrow.stream", "application/octet-stream", "*/*"),
    ),
    openapi_extra=refuses("RQ-002", "RQ-006", "RQ-008", "SY-004"),
)
async def get_output(
    request: Request,
    execution_id: str,
    node: str,
    port: str,
    context: Context,
    format: str | None = None,
    item: Annotated[int | None, Query(ge=0)] = None,
    graph: bool = False,
) -> Response:
    """An output: PNG for pictures, JSON for values, Arrow IPC for tensors, unless `format` says otherwise.

    A list answers `{type, value}`, or `{type, items}` where its items are no JSON or some failed; `item` picks one.
    With `graph`, a PNG carries the graph that made it, as it was drawn: dropped on the editor's canvas, it opens that.
    """
    record = await context.control.executions.get(execution_id)
    etag = _output_tag(record, node, port, f"{format}+graph" if graph else format, item)
    if etag is not None and (unchanged := not_modified(request, etag, _REVALIDATE)) is not None:
        return unchanged
    content = await context.control.executions.output(execution_id, node, port, format, item)
    response = served(await _carrying(content, execution_id, context) if graph else content)
    return response if etag is None else tagged(response, etag, _REVALIDATE)


async def _carrying(content: Content, execution_id: str, context: BridgeContext) -> Content:
    """A picture with the graph that made it, as it was drawn, as its text `vortex.graph`; all else as it is."""
    if content.media_type != "image/png" or not isinstance(content.body, bytes):
        return content
    text = graph_text(await context.control.executions.document(execution_id))
    return replace(content, body=await asyncio.to_thread(with_text, content.body, GRAPH, text))


_PIN_REFUSALS = refuses("RQ-001", "RQ-002", "RQ-006", "SY-004", "WK-008")


@router.post(
    "/execution/{execution_id}/outputs/{node}/{port}/pin",
    responses=gives(200, PinResource),
    openapi_extra=_PIN_REFUSALS,
)
async def pin_output(execution_id: str, node: str, port: str, context: Context) -> Response:
    """Keep an output's tensors in the arena, however long nobody asks for them; half of it can be kept."""
    return JsonAnswer({"pinned": await context.control.executions.pin(execution_id, node, port, True)})


@router.post(
    "/execution/{execution_id}/outputs/{node}/{port}/unpin",
    responses=gives(200, PinResource),
    openapi_extra=_PIN_REFUSALS,
)
async def unpin_output(execution_id: str, node: str, port: str, context: Context) -> Response:
    """Let an output go when its room is needed."""
    return JsonAnswer({"pinned": await context.control.executions.pin(execution_id, node, port, False)})


@router.get(
    "/execution/{execution_id}/preview/{node}",
    response_class=Response,
    responses=gives(200, None, "Cache-Control", "X-Content-Type-Options", media=("image/jpeg",)),
    openapi_extra=refuses("RQ-002"),
)
async def get_preview(execution_id: str, node: str, context: Context) -> Response:
    """What a running node has made so far, as a small JPEG; gone once the node has given its result."""
    response = served(context.control.executions.preview(execution_id, node))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/queue", responses=gives(200, QueueResource))
async def get_queue(context: Context) -> Response:
    """What runs, and what waits in which order."""
    return JsonAnswer(context.control.queue.snapshot())


@router.post("/queue/pause", responses=gives(200, QueueResource))
async def pause_queue(context: Context, actor: ActorOf) -> Response:
    """Start nothing more; what runs goes on."""
    await context.control.queue.pause(True, actor)
    return JsonAnswer(context.control.queue.snapshot())


@router.post("/queue/resume", responses=gives(200, QueueResource))
async def resume_queue(context: Context, actor: ActorOf) -> Response:
    """Start what waits."""
    await context.control.queue.pause(False, actor)
    return JsonAnswer(context.control.queue.snapshot())


@router.patch(
    "/queue/{execution_id}",
    responses=gives(200, ExecutionResource),
    openapi_extra=takes(PriorityRequest) | refuses("RQ-002", "RQ-005", "RQ-007"),
)
async def move_in_queue(execution_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Give a waiting execution another priority, or a place just before another one."""
    body = await read_model(request, PriorityRequest, context.limits.body_bytes)
    executions = context.control.executions
    if body.before is not None and body.priority is None:
        return JsonAnswer(execution_resource(await executions.move(execution_id, body.before, actor)))
    if body.priority is None or body.before is not None:
        raise RequestError("RQ-001", "give either a priority or the execution to go before")
    return JsonAnswer(execution_resource(await executions.reprioritise(execution_id, body.priority, actor)))


@router.delete(
    "/queue/{execution_id}", responses=gives(200, ExecutionResource), openapi_extra=refuses("RQ-002", "RQ-007")
)
async def remove_from_queue(execution_id: str, context: Context, actor: ActorOf) -> Response:
    """Take a waiting execution out of the queue; it ends as cancelled."""
    return JsonAnswer(execution_resource(await context.control.executions.remove(execution_id, actor)))


def served(content: Content) -> Response:
    """Bytes or a file under its media type; see `safe_headers`."""
    if isinstance(content.body, Path):
        return SafeFileResponse(content.body, content.folder, content.media_type, content.name)
    return Response(content.body, media_type=content.media_type, headers=safe_headers(content.media_type, content.name))


def _span_of(request: Request) -> Span:
    """What begins with a request: within the trace that its header names, if it names just one."""
    return span("POST execute", named_trace(request) or TraceContext(), {"http.request.method": "POST"}, "server")


async def _queue(
    request: Request, graph_id: str, body: ExecuteRequest, actor: Actor, key: str | None, begun: Span
) -> JsonAnswer:
    context: BridgeContext = request.app.state.context
    # An execution that nobody traces has its own id for its trace, and the log of events correlates by that.
    options = replace(body.to_options(), trace=begun.trace if begun.traced else None)
    if key is not None and options.idempotency_key not in (None, key):
        raise RequestError("RQ-001", "Idempotency-Key and options.idempotency_key differ")
    options = replace(options, idempotency_key=key or options.idempotency_key)
    begun.set("vortex.graph_id", graph_id)
    record = await context.control.executions.execute(graph_id, options, actor)
    begun.set("vortex.execution_id", record.id)
    note_trace(request, trace_id(record))
    location = {"Location": f"/api/execution/{record.id}"}
    return JsonAnswer({"execution_id": record.id, "status": record.status.value}, 202, location)


def _output_tag(record: ExecutionRecord, node: str, port: str, format: str | None, item: int | None) -> str | None:
    """The ETag of an output, from what the store knows of it: a reference names one tensor, with its checksum.

    Null before the end, and where there is no such output. An execution that is begun again has another end.
    """
    stored = record.values.get(node, {}).get(port)
    if stored is None or not record.status.final:
        return None
    return _tag(json.dumps([record.id, record.finished_ms, stored, format, item]).encode())


def _tag(content: bytes | memoryview) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
