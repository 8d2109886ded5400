"""What the bridge may be asked of graphs, a function for each route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vortex_prefect.client.bridge import answers
from vortex_prefect.client.bridge.exchange import Call, Request, Route
from vortex_prefect.client.bridge.requests import Listing, events, get, if_match, nothing, of_model, once, post

Document = Mapping[str, Any]


def create_graph(document: Document, *, idempotency_key: str | None = None) -> Call[answers.StoredGraph]:
    """Store a new graph; it may be a draft that cannot run. With its id, if it has one."""
    return once(Route("POST", "/api/graph"), answers.StoredGraph, document, idempotency_key)


def list_graphs(*, limit: int = 100) -> Listing[answers.GraphSummary]:
    """All graphs, last changed first; `limit` is a page's length."""
    route = Route("GET", "/api/graph")
    return Listing(
        lambda before: get(route, answers.GraphPage, {"limit": limit, "before": before}), lambda page: page.graphs
    )


def get_graph(graph_id: str) -> Call[answers.StoredGraph]:
    """A graph with its document and version."""
    route = Route("GET", "/api/graph/{graph_id}")
    request = Request(route, route.path(graph_id=graph_id), repeatable=True, remembered=True)
    return of_model(answers.StoredGraph, request)


def put_graph(graph_id: str, document: Document, *, version: int | None = None) -> Call[answers.StoredGraph]:
    """Replace a graph; with `version`, only if it still is that one (RQ-003 otherwise)."""
    route = Route("PUT", "/api/graph/{graph_id}")
    return post(route, answers.StoredGraph, document, headers=if_match(version), graph_id=graph_id)


def delete_graph(graph_id: str, *, version: int | None = None) -> Call[None]:
    """Remove a graph; its events stay, and its executions go on."""
    route = Route("DELETE", "/api/graph/{graph_id}")
    return Call(Request(route, route.path(graph_id=graph_id), headers=if_match(version)), nothing)


def clone_graph(
    graph_id: str, name: str | None = None, *, idempotency_key: str | None = None
) -> Call[answers.StoredGraph]:
    """Copy a graph under a fresh id; its name gets "(copy)" unless one is given."""
    route = Route("POST", "/api/graph/{graph_id}/clone")
    return once(route, answers.StoredGraph, {} if name is None else {"name": name}, idempotency_key, graph_id=graph_id)


def save_graph(graph_id: str, label: str | None = None) -> Call[answers.StoredGraph]:
    """Mark the current version as one to come back to, under a name of its own if one is given."""
    body = {} if label is None else {"label": label}
    return post(Route("POST", "/api/graph/{graph_id}/save"), answers.StoredGraph, body, graph_id=graph_id)


def validate_graph(graph_id: str) -> Call[answers.Validation]:
    """Everything that keeps a graph from running."""
    route = Route("POST", "/api/graph/{graph_id}/validate")
    return post(route, answers.Validation, repeatable=True, graph_id=graph_id)


def plan_graph(graph: Document, targets: Sequence[str] | None = None, *, force: bool = False) -> Call[answers.Plan]:
    """What would happen to each node of a graph now, and why; the graph need not be stored."""
    named = {} if targets is None else {"targets": list(targets)}
    body = {"graph": graph, "force": force, **named}
    return post(Route("POST", "/api/graph/plan"), answers.Plan, body, repeatable=True)


def import_graph(content: bytes, name: str = "") -> Call[answers.Converted]:
    """A workflow of ComfyUI, its JSON or a PNG that carries it, as a graph; nothing is stored."""
    route = Route("POST", "/api/graph/import")
    sent = {"Content-Type": "image/png" if content.startswith(b"\x89PNG") else "application/json"}
    query = (("name", name),) if name else ()
    return of_model(answers.Converted, Request(route, route.path(), query, sent, content, repeatable=True))


def list_versions(graph_id: str, *, limit: int = 100) -> Listing[answers.Version]:
    """The graph's versions, newest first; `limit` is a page's length."""
    route = Route("GET", "/api/graph/{graph_id}/versions")
    return Listing(
        lambda before: get(route, answers.VersionPage, {"limit": limit, "before": before}, graph_id=graph_id),
        lambda page: page.versions,
    )


def get_version(graph_id: str, version: int) -> Call[answers.StoredGraph]:
    """The graph as it was at a version."""
    route = Route("GET", "/api/graph/{graph_id}/versions/{version}")
    return get(route, answers.StoredGraph, graph_id=graph_id, version=str(version))


def compare_versions(graph_id: str, version: int, *, since: int | None = None) -> Call[answers.VersionChanges]:
    """What changed from a version (null: the one before) to another."""
    route = Route("GET", "/api/graph/{graph_id}/versions/{version}/changes")
    return get(route, answers.VersionChanges, {"since": since}, graph_id=graph_id, version=str(version))


def restore_graph(graph_id: str, version: int, *, expected: int | None = None) -> Call[answers.StoredGraph]:
    """Make the graph what it was at a version, as a new change; with `expected`, only if it still is that version."""
    route = Route("POST", "/api/graph/{graph_id}/restore")
    return post(route, answers.StoredGraph, {"version": version}, headers=if_match(expected), graph_id=graph_id)


def deploy_graph(
    graph_id: str,
    *,
    name: str | None = None,
    pool: str | None = None,
    cron: str | None = None,
    interval_s: float | None = None,
    timezone: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    tags: Sequence[str] = (),
    concurrency_limit: int | None = None,
    paused: bool = False,
) -> Call[answers.Deployment]:
    """Publish the graph as it is now as a Prefect deployment whose form has its exposed inputs."""
    body = {
        "name": name,
        "pool": pool,
        "cron": cron,
        "interval_s": interval_s,
        "timezone": timezone,
        "parameters": dict(parameters or {}),
        "tags": list(tags),
        "concurrency_limit": concurrency_limit,
        "paused": paused,
    }
    return post(Route("POST", "/api/graph/{graph_id}/deploy"), answers.Deployment, body, graph_id=graph_id)


def publish_graph(
    graph_id: str,
    *,
    name: str | None = None,
    title: str | None = None,
    category: str | None = None,
    doc: str | None = None,
) -> Call[answers.PublishedNode]:
    """Publish the graph as it is now as the node type `graph.NAME@VERSION`, whose ports are what it exposes.

    What is null is as it was published before, or follows from the graph.
    """
    body = {"name": name, "title": title, "category": category, "doc": doc}
    return post(Route("POST", "/api/graph/{graph_id}/publish"), answers.PublishedNode, body, graph_id=graph_id)


def get_published_graph(node_type: str) -> Call[answers.PublishedNode]:
    """The graph that stands behind a published node type."""
    return get(Route("GET", "/api/nodes/{node_type}/graph"), answers.PublishedNode, node_type=node_type)


def withdraw_node_type(node_type: str) -> Call[None]:
    """Offer a published graph no more, one version or (without `@VERSION`) all; graphs that have it keep working."""
    route = Route("DELETE", "/api/nodes/{node_type}")
    return Call(Request(route, route.path(node_type=node_type), repeatable=True), nothing)


def list_events(graph_id: str, after: int = 0, *, limit: int = 1000) -> Listing[answers.Event]:
    """The event log of a graph, of a deleted one too, from after a sequence number; `limit` is a page's length."""
    return events(Route("GET", "/api/graph/{graph_id}/events"), after, limit, graph_id=graph_id)
