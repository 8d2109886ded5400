"""The spans of an execution: one for itself, one for each attempt of a node."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.job import JobOutcome
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.graph.plan import Step
from vortex_prefect.ipc.job_spans import note_outcome
from vortex_prefect.ipc.tracing import Span, span

_OUTCOME = "vortex.outcome"


def execution_span(request: ExecutionRequest, round: int) -> Span:
    """An execution, under the span that asked for it; else the first one of a trace that has the execution's id."""
    attributes: dict[str, str | int] = {
        "vortex.execution_id": request.execution_id,
        "vortex.graph_id": str(request.graph.get("id") or ""),
        "vortex.graph_hash": request.graph_hash,
        "vortex.round": round,
    }
    return span("execution", request.trace or TraceContext.of_execution(request.execution_id), attributes)


def note_end(
    begun: Span, status: ExecutionStatus, message: str, error: VortexError | None, flow_run_id: str | None
) -> None:
    """Tell an execution's span what came of it; its flow run is known only if it came in time."""
    begun.set("vortex.status", status.value)
    if flow_run_id is not None:
        begun.set("vortex.flow_run_id", flow_run_id)
    if status is ExecutionStatus.FAILED:
        begun.fail(error.code if error else status.value, message)


def node_span(trace: TraceContext, execution_id: str, step: Step, item: int | None, attempt: int) -> Span:
    """One attempt of a node, or of one item of it, with the time that it waits for a place to run."""
    attributes: dict[str, str | int] = {
        "vortex.execution_id": execution_id,
        "vortex.node_id": step.node_id,
        "vortex.node_type": step.node_type,
        "vortex.attempt": attempt,
    }
    if item is not None:
        attributes["vortex.item"] = item
    return span(f"node {step.node_type}", trace, attributes)


def note_attempt(begun: Span, outcome: JobOutcome | None) -> None:
    """Tell an attempt's span what came of it; null: a pause sent it back, or one before it failed."""
    if outcome is None:
        begun.set(_OUTCOME, "not run")
        return
    begun.set(_OUTCOME, "completed" if outcome.error is None else "failed")
    note_outcome(begun, outcome)


class SegmentSpans:
    """Of nodes that travel together: all begin with the block and end with it, for nobody hears of them between."""

    def __init__(self, trace: TraceContext, execution_id: str, steps: Sequence[Step], attempt: int) -> None:
        self._begun = [node_span(trace, execution_id, step, None, attempt) for step in steps]
        self._outcomes: Sequence[JobOutcome] = ()

    @property
    def traces(self) -> list[TraceContext]:
        """A context for each."""
        return [each.trace for each in self._begun]

    def note(self, outcomes: Sequence[JobOutcome]) -> None:
        """What came of the first of them; the others are still to be run."""
        self._outcomes = outcomes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for place, each in enumerate(self._begun):
            note_attempt(each, self._outcomes[place] if place < len(self._outcomes) else None)
            each.end()
