"""The state of one running execution, as reports change it. No I/O."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, NodeReport, NodeState

_PENDING: dict[str, Any] = {
    "state": NodeState.PENDING.value,
    "progress": 0.0,
    "attempt": 0,
    "cached": False,
    "worker_id": None,
    "why": None,
    "error": None,
}


def pending_nodes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The `nodes` of an execution that has not begun."""
    return {node_id: dict(_PENDING) for node_id in document["nodes"]}


class LiveExecution:
    """An execution record that is changed in place; `record()` gives what stands now.

    Attributes:
        dirty: something changed since the record was last written.
        ending: the terminal report came; node reports no longer count.
    """

    def __init__(self, record: ExecutionRecord) -> None:
        self._record = record
        self._nodes = {node_id: dict(node) for node_id, node in record.nodes.items()}
        self._values = {node_id: dict(ports) for node_id, ports in record.values.items()}
        self.dirty = False
        self.ending = False

    @property
    def id(self) -> str:
        return self._record.id

    @property
    def graph_id(self) -> str:
        return self._record.graph_id

    @property
    def status(self) -> ExecutionStatus:
        return self._record.status

    def record(self) -> ExecutionRecord:
        """A copy that later reports leave alone."""
        return replace(
            self._record,
            nodes={node_id: dict(node) for node_id, node in self._nodes.items()},
            values={node_id: dict(ports) for node_id, ports in self._values.items()},
        )

    def values(self, node_id: str) -> dict[str, dict[str, Any]]:
        """What a node gave: port → stored value."""
        return dict(self._values.get(node_id, {}))

    def node(self, report: NodeReport) -> dict[str, Any] | None:
        """Take in a node's report; returns the node's new state, or null if it is no news.

        The engine repeats what it knows whenever somebody begins to listen.
        """
        done = report.state in (NodeState.COMPLETED, NodeState.CACHED)
        state: dict[str, Any] = {
            "state": report.state.value,
            "progress": 100.0 if done else _percent(report.progress),
            "attempt": report.attempt,
            "cached": report.state is NodeState.CACHED,
            "worker_id": report.worker_id,
            "why": report.why,
            "error": report.error,
        }
        if report.items is not None:
            state |= {"items": report.items, "item_errors": list(report.item_errors)}
        if state == self._nodes.get(report.node_id):
            return None
        self._nodes[report.node_id] = state
        if report.outputs is not None:
            self._values[report.node_id] = {port: stored_value(value) for port, value in report.outputs.items()}
        self.dirty = True
        return state

    def advance(self, report: ExecutionReport) -> None:
        """Take in a report that does not end the execution."""
        self._change(
            status=report.status,
            started_ms=self._record.started_ms or report.at_ms,
        )
        self.learn(report.flow_run_id, report.prefect_url)

    def learn(self, flow_run_id: str | None, prefect_url: str | None) -> None:
        """Note Prefect's ids where they are given."""
        self._change(
            flow_run_id=flow_run_id or self._record.flow_run_id,
            prefect_url=prefect_url or self._record.prefect_url,
        )

    def reprioritise(self, priority: int) -> None:
        """Note another priority among the caller's options."""
        self._change(options={**self._record.options, "priority": priority})

    def finish(self, status: ExecutionStatus, error: dict[str, Any] | None, at_ms: int) -> None:
        """End the execution; nodes that nothing was heard of, or were left running, end with it."""
        for node in self._nodes.values():
            if not NodeState(node["state"]).final:
                node.update(_left_over(status, NodeState(node["state"])))
        if error is None and status is ExecutionStatus.FAILED:
            error = next((node["error"] for node in self._nodes.values() if node["state"] == NodeState.FAILED), None)
        self._change(status=status, finished_ms=at_ms, error=error)

    def _change(self, **fields: Any) -> None:
        self._record = replace(self._record, **fields)
        self.dirty = True


def _left_over(status: ExecutionStatus, state: NodeState) -> dict[str, Any]:
    if status is ExecutionStatus.COMPLETED:
        return {"state": NodeState.SKIPPED.value, "why": "not needed for what was asked"}
    if status is ExecutionStatus.CANCELLED or state is not NodeState.PENDING:
        return {"state": NodeState.CANCELLED.value, "why": f"the execution {status.value}"}
    return {"state": NodeState.SKIPPED.value, "why": f"the execution {status.value}"}


def stored_value(value: Value) -> dict[str, Any]:
    """A node's output as the store keeps it and clients read it: JSON without NaN or infinities."""
    if value.ref is not None:
        return value.to_dict()
    if value.items is not None:
        return {"type": value.type, "items": [None if item is None else stored_value(item) for item in value.items]}
    return {"type": value.type, "data": json_finite(value.data)}


def json_finite(data: Any) -> Any:
    """`data` with numbers that JSON lacks as "NaN", "Infinity", "-Infinity" (protobuf's JSON mapping)."""
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, dict):
        return {key: json_finite(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [json_finite(item) for item in data]
    return data


def _percent(progress: float) -> float:
    return min(100.0, max(0.0, progress)) if math.isfinite(progress) else 0.0
