"""WebSocket messages as values; who receives them, and when, is the hub's concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vortex_prefect.core.contracts import ExecutionRecord, GraphRecord
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.reports import ExecutionStatus, LogReport, NodeState, PreviewReport
from vortex_prefect.files.packs import PackFault
from vortex_prefect.service.catalogue import CatalogueChange
from vortex_prefect.service.resources import output_url, outputs, preview_url

#: Port types that are shown as pictures.
PICTURES = frozenset({"IMAGE", "MASK"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a message answers: who sent it, and the name that the sender gave it."""

    by: object
    request_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to all clients of a graph, or of all graphs."""

    type: str
    #: Null: to the clients of all graphs.
    graph_id: str | None
    payload: dict[str, Any]
    #: A newer message with this key makes older ones worthless; null where every one counts.
    key: tuple[str, ...] | None = None
    #: May be lost to a client that does not keep up.
    droppable: bool = False
    #: Held for clients that come back.
    held: bool = True
    #: Told to the one who asked alone.
    asked: Asked | None = None


#: Takes messages; must neither block nor raise.
Publish = Callable[[Message], None]


def graph_sync(record: GraphRecord, asked: Asked | None = None, problems: Sequence[Problem] = ()) -> Message:
    """The whole graph, after each change of it; `problems` are those of its shared document, if it has any."""
    payload: dict[str, Any] = {"graph": record.document, "version": record.version}
    if problems:
        payload["problems"] = [problem.to_dict() for problem in problems]
    return Message("graph.sync", record.id, payload, key=("graph.sync",), asked=asked)


def nodes_changed(change: CatalogueChange) -> Message:
    """There are other node types: whoever shows them asks for them again."""
    return Message("nodes.changed", None, change.to_dict(), key=("nodes",))


def nodes_fault(fault: PackFault) -> Message:
    """A pack that somebody works on cannot be used as it is; what was there before stays."""
    return Message("nodes.fault", None, fault.to_dict(), key=("nodes.fault", fault.pack), held=False)


def graph_deleted(graph_id: str) -> Message:
    """The graph is gone; nothing follows but its running executions."""
    return Message("graph.deleted", graph_id, {"graph_id": graph_id})


def queued(record: ExecutionRecord) -> Message:
    """An execution waits."""
    return _of_execution("execution.queued", record, {"priority": record.options.get("priority", 0)})


def status(record: ExecutionRecord) -> Message:
    """An execution began, paused, went on, or learned its flow run."""
    payload = {
        "status": record.status.value,
        "flow_run_id": record.flow_run_id,
        "prefect_url": record.prefect_url,
    }
    return _of_execution("execution.status", record, payload)


def progress(graph_id: str, execution_id: str, node_id: str, node: dict[str, Any]) -> Message:
    """A node's state. What is on the way may be lost to a slow client, the end of a node not."""
    shown = ("state", "progress", "attempt", "worker_id", "why")
    payload = {"execution_id": execution_id, "node_id": node_id, **{name: node[name] for name in shown}}
    if "items" in node:
        payload["items"] = node["items"]
    return Message(
        "execution.progress",
        graph_id,
        payload,
        key=("progress", execution_id, node_id),
        droppable=not NodeState(node["state"]).final,
    )


def previews(graph_id: str, execution_id: str, node_id: str, values: dict[str, dict[str, Any]]) -> list[Message]:
    """One message for each picture that a node gave; `values` is port → stored value."""
    pictures = [port for port, value in values.items() if value["type"] in PICTURES and value.get("ref")]
    return [
        Message(
            "node.preview",
            graph_id,
            {
                "execution_id": execution_id,
                "node_id": node_id,
                "port": port,
                "url": output_url(execution_id, node_id, port),
            },
            key=_place_of_picture(node_id, index),
            droppable=True,
        )
        for index, port in enumerate(pictures)
    ]


def preview(graph_id: str, report: PreviewReport) -> Message:
    """What a running node shows now. The first picture that it gives takes its place, also in what comes again."""
    payload = {
        "execution_id": report.execution_id,
        "node_id": report.node_id,
        "url": preview_url(report.execution_id, report.node_id, report.at_ms),
    }
    return Message("node.preview", graph_id, payload, key=_place_of_picture(report.node_id, 0), droppable=True)


def node_log(graph_id: str, report: LogReport) -> Message:
    """What a node said. Many may come at once: a slow client loses them, and none come again after a reconnect."""
    said = ("execution_id", "node_id", "item", "attempt", "level", "text", "at_ms")
    payload = {name: getattr(report, name) for name in said}
    return Message("node.log", graph_id, payload, droppable=True, held=False)


def node_error(graph_id: str, execution_id: str, node_id: str, error: dict[str, Any] | None) -> Message:
    """A node finally failed."""
    payload = {"execution_id": execution_id, "node_id": node_id, "error": error}
    return Message("execution.error", graph_id, payload)


def terminal(record: ExecutionRecord) -> Message:
    """The last message of an execution: `execution.complete`, `execution.failed` or `execution.cancelled`."""
    if record.status is ExecutionStatus.COMPLETED:
        return _of_execution("execution.complete", record, {"outputs": outputs(record)})
    if record.status is ExecutionStatus.CANCELLED:
        return _of_execution("execution.cancelled", record, {"outputs": outputs(record)})
    payload = {"status": record.status.value, "errors": errors(record), "outputs": outputs(record)}
    return _of_execution("execution.failed", record, payload)


def errors(record: ExecutionRecord) -> list[dict[str, Any]]:
    """`{node_id, error}` of every failed node; one with a null node where no node is to blame."""
    failed = [
        {"node_id": node_id, "error": node["error"]}
        for node_id, node in record.nodes.items()
        if node["state"] == NodeState.FAILED
    ]
    return failed or [{"node_id": None, "error": record.error}]


def snapshot(record: ExecutionRecord) -> list[Message]:
    """What a client that has just come must know of an execution that has not ended."""
    if record.status is ExecutionStatus.QUEUED:
        return [queued(record)]
    nodes = [
        progress(record.graph_id, record.id, node_id, node)
        for node_id, node in record.nodes.items()
        if node["state"] != NodeState.PENDING
    ]
    shown = [
        message
        for node_id, values in record.values.items()
        for message in previews(record.graph_id, record.id, node_id, values)
    ]
    return [status(record), *nodes, *shown]


def _place_of_picture(node_id: str, index: int) -> tuple[str, ...]:
    return "preview", node_id, str(index)


def _of_execution(type: str, record: ExecutionRecord, payload: dict[str, Any]) -> Message:
    return Message(type, record.graph_id, {"execution_id": record.id, **payload})
