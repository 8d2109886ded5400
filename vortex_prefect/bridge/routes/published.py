"""Graphs as node types, over HTTP."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from vortex_prefect.bridge.body import read_model, takes
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.published import PublishedNodeResource, PublishGraphRequest, published_node
from vortex_prefect.bridge.rendering import JsonAnswer

router = APIRouter(tags=["graphs"])

#: Everything that keeps a graph from being a node.
_NO_NODE = tuple(f"VE-{number:03}" for number in (*range(1, 11), 12, 13))


@router.post(
    "/api/graph/{graph_id}/publish",
    status_code=201,
    responses=gives(201, PublishedNodeResource, "Location"),
    openapi_extra=takes(PublishGraphRequest, required=False)
    | refuses(*_NO_NODE, "RQ-002", "RQ-005", "RQ-007", "SY-004"),
)
async def publish_graph(graph_id: str, request: Request, context: Context, actor: ActorOf) -> Response:
    """Publish the graph as it is now as a node type: a new version of it, or the last one where nothing changed."""
    body = await read_model(request, PublishGraphRequest, context.limits.body_bytes)
    node, _ = await context.control.publishing.publish(graph_id, body.to_request(), actor)
    return JsonAnswer(published_node(node), 201, {"Location": f"/api/nodes/{quote(node.type, safe='@')}"})


@router.get(
    "/api/nodes/{node_type}/graph", responses=gives(200, PublishedNodeResource), openapi_extra=refuses("RQ-002")
)
async def get_published_graph(node_type: str, context: Context) -> Response:
    """The graph that stands behind a published node type."""
    return JsonAnswer(published_node(await context.control.publishing.get(node_type)))


@router.delete("/api/nodes/{node_type}", status_code=204, openapi_extra=refuses("RQ-002"))
async def withdraw_node_type(node_type: str, context: Context, actor: ActorOf) -> Response:
    """Offer a published graph no more: one version or, without `@VERSION`, all. Graphs that have it keep working."""
    await context.control.publishing.withdraw(node_type, actor)
    return Response(status_code=204)
