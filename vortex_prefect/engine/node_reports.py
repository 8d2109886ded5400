"""Reports of nodes and items and of what they say and show, as the executor gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import LogReport, NodeReport, NodeState, PreviewReport
from vortex_prefect.engine.fan_out import ItemEvent
from vortex_prefect.engine.work import Result, Work


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


class Heard:
    """Makes reports of what nodes and items say and show while they run.

    Args:
        emit: takes them.
    """

    def __init__(self, execution_id: str, emit: Callable[[LogReport | PreviewReport], None]) -> None:
        self._execution_id = execution_id
        self._emit = emit

    def say(self, work: Work, attempt: int, line: LogLine) -> None:
        """See `Say`."""
        node_id = work.step.node_id
        self._emit(LogReport(self._execution_id, node_id, work.item, attempt, line.level, line.text, line.at_ms))

    def show(self, work: Work, jpeg: bytes) -> None:
        """See `Show`; what an item shows, its node does."""
        self._emit(PreviewReport(self._execution_id, work.step.node_id, jpeg, now_ms()))


def _percent(state: NodeState) -> float:
    return 100.0 if state in (NodeState.COMPLETED, NodeState.CACHED) else 0.0


def _blamed(error: VortexError | None, node_id: str) -> dict[str, Any] | None:
    return None if error is None else {**error.to_dict(), "node_id": node_id}
