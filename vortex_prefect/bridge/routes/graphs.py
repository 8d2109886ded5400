"""Graphs over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from vortex_prefect.bridge.body import read_json, read_model, takes
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.models import (
    CloneRequest,
    DeployGraphRequest,
    DeploymentResource,
    EventList,
    GraphList,
    GraphResource,
    PlanRequest,
    PlanResource,
    ProblemList,
)
from vortex_prefect.bridge.paging import After, Before, PageSize, cursor, text_of
from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.core.errors import RequestError
from vortex_prefect.service.resources import event_page, graph_resource, graph_summary

router = APIRouter(prefix="/api/graph", tags=["graphs"])


@router.post("", status_code=201, responses={201: {"model": GraphResource}}, openapi_extra=takes("Graph"))
async def create_graph(request: Request, context: Context, actor: ActorOf) -> Response:
    """Store a new graph; it may be a draft that cannot run."""
    document = await read_json(request, context.limits.body_bytes)
    return _answer(await context.control.graphs.create(document, actor), 201)


@router.post("/plan", responses={200: {"model": PlanResource}}, openapi_extra=takes(PlanRequest))
async def plan_graph(request: Request, context: Context) -> Response:
    """What would happen to each node of a graph if it ran now, and why; the graph need not be stored."""
    body = await read_model(request, PlanRequest, context.limits.body_bytes)
    targets = None if body.targets is None else tuple(body.targets)
    return JSONResponse(await context.control.explain(body.graph, targets, body.force))


@router.get("", responses={200: {"model": GraphList}})
async def list_graphs(context: Context, limit: PageSize = 100, before: Before = None) -> Response:
    """Graphs, last changed first."""
    records, following = await context.control.graphs.page(limit, cursor(before))
    return JSONResponse({"graphs": [graph_summary(record) for record in records], "next": text_of(following)})


@router.get("/{graph_id}", responses={200: {"model": GraphResource}})
async def get_graph(graph_id: str, context: Context) -> Response:
    """A graph; its version is also the ETag."""
    return _answer(await context.control.graphs.get(graph_id))


@router.put("/{graph_id}", responses={200: {"model": GraphResource}}, openapi_extra=takes("Graph"))
async def put_graph(
    graph_id: str, request: Request, context: Context, actor: ActorOf, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Replace a graph; with `If-Match`, only the version that it names."""
    version = _version(if_match)
    document = await read_json(request, context.limits.body_bytes)
    return _answer(await context.control.graphs.put(graph_id, document, version, actor))


@router.delete("/{graph_id}", status_code=204)
async def delete_graph(graph_id: str, context: Context, actor: ActorOf) -> Response:
    """Remove a graph; its events stay, and its executions go on."""
    await context.control.graphs.delete(graph_id, actor)
    return Response(status_code=204)


@router.post(
    "/{graph_id}/clone",
    status_code=201,
    responses={201: {"model": GraphResource}},
    openapi_extra=takes(CloneRequest, required=False),
)
async def clone_graph(graph_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Copy a graph under a fresh id."""
    body = await read_model(request, CloneRequest, context.limits.body_bytes)
    return _answer(await context.control.graphs.clone(graph_id, actor, body.name), 201)


@router.post("/{graph_id}/save", responses={200: {"model": GraphResource}})
async def save_graph(graph_id: str, context: Context, actor: ActorOf) -> Response:
    """Mark the current version in the log as one to come back to."""
    return _answer(await context.control.graphs.save(graph_id, actor))


@router.post("/{graph_id}/validate", responses={200: {"model": ProblemList}})
async def validate_graph(graph_id: str, context: Context) -> Response:
    """Everything that keeps a graph from running."""
    problems = [problem.to_dict() for problem in await context.control.graphs.validate(graph_id)]
    return JSONResponse({"valid": not problems, "problems": problems})


@router.post(
    "/{graph_id}/deploy",
    status_code=201,
    responses={201: {"model": DeploymentResource}},
    openapi_extra=takes(DeployGraphRequest, required=False),
)
async def deploy_graph(graph_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Publish the graph as it is now as a Prefect deployment whose form has its exposed inputs."""
    body = await read_model(request, DeployGraphRequest, context.limits.body_bytes)
    return JSONResponse(await context.control.deployments.deploy(graph_id, body.to_request(), actor), 201)


@router.get("/{graph_id}/events", responses={200: {"model": EventList}})
async def list_events(graph_id: str, context: Context, after: After = 0, limit: PageSize = 1000) -> Response:
    """The event log of a graph, of a deleted one too."""
    events = await context.control.graphs.events(graph_id, after, limit)
    return JSONResponse(event_page(events, limit))


def _answer(record: GraphRecord, status: int = 200) -> JSONResponse:
    return JSONResponse(graph_resource(record), status, {"ETag": f'"{record.version}"'})


def _version(if_match: str | None) -> int | None:
    """The version that `If-Match` names (RFC 9110 §13.1.1); null for any."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise RequestError("RQ-001", f'If-Match is {if_match}, not a graph\'s version such as "3"')
    return int(text)
