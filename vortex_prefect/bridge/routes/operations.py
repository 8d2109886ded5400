"""What runs, and how well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from vortex_prefect.bridge.answers import EventList
from vortex_prefect.bridge.body import read_model, takes
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.metrics import CONTENT_TYPE, Metrics
from vortex_prefect.bridge.paging import After, PageSize, page
from vortex_prefect.bridge.problems import answer
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.requests import ReloadRequest, RetentionRequest
from vortex_prefect.bridge.stack_answers import (
    ArenaResource,
    DebugCount,
    NodesReloaded,
    NodeTypes,
    RetentionResource,
    StackResource,
    StatusResource,
    WorkerList,
)
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.nodespec import NodeSpec
from vortex_prefect.files.packs import PackFault
from vortex_prefect.service.catalogue import CatalogueChange
from vortex_prefect.service.resources import event_page

router = APIRouter(tags=["operations"])

#: How long metrics wait for what the engine says of its workers; Prometheus gives a scrape ten seconds.
_SCRAPE_S = 2.0


@router.get("/api/nodes", responses=gives(200, NodeTypes, "ETag"), openapi_extra=refuses("SY-004"))
async def list_node_types(context: Context) -> Response:
    """The catalogue of node types."""
    catalogue = await context.control.catalogue.current()
    # Asked for by every page that is opened, and the same for all of them.
    content = f'{{"types":{catalogue.text}}}'
    return Response(content, media_type="application/json", headers={"ETag": f'"{catalogue.digest}"'})


@router.get("/api/nodes/{node_type}", responses=gives(200, NodeSpec, "ETag"), openapi_extra=refuses("RQ-002", "SY-004"))
async def get_node_type(node_type: str, context: Context) -> Response:
    """One node type."""
    catalogue = await context.control.catalogue.current()
    spec = catalogue.get(node_type)
    if spec is None:
        raise RequestError("RQ-002", f"no node type {node_type}")
    return JsonAnswer(spec.model_dump(mode="json"), headers={"ETag": f'"{catalogue.digest}"'})


@router.post(
    "/api/nodes/reload",
    responses=gives(200, NodesReloaded),
    openapi_extra=takes(ReloadRequest) | refuses("RQ-005", "SY-004", "WK-001"),
)
async def reload_nodes(request: Request, context: Context) -> Response:
    """Take up what has changed in the packs: each worker is replaced once its jobs have ended.

    With `fault` nothing is, and the editors that are open show it.
    """
    body = await read_model(request, ReloadRequest, context.limits.body_bytes)
    if body.fault is not None:
        context.control.tell_fault(PackFault(body.fault.pack, body.fault.message))
        known = await context.control.catalogue.current()
        return JsonAnswer(CatalogueChange.between(known, known).to_dict())
    return JsonAnswer((await context.control.reload_nodes()).to_dict())


@router.get("/api/workers", responses=gives(200, WorkerList), openapi_extra=refuses("SY-004"))
async def list_workers(context: Context) -> Response:
    """The GPU workers."""
    return JsonAnswer({"workers": (await context.control.recent_status())["workers"]})


@router.get("/api/workers/events", responses=gives(200, EventList, "Link"))
async def list_worker_events(request: Request, context: Context, after: After = 0, limit: PageSize = 1000) -> Response:
    """The event log of the worker processes: what was spawned, crashed and recovered, on all hosts."""
    found = event_page(await context.control.workers.page(after, limit), limit)
    return page(request, found, "after", found["next"])


@router.get("/api/arena", responses=gives(200, ArenaResource), openapi_extra=refuses("SY-004"))
async def get_arena(context: Context) -> Response:
    """The shared-memory arena's statistics."""
    return JsonAnswer((await context.control.recent_status())["arena"])


@router.get("/api/stack", responses=gives(200, StackResource))
async def get_stack(context: Context) -> Response:
    """Where the other parts of the stack are; links are null while unknown."""
    links: dict[str, Any] = {"prefect_ui": context.prefect_ui, "dask_dashboard": None}
    try:
        status = await context.control.recent_status()
    except SystemFault:
        return JsonAnswer(links)
    return JsonAnswer({**links, **{name: status[name] for name in links if status.get(name)}})


@router.post(
    "/api/retention",
    responses=gives(200, RetentionResource),
    openapi_extra=takes(RetentionRequest) | refuses("RQ-005"),
)
async def run_retention(request: Request, context: Context, actor: ActorOf) -> Response:
    """Remove what is older than the settings keep it, or say what that would be."""
    body = await read_model(request, RetentionRequest, context.limits.body_bytes)
    report = await context.control.retention.run(actor, dry_run=body.dry_run)
    return JsonAnswer(report.to_dict())


@router.get("/api/debug/count/{tag}", responses=gives(200, DebugCount), openapi_extra=refuses("RQ-002", "SY-004"))
async def get_debug_count(tag: str, context: Context) -> Response:
    """How often a tag has really run on this host; only where the pack `debug` is loaded."""
    if not context.settings.debug_nodes:
        raise RequestError("RQ-002", "the pack debug is not loaded", "Start with VORTEX_DEBUG_NODES=1.")
    return JsonAnswer({"tag": tag, "count": await context.control.debug_count(tag)})


@router.get("/healthz", responses=gives(200, StatusResource))
async def healthz(context: Context) -> Response:
    """Whether this process does its work; a supervisor restarts it where not."""
    if not context.control.healthy:
        return answer(SystemFault("SY-007", "a background task has ended; the log says why"))
    return JsonAnswer({"status": "ok"})


@router.get("/readyz", responses=gives(200, StatusResource), openapi_extra=refuses("SY-004"))
async def readyz(context: Context) -> Response:
    """Whether an execution could start now: the engine answers and workers are ready."""
    if (reason := await context.control.unready()) is not None:
        return answer(SystemFault("SY-004", reason))
    return JsonAnswer({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    collected: Metrics = request.app.state.metrics
    return Response(await collected.text(_SCRAPE_S), media_type=CONTENT_TYPE)
