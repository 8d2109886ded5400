"""Task runs as Prefect's server records them: events that we build ourselves.

Prefect's own emitter takes the flow run from a context variable of the flow's
thread, and costs 5 ms a task run; these cost microseconds, name their flow run
as a related resource (without it the server files no task run under a flow),
and have ids that follow from the execution, so that sending one twice is safe.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vortex_prefect.core.ids import derived_id, now_ms
from vortex_prefect.core.reports import NodeReport, NodeState

#: Tag of all task runs.
TAG = "vortex"

#: Our state → Prefect's state type and name.
_STATES = {
    NodeState.RUNNING: ("RUNNING", "Running"),
    NodeState.RETRYING: ("SCHEDULED", "AwaitingRetry"),
    NodeState.CACHED: ("COMPLETED", "Cached"),
    NodeState.COMPLETED: ("COMPLETED", "Completed"),
    NodeState.FAILED: ("FAILED", "Failed"),
    NodeState.SKIPPED: ("CANCELLED", "Skipped"),
    NodeState.CANCELLED: ("CANCELLED", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class FlowRunIdentity:
    """What an event says of the flow run that it belongs to."""

    id: str
    name: str
    #: Counts the times that the run was begun, from 1: a retried node has a new history, not a repeated one.
    round: int = 1


@dataclass(slots=True)
class TaskRunTrack:
    """One node's task run as it goes on: what the server's columns need beside the states."""

    execution_id: str
    node_id: str
    name: str
    node_type: str
    #: port → node ids whose outputs feed it.
    inputs: dict[str, tuple[str, ...]]
    created_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    #: Of the attempts that have ended.
    run_ms: int = 0
    attempt_started_ms: int = 0
    run_count: int = 0
    previous: tuple[str, str] | None = None
    #: Time of the last event in microseconds.
    last_us: int = 0
    tags: tuple[str, ...] = field(default=(TAG,))
    #: Null for the node itself.
    item: int | None = None

    @property
    def id(self) -> str:
        """Id of the task run; the same whenever this execution is told again."""
        return task_run_id(self.execution_id, self.dynamic_key)

    @property
    def dynamic_key(self) -> str:
        """What tells this task run from all others of the flow run."""
        return task_key(self.node_id, self.item)

    def of_item(self, item: int) -> TaskRunTrack:
        """The track of one item of this node, at its beginning."""
        return TaskRunTrack(
            self.execution_id,
            self.node_id,
            f"{self.name} [{item}]",
            self.node_type,
            self.inputs,
            now_ms(),
            tags=self.tags,
            item=item,
        )

    def event(self, report: NodeReport, flow_run: FlowRunIdentity) -> dict[str, Any]:
        """The event of one change of state; call it once for each, in their order."""
        self._advance(report)
        state_type, state_name = _STATES[report.state]
        if report.state is NodeState.RUNNING and self.previous == _STATES[NodeState.RETRYING]:
            state_name = "Retrying"
        message = _message(report)
        initial, self.previous = self.previous, (state_type, state_name)
        event_id = derived_id(self.execution_id, self.dynamic_key, state_name, str(report.attempt), str(flow_run.round))
        # The server refuses two states of one task run at the same time, and the whole batch with them.
        self.last_us = max(report.at_ms * 1000, self.last_us + 1)
        occurred = datetime.fromtimestamp(self.last_us / 1e6, UTC).isoformat()
        return {
            "id": event_id,
            "occurred": occurred,
            "event": f"prefect.task-run.{state_name}",
            "resource": {
                "prefect.resource.id": f"prefect.task-run.{self.id}",
                "prefect.resource.name": self.name,
                "prefect.run-count": str(self.run_count),
                "prefect.state-message": message or "",
                "prefect.state-name": state_name,
                "prefect.state-timestamp": occurred,
                "prefect.state-type": state_type,
                "prefect.orchestration": "client",
            },
            "related": [
                {
                    "prefect.resource.id": f"prefect.flow-run.{flow_run.id}",
                    "prefect.resource.role": "flow-run",
                    "prefect.resource.name": flow_run.name,
                },
                *(
                    {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}
                    for tag in self.tags
                    # Each costs the server a row and several checks an event; this one every task run has.
                    if tag != TAG
                ),
            ],
            "payload": {
                "intended": {"from": initial[0] if initial else None, "to": state_type},
                "initial_state": (
                    {"type": initial[0], "name": initial[1], "message": None, "state_details": {}} if initial else None
                ),
                "validated_state": {
                    "type": state_type,
                    "name": state_name,
                    "message": message,
                    "state_details": {},
                    "data": None,
                },
                "task_run": self._columns(flow_run.round),
            },
        }

    def _advance(self, report: NodeReport) -> None:
        if report.state is NodeState.RUNNING:
            self.run_count = report.attempt
            self.attempt_started_ms = report.at_ms
            self.started_ms = self.started_ms or report.at_ms
        elif report.state is NodeState.RETRYING or report.state.final:
            if self.run_count and self.previous != _STATES[NodeState.RETRYING]:
                self.run_ms += report.at_ms - self.attempt_started_ms
            if report.state.final:
                self.ended_ms = report.at_ms

    def _labels(self) -> dict[str, Any]:
        labels: dict[str, Any] = {"vortex.node": self.node_id, "vortex.execution": self.execution_id}
        return labels if self.item is None else {**labels, "vortex.item": self.item}

    def _columns(self, flow_run_round: int) -> dict[str, Any]:
        columns: dict[str, Any] = {
            "name": self.name,
            "task_key": self.node_type,
            "dynamic_key": self.dynamic_key,
            "tags": list(self.tags),
            "labels": self._labels(),
            "run_count": self.run_count,
            "flow_run_run_count": flow_run_round,
            "expected_start_time": iso(self.started_ms or self.created_ms),
            "total_run_time": self.run_ms / 1000,
            "task_inputs": {
                port: [{"input_type": "task_run", "id": task_run_id(self.execution_id, node)} for node in nodes]
                for port, nodes in self.inputs.items()
            },
            "empirical_policy": {"retries": 0, "retry_delay": 0},
        }
        if self.started_ms is not None:
            columns["start_time"] = iso(self.started_ms)
        if self.ended_ms is not None:
            columns["end_time"] = iso(self.ended_ms)
        return columns


def task_key(node_id: str, item: int | None) -> str:
    """What tells the task run of a node, or of one item of it, from all others of the flow run."""
    return node_id if item is None else f"{node_id}[{item}]"


def task_run_id(execution_id: str, node_id: str) -> str:
    """The id of a node's task run within an execution."""
    return derived_id("task-run", execution_id, node_id)


def iso(at_ms: int) -> str:
    """Unix milliseconds as an ISO 8601 time in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _message(report: NodeReport) -> str | None:
    if report.error is not None:
        return f"{report.error['code']} {report.error['message']}"
    return report.why
