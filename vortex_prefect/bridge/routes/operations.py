"""What runs, and how well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from vortex_prefect.bridge.context import Context
from vortex_prefect.bridge.metrics import CONTENT_TYPE, Metrics
from vortex_prefect.bridge.models import DebugCount, NodeTypes, WorkerList
from vortex_prefect.bridge.problems import answer
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.nodespec import NodeSpec

router = APIRouter(tags=["operations"])


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
    return Response(collected.text(), media_type=CONTENT_TYPE)
