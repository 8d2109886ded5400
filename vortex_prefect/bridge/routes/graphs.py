"""Graphs over HTTP."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response

from vortex_prefect.bridge.answers import (
    ConvertedGraph,
    DeploymentResource,
    EventList,
    GraphList,
    GraphResource,
    PlanResource,
    ProblemList,
)
from vortex_prefect.bridge.body import read_file, read_json, read_model, takes, takes_file
from vortex_prefect.bridge.conditional import versions_of
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.idempotency import IdempotencyKey
from vortex_prefect.bridge.paging import After, Before, PageSize, cursor, page
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.requests import CloneRequest, DeployGraphRequest, PlanRequest, SaveRequest
from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.service.resources import event_page, graph_resource, graph_summary

router = APIRouter(prefix="/api/graph", tags=["graphs"])


#: A document that is no graph, and a body that is too long.
_NO_GRAPH = ("VE-001", "VE-012", "RQ-005")
#: Everything that keeps a graph from running.
_NO_RUN = tuple(f"VE-{number:03}" for number in (*range(1, 11), 12))


@router.post(
    "",
    status_code=201,
    responses=gives(201, GraphResource, "ETag", "Location"),
    openapi_extra=takes("Graph") | refuses(*_NO_GRAPH, "RQ-007"),
)
async def create_graph(request: Request, context: Context, actor: ActorOf, key: IdempotencyKey) -> Response:
    """Store a new graph; it may be a draft that cannot run."""
    document = await read_json(request, context.limits.body_bytes)
    return graph_answer(await context.control.graphs.create(document, actor, key), 201)


@router.post(
    "/plan",
    responses=gives(200, PlanResource),
    openapi_extra=takes(PlanRequest) | refuses(*_NO_RUN, "RQ-005", "SY-004"),
)
async def plan_graph(request: Request, context: Context) -> Response:
    """What would happen to each node of a graph if it ran now, and why; the graph need not be stored."""
    body = await read_model(request, PlanRequest, context.limits.body_bytes)
    targets = None if body.targets is None else tuple(body.targets)
    return JsonAnswer(await context.control.explain(body.graph, targets, body.force))


#: What a workflow comes in: their JSON, or a picture that carries it.
_WORKFLOWS = ("application/json", "image/png")


@router.post(
    "/import",
    responses=gives(200, ConvertedGraph),
    openapi_extra=takes_file(*_WORKFLOWS) | refuses("VE-001", "VE-012", "RQ-005", "SY-004"),
)
async def import_graph(
    request: Request, context: Context, name: Annotated[str, Query(max_length=1000)] = ""
) -> Response:
    """A workflow of ComfyUI, its JSON or a PNG that carries it, as a graph; nothing is stored."""
    content = await read_file(request, context.limits.body_bytes, *_WORKFLOWS)
    return JsonAnswer((await context.control.convert(content, name)).to_dict())


@router.get("", responses=gives(200, GraphList, "Link"))
async def list_graphs(request: Request, context: Context, limit: PageSize = 100, before: Before = None) -> Response:
    """Graphs, last changed first."""
    heads, following = await context.control.graphs.page(limit, cursor(before))
    return page(request, {"graphs": [graph_summary(head) for head in heads]}, "before", following)


@router.get("/{graph_id}", responses=gives(200, GraphResource, "ETag"), openapi_extra=refuses("RQ-002"))
async def get_graph(graph_id: str, context: Context) -> Response:
    """A graph; its version is also the ETag."""
    return graph_answer(await context.control.graphs.get(graph_id))


@router.put(
    "/{graph_id}",
    responses=gives(200, GraphResource, "ETag"),
    openapi_extra=takes("Graph") | refuses(*_NO_GRAPH, "RQ-002", "RQ-003"),
)
async def put_graph(
    graph_id: str, request: Request, context: Context, actor: ActorOf, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Replace a graph; with `If-Match`, only the versions that it names."""
    versions = versions_of(if_match)
    document = await read_json(request, context.limits.body_bytes)
    return graph_answer(await context.control.graphs.put(graph_id, document, versions, actor))


@router.delete("/{graph_id}", status_code=204, openapi_extra=refuses("RQ-002", "RQ-003"))
async def delete_graph(
    graph_id: str, context: Context, actor: ActorOf, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Remove a graph, with `If-Match` only the versions that it names; its events stay, and its executions go on."""
    await context.control.graphs.delete(graph_id, actor, versions_of(if_match))
    return Response(status_code=204)


@router.post(
    "/{graph_id}/clone",
    status_code=201,
    responses=gives(201, GraphResource, "ETag", "Location"),
    openapi_extra=takes(CloneRequest, required=False) | refuses("RQ-002", "RQ-005", "RQ-007"),
)
async def clone_graph(
    graph_id: str, request: Request, context: Context, actor: ActorOf, key: IdempotencyKey
) -> Response:
    """Copy a graph under a fresh id."""
    body = await read_model(request, CloneRequest, context.limits.body_bytes)
    return graph_answer(await context.control.graphs.clone(graph_id, actor, body.name, key), 201)


@router.post(
    "/{graph_id}/save",
    responses=gives(200, GraphResource, "ETag"),
    openapi_extra=takes(SaveRequest, required=False) | refuses("RQ-002", "RQ-005"),
)
async def save_graph(graph_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Mark the current version in the log as one to come back to; `label` gives it a name."""
    body = await read_model(request, SaveRequest, context.limits.body_bytes)
    return graph_answer(await context.control.graphs.save(graph_id, actor, body.label))


@router.post("/{graph_id}/validate", responses=gives(200, ProblemList), openapi_extra=refuses("RQ-002", "SY-004"))
async def validate_graph(graph_id: str, context: Context) -> Response:
    """Everything that keeps a graph from running."""
    problems = [problem.to_dict() for problem in await context.control.graphs.validate(graph_id)]
    return JsonAnswer({"valid": not problems, "problems": problems})


@router.post(
    "/{graph_id}/deploy",
    status_code=201,
    responses=gives(201, DeploymentResource, "Location"),
    openapi_extra=takes(DeployGraphRequest, required=False) | refuses(*_NO_RUN, "RQ-002", "RQ-005", "SY-004", "SY-008"),
)
async def deploy_graph(graph_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Publish the graph as it is now as a Prefect deployment whose form has its exposed inputs."""
    body = await read_model(request, DeployGraphRequest, context.limits.body_bytes)
    made = await context.control.deployments.deploy(graph_id, body.to_request(), actor)
    return JsonAnswer(made, 201, {"Location": quote(made["url"], safe="/:?&=#%@")})


@router.get("/{graph_id}/events", responses=gives(200, EventList, "Link"), openapi_extra=refuses("RQ-002"))
async def list_events(
    graph_id: str, request: Request, context: Context, after: After = 0, limit: PageSize = 1000
) -> Response:
    """The event log of a graph, of a deleted one too.

    `next` is null on the last page: who waits for more asks again after the last sequence number that came.
    """
    found = event_page(await context.control.graphs.events(graph_id, after, limit), limit)
    return page(request, found, "after", found["next"])


def graph_answer(record: GraphRecord, status: int = 200) -> JsonAnswer:
    """A graph with its version as ETag, and the address of a new one."""
    headers = {"ETag": f'"{record.version}"'}
    if status == 201:
        headers["Location"] = f"/api/graph/{record.id}"
    return JsonAnswer(graph_resource(record), status, headers)
