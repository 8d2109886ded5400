"""A graph's versions over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from vortex_prefect.bridge.answers import GraphResource, VersionChanges, VersionList
from vortex_prefect.bridge.body import read_model, takes
from vortex_prefect.bridge.conditional import versions_of
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.paging import Before, PageSize, page
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.requests import RestoreRequest
from vortex_prefect.bridge.routes.graphs import graph_answer
from vortex_prefect.service.history import VersionCursor
from vortex_prefect.service.resources import version_resource

router = APIRouter(prefix="/api/graph", tags=["graphs"])


@router.get("/{graph_id}/versions", responses=gives(200, VersionList, "Link"), openapi_extra=refuses("RQ-002"))
async def list_versions(
    graph_id: str, request: Request, context: Context, limit: PageSize = 100, before: Before = None
) -> Response:
    """The graph's versions, newest first.

    Each says who made it, which changes made it (event type → how many), how many nodes the graph had, which version
    it restored, and whether it was saved. Only versions since the graph was created are there.
    """
    start = None if before is None else VersionCursor.parse(before)
    found, following = await context.control.graphs.versions(graph_id, limit, start)
    return page(request, {"versions": [version_resource(version) for version in found]}, "before", following)


@router.get(
    "/{graph_id}/versions/{version}", responses=gives(200, GraphResource, "ETag"), openapi_extra=refuses("RQ-002")
)
async def get_version(graph_id: str, version: Annotated[int, Path(ge=1, lt=1 << 63)], context: Context) -> Response:
    """The graph as it was at a version; `updated_at` says when it became so."""
    return graph_answer(await context.control.graphs.at(graph_id, version))


@router.get(
    "/{graph_id}/versions/{version}/changes",
    responses=gives(200, VersionChanges),
    openapi_extra=refuses("RQ-002"),
)
async def compare_versions(
    graph_id: str,
    version: Annotated[int, Path(ge=1, lt=1 << 63)],
    context: Context,
    since: Annotated[int | None, Query(ge=1, lt=1 << 63)] = None,
) -> Response:
    """What turns one version into another, whichever is the older; without `since`, from the one before."""
    first, changes = await context.control.graphs.compare(graph_id, since, version)
    listed = [{"event_type": change.event_type, "payload": change.payload} for change in changes]
    return JsonAnswer({"since": first, "version": version, "changes": listed})


@router.post(
    "/{graph_id}/restore",
    responses=gives(200, GraphResource, "ETag"),
    openapi_extra=takes(RestoreRequest) | refuses("RQ-002", "RQ-003", "RQ-005"),
)
async def restore_graph(
    graph_id: str, request: Request, context: Context, actor: ActorOf, if_match: Annotated[str | None, Header()] = None
) -> Response:
    """Make the graph what it was at a version, as a new change; with `If-Match`, only from the versions it names."""
    expected = versions_of(if_match)
    body = await read_model(request, RestoreRequest, context.limits.body_bytes)
    return graph_answer(await context.control.graphs.restore(graph_id, body.version, expected, actor))
