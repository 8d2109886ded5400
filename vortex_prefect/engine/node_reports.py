"""Reports of nodes and items and of what they say, as the executor gives them."""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import LogReport, NodeReport, NodeState
from vortex_prefect.engine.attempts import Result, Work
from vortex_prefect.engine.fan_out import ItemEvent


def end_of_node(execution_id: str, node_id: str, result: Result, why: str | None) -> NodeReport:
    """The last report of a node."""
    return NodeReport(
        execution_id,
        node_id,
        result.state,
        progress=_percent(result.state),
        attempt=result.attempt,
        worker_id=result.worker_id,
        why=why,
        error=_blamed(result.error, node_id),
        outputs=result.outputs,
        at_ms=result.ran_ms[1] if result.ran_ms else now_ms(),
        items=result.items,
        item_errors=result.item_errors,
    )


def change_of_item(execution_id: str, node_id: str, event: ItemEvent) -> NodeReport:
    """A report of one item of a node that maps over a list."""
    return NodeReport(
        execution_id,
        node_id,
        event.state,
        progress=_percent(event.state),
        attempt=event.attempt,
        worker_id=event.worker_id,
        why=event.why,
        error=_blamed(event.error, node_id),
        at_ms=now_ms(),
        item=event.item,
    )


def line_of_node(execution_id: str, work: Work, attempt: int, line: LogLine) -> LogReport:
    """A report of what a node or an item said."""
    return LogReport(execution_id, work.step.node_id, work.item, attempt, line.level, line.text, line.at_ms)


def _percent(state: NodeState) -> float:
    return 100.0 if state in (NodeState.COMPLETED, NodeState.CACHED) else 0.0


def _blamed(error: VortexError | None, node_id: str) -> dict[str, Any] | None:
    return None if error is None else {**error.to_dict(), "node_id": node_id}
