"""Graphs and executions as clients read them: the JSON that HTTP answers and the command line prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from vortex_prefect.core.contracts import ExecutionRecord, GraphHead, GraphRecord
from vortex_prefect.core.events import Event
from vortex_prefect.service.history import Version
from vortex_prefect.service.tokens import Token


@lru_cache(4096)  # of a page's two hundred, most were told a moment ago
def timestamp(ms: int | None) -> str | None:
    """Unix milliseconds as ISO 8601 in UTC, with milliseconds."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def graph_summary(graph: GraphHead | GraphRecord) -> dict[str, Any]:
    """A graph without its document, for lists."""
    return {
        "id": graph.id,
        "name": graph.name,
        "version": graph.version,
        "created_at": timestamp(graph.created_ms),
        "updated_at": timestamp(graph.updated_ms),
        "nodes": graph.nodes if isinstance(graph, GraphHead) else len(graph.document.get("nodes", ())),
    }


def graph_resource(record: GraphRecord) -> dict[str, Any]:
    """A graph with its document as `graph`."""
    return {**graph_summary(record), "graph": record.document}


def execution_resource(record: ExecutionRecord) -> dict[str, Any]:
    """An execution with the state of every node and the outputs that exist so far."""
    return {
        "id": record.id,
        "graph_id": record.graph_id,
        "graph_hash": record.graph_hash,
        "drawn_hash": record.options.get("drawn_hash", record.graph_hash),
        "status": record.status.value,
        "priority": record.options.get("priority", 0),
        "created_at": timestamp(record.created_ms),
        "started_at": timestamp(record.started_ms),
        "finished_at": timestamp(record.finished_ms),
        "flow_run_id": record.flow_run_id,
        "prefect_url": record.prefect_url,
        "nodes": record.nodes,
        "outputs": outputs(record),
        "error": record.error,
    }


def event_resource(event: Event) -> dict[str, Any]:
    """An event of the log."""
    fields = {name: getattr(event, name) for name in event.__slots__ if name != "created_ms"}
    return {**fields, "created_at": timestamp(event.created_ms)}


def event_page(events: Sequence[Event], limit: int) -> dict[str, Any]:
    """A page of the log; `next` is the `after` of the page that follows, null if there is none."""
    following = events[-1].sequence_number if len(events) == limit else None
    return {"events": [event_resource(event) for event in events], "next": following}


def version_resource(version: Version) -> dict[str, Any]:
    """One version of a graph, for lists."""
    saved = version.saves[0] if version.saves else None
    return {
        "version": version.version,
        "at": timestamp(version.at_ms),
        "user": version.user,
        "changes": version.changes,
        "nodes": version.nodes,
        "restored": version.restored,
        "saved": saved
        and {
            "at": timestamp(saved.created_ms),
            "user": saved.metadata.get("user"),
            "name": saved.payload.get("name"),
            "label": saved.payload.get("label"),
        },
    }


def output_url(execution_id: str, node: str, port: str) -> str:
    """Where the bridge serves an output."""
    return f"/api/execution/{execution_id}/outputs/{quote(node, safe='')}/{quote(port, safe='')}"


def preview_url(execution_id: str, node: str, at_ms: int) -> str:
    """Where the bridge serves what a running node shows; `at` tells one picture from the next."""
    return f"/api/execution/{execution_id}/preview/{quote(node, safe='')}?at={at_ms}"


def outputs(record: ExecutionRecord) -> dict[str, dict[str, Any]]:
    """The execution's results that exist: name → `{node, port, type, url}`, and what tells the value.

    That is `value`; `shape` and `dtype` of a tensor; `items` of a list that holds any, or of which items failed.
    """
    found = {}
    for name, node, port in wanted_outputs(record):
        if (value := record.values.get(node, {}).get(port)) is not None:
            found[name] = _output(record.id, node, port, value)
    return found


def wanted_outputs(record: ExecutionRecord) -> list[tuple[str, str, str]]:
    """`(name, node, port)` of what the execution is for.

    These are the graph's declared outputs, or those of them that the caller
    asked for; for a graph that declares none, every output that its terminal
    nodes gave, named `node.port`.
    """
    if declared := record.document.get("outputs"):
        targets = record.options.get("targets")
        return [
            (output["name"], output["node"], output["port"])
            for output in declared
            if targets is None or output["name"] in targets
        ]
    return [(f"{node}.{port}", node, port) for node in terminal_nodes(record) for port in record.values.get(node, {})]


def token_resource(token: Token) -> dict[str, Any]:
    """A token as its owner's administrator sees it: without anything that lets somebody in."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": timestamp(token.created_ms),
        "expires_at": None if token.expires_ms is None else timestamp(token.expires_ms),
    }


def terminal_nodes(record: ExecutionRecord) -> list[str]:
    """Nodes that no edge leaves, in the document's order."""
    sources = {edge["source"]["node"] for edge in record.document.get("edges", ())}
    return [node for node in record.document["nodes"] if node not in sources]


def _output(execution_id: str, node: str, port: str, value: dict[str, Any]) -> dict[str, Any]:
    described = {"node": node, "port": port, "type": value["type"], "url": output_url(execution_id, node, port)}
    if ref := value.get("ref"):
        return {**described, "shape": list(ref["shape"]), "dtype": ref["dtype"]}
    if (items := value.get("items")) is not None:
        return {**described, "items": [item_resource(execution_id, node, port, *pair) for pair in enumerate(items)]}
    return {**described, "value": value.get("data")}


def item_resource(
    execution_id: str, node: str, port: str, index: int, stored: dict[str, Any] | None
) -> dict[str, Any] | None:
    """One item of a list: `{type, value}`, or `{type, url}` where it is no JSON; null where it failed.

    A tensor has `shape` and `dtype` too.
    """
    if stored is None:
        return None
    url = f"{output_url(execution_id, node, port)}?item={index}"
    if ref := stored.get("ref"):
        return {"type": stored["type"], "url": url, "shape": list(ref["shape"]), "dtype": ref["dtype"]}
    if stored.get("items") is not None:
        return {"type": stored["type"], "url": url}
    return {"type": stored["type"], "value": stored.get("data")}
