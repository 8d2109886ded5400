"""What runs, and how well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from vortex_prefect.bridge.context import Context
from vortex_prefect.bridge.metrics import CONTENT_TYPE, Metrics
from vortex_prefect.bridge.models import DebugCount, EventList, NodeTypes, WorkerList
from vortex_prefect.bridge.paging import After, PageSize
from vortex_prefect.bridge.problems import answer
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.nodespec import NodeSpec
from vortex_prefect.service.resources import event_page

router = APIRouter(tags=["operations"])

#: How long metrics wait for what the engine says of its workers; Prometheus gives a scrape ten seconds.
_SCRAPE_S = 2.0

#: Without nulls, which FastAPI takes out of examples.
_WORKER_EVENTS = {
    "events": [
        {
            "event_id": "1c2e3f60-8f0e-4f0c-9d53-2f4f4d1f8a11",
            "sequence_number": 42,
            "trace_id": "7d3f1b1e6f0b4a579d1c0a4f6f3b2c11",
            "span_id": "00f067aa0ba902b7",
            "event_type": "WorkerCrashed",
            "aggregate_type": "Worker",
            "aggregate_id": "0b1f4c9e-53b4-5f0e-8a53-3f1f5f0f7d21",
            "payload": {
                "host": "1000-5f0c9d532f",
                "worker_id": "1000-5f0c9d532f/0",
                "pid": 4711,
                "device": "cuda:0",
                "reason": "killed by signal 11 (SIGSEGV)",
                "job": {
                    "execution_id": "7d3f1b1e-6f0b-4a57-9d1c-0a4f6f3b2c11",
                    "node_id": "blur",
                    "job_id": "a3c1f7d2-7b5e-4b42-8d0a-6b1f5a0c9e33",
                },
            },
            "metadata": {"user": "host"},
            "created_at": "2026-01-31T12:00:00.000Z",
        }
    ],
    "next": 42,
}


@router.get("/api/nodes", responses={200: {"model": NodeTypes}})
async def list_node_types(context: Context) -> Response:
    """The catalogue of node types."""
    catalogue = await context.control.catalogue.current()
    return JSONResponse({"types": catalogue.to_list()}, headers={"ETag": f'"{catalogue.digest}"'})


@router.get("/api/nodes/{node_type}", responses={200: {"model": NodeSpec}})
async def get_node_type(node_type: str, context: Context) -> Response:
    """One node type."""
    spec = (await context.control.catalogue.current()).get(node_type)
    if spec is None:
        raise RequestError("RQ-002", f"no node type {node_type}")
    return JSONResponse(spec.model_dump(mode="json"))


@router.get("/api/workers", responses={200: {"model": WorkerList}})
async def list_workers(context: Context) -> Response:
    """The GPU workers."""
    return JSONResponse({"workers": (await context.control.status())["workers"]})


@router.get(
    "/api/workers/events",
    responses={200: {"model": EventList, "content": {"application/json": {"example": _WORKER_EVENTS}}}},
)
async def list_worker_events(context: Context, after: After = 0, limit: PageSize = 1000) -> Response:
    """The event log of the worker processes: what was spawned, crashed and recovered, on all hosts."""
    return JSONResponse(event_page(await context.control.workers.page(after, limit), limit))


@router.get("/api/arena")
async def get_arena(context: Context) -> Response:
    """The shared-memory arena's statistics."""
    return JSONResponse((await context.control.status())["arena"])


@router.get("/api/stack")
async def get_stack(context: Context) -> Response:
    """Where the other parts of the stack are; links are null while unknown."""
    links: dict[str, Any] = {"prefect_ui": context.prefect_ui, "dask_dashboard": None}
    try:
        status = await context.control.status()
    except SystemFault:
        return JSONResponse(links)
    return JSONResponse({**links, **{name: status[name] for name in links if status.get(name)}})


@router.get("/api/debug/count/{tag}", responses={200: {"model": DebugCount}})
async def get_debug_count(tag: str, context: Context) -> Response:
    """How often a tag has really run on this host; only where the pack `debug` is loaded."""
    if not context.settings.debug_nodes:
        raise RequestError("RQ-002", "the pack debug is not loaded", "Start with VORTEX_DEBUG_NODES=1.")
    return JSONResponse({"tag": tag, "count": await context.control.debug_count(tag)})


@router.get("/healthz")
async def healthz(context: Context) -> Response:
    """Whether this process does its work; a supervisor restarts it where not."""
    if not context.control.healthy:
        return answer(SystemFault("SY-007", "a background task has ended; the log says why"))
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(context: Context) -> Response:
    """Whether an execution could start now: the engine answers and workers are ready."""
    if (reason := await context.control.unready()) is not None:
        return answer(SystemFault("SY-004", reason))
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    collected: Metrics = request.app.state.metrics
    return Response(await collected.text(_SCRAPE_S), media_type=CONTENT_TYPE)
