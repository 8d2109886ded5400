"""The executor: runs one plan. There is no other; every way to run a graph leads here.

It starts at once and does not know Prefect. What happens is told to a listener
as reports, from which the recorder makes task runs and the bridge messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from vortex_prefect.core.errors import GraphError, VortexError, WorkerError
from vortex_prefect.core.ids import derived_id, new_span_id, new_trace_id, now_ms
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.reports import ExecutionStatus, NodeReport, NodeState
from vortex_prefect.graph.plan import Plan, Step

_FIRST_RETRY_DELAY_S = 0.2
_MAX_RETRY_DELAY_S = 30.0
_CANCEL_REPEAT_S = 0.5


class Lanes(Protocol):
    """What carries jobs to the hosts: a `LanePool`."""

    async def run(
        self, job: Job, priority: int, on_start: Callable[[], None], on_progress: Callable[[float], None]
    ) -> JobOutcome:
        """See `LanePool.run`."""

    async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """See `LanePool.everywhere`."""


@dataclass(slots=True)
class _Node:
    """A step while the plan runs."""

    step: Step
    #: Parents that have not ended.
    waiting_for: int
    outputs: dict[str, Value] | None = None
    state: NodeState = NodeState.PENDING


class Executor:
    """One run of one plan. Create and use it on the Dask client's event loop."""

    def __init__(
        self,
        execution_id: str,
        plan: Plan,
        lanes: Lanes,
        emit: Callable[[NodeReport], None],
        priority: int = 0,
    ) -> None:
        self.execution_id = execution_id
        self._plan = plan
        self._lanes = lanes
        self._emit = emit
        self._priority = priority
        self._nodes = {node_id: _Node(step, len(_parents(step))) for node_id, step in plan.steps.items()}
        self._why_dirty: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._trace_id = new_trace_id()
        self._left = len(self._nodes)
        self._done = asyncio.Event()
        self._cancelled = False
        self._stopping: asyncio.Task[None] | None = None
        self._failed = False

    async def run(self) -> ExecutionStatus:
        """Run the plan to its end; how it ended. Node failures are reports, never raised."""
        try:
            known = await self._lookup()
            self._why_dirty = self._plan.dirty(known)
            self._report_skipped()
            self._settle_clean(known)
            for node_id in self._plan.order:
                self._start_if_ready(node_id)
            if self._left == 0:
                self._done.set()
            await self._done.wait()
        finally:
            for task in (*self._tasks.values(), *([self._stopping] if self._stopping else [])):
                task.cancel()
            await self._lanes.everywhere("vortex_release", execution_id=self.execution_id)
        if self._cancelled:
            return ExecutionStatus.CANCELLED
        return ExecutionStatus.FAILED if self._failed else ExecutionStatus.COMPLETED

    async def cancel(self) -> None:
        """Start nothing more, and end what runs."""
        if self._cancelled or self._done.is_set():
            return
        self._cancelled = True
        for node_id, node in self._nodes.items():
            if node.state in (NodeState.PENDING, NodeState.RETRYING):
                if (task := self._tasks.get(node_id)) is not None:
                    task.cancel()  # it waits for a lane, or for its next attempt
                self._end(node_id, NodeState.CANCELLED, why="the execution was cancelled")
        self._stopping = asyncio.create_task(self._stop_running())

    async def _stop_running(self) -> None:
        """Tell the hosts until all has ended: a job on its way to one is not known there yet."""
        while not self._done.is_set():
            await self._lanes.everywhere("vortex_cancel", execution_id=self.execution_id)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), _CANCEL_REPEAT_S)

    # -- what need not run -----------------------------------------------------------------

    async def _lookup(self) -> dict[str, dict[str, Value]]:
        """Cached outputs of the plan's content keys, held for this execution."""
        keys = [step.key for step in self._plan.steps.values() if step.key is not None]
        if self._plan.force or not keys:
            return {}
        answers = await self._lanes.everywhere("vortex_lookup", keys=keys, execution_id=self.execution_id)
        # A tensor can only be read on its own host; the host that knows most of them wins.
        best: dict[str, Any] = max(answers.values(), key=len, default={})
        return {key: {port: Value.from_dict(value) for port, value in outputs.items()} for key, outputs in best.items()}

    def _report_skipped(self) -> None:
        for node_id, reason in self._plan.skipped.items():
            self._emit(NodeReport(self.execution_id, node_id, NodeState.SKIPPED, why=reason, at_ms=now_ms()))

    def _settle_clean(self, known: dict[str, dict[str, Value]]) -> None:
        for node_id in self._plan.order:
            node = self._nodes[node_id]
            if node_id in self._why_dirty:
                continue
            outputs = known.get(node.step.key or "")
            why = "in the cache" if outputs is not None else "all that was made of it is in the cache"
            self._end(node_id, NodeState.CACHED, outputs=outputs or {}, why=why)

    # -- what runs -------------------------------------------------------------------------

    def _start_if_ready(self, node_id: str) -> None:
        node = self._nodes[node_id]
        ready = node.state is NodeState.PENDING and node.waiting_for == 0 and node_id not in self._tasks
        if ready and not self._cancelled:
            self._tasks[node_id] = asyncio.create_task(self._run_node(node_id), name=node_id)

    async def _run_node(self, node_id: str) -> None:
        step = self._nodes[node_id].step
        try:
            for attempt in range(1, step.retries + 2):
                outcome = await self._attempt(step, attempt)
                if outcome.error is None:
                    self._end(node_id, NodeState.COMPLETED, outcome=outcome, attempt=attempt)
                    return
                if self._cancelled or outcome.error.code == "WK-006":
                    self._end(node_id, NodeState.CANCELLED, outcome=outcome, attempt=attempt)
                    return
                if attempt > step.retries or not outcome.error.info.retryable:
                    self._end(node_id, NodeState.FAILED, outcome=outcome, attempt=attempt)
                    return
                self._tell(step, NodeState.RETRYING, attempt, outcome)
                await asyncio.sleep(_retry_delay_s(step, attempt))
        except VortexError as error:
            self._end(node_id, NodeState.FAILED, outcome=JobOutcome(node_id, error=error))
        except Exception as error:
            # A defect here must end the node, or the execution would wait for it for ever.
            failure = WorkerError("WK-003", f"the engine failed: {type(error).__name__}: {error}")
            self._end(node_id, NodeState.FAILED, outcome=JobOutcome(node_id, error=failure))

    async def _attempt(self, step: Step, attempt: int) -> JobOutcome:
        job = Job(
            job_id=derived_id(self.execution_id, step.node_id, str(attempt)),
            execution_id=self.execution_id,
            node_id=step.node_id,
            node_type=step.node_type,
            attempt=attempt,
            params=step.params,
            inputs=self._inputs(step),
            key=step.key,
            timeout_s=step.timeout_s,
            trace=TraceContext(self._trace_id, new_span_id()),
        )
        return await self._lanes.run(
            job,
            self._priority,
            on_start=lambda: self._tell(step, NodeState.RUNNING, attempt),
            on_progress=lambda fraction: self._tell(step, NodeState.RUNNING, attempt, progress=fraction),
        )

    def _inputs(self, step: Step) -> dict[str, tuple[Value, ...]]:
        return {
            port: tuple(self._output(source.node, source.port) for source in sources)
            for port, sources in step.inputs.items()
        }

    def _output(self, node_id: str, port: str) -> Value:
        outputs = self._nodes[node_id].outputs or {}
        if port not in outputs:
            raise GraphError("VE-004", f"{node_id} gave no output {port!r}", node_id=node_id)
        return outputs[port]

    # -- what is told ----------------------------------------------------------------------

    def _tell(
        self,
        step: Step,
        state: NodeState,
        attempt: int,
        outcome: JobOutcome | None = None,
        progress: float = 0.0,
    ) -> None:
        node = self._nodes[step.node_id]
        if node.state.final:
            return  # a report of progress that was overtaken by the result
        node.state = state
        error = outcome.error.to_dict() if outcome is not None and outcome.error is not None else None
        self._emit(
            NodeReport(
                self.execution_id,
                step.node_id,
                state,
                progress=round(100 * progress, 2),
                attempt=attempt,
                worker_id=outcome.worker_id if outcome else None,
                why=self._why_dirty.get(step.node_id),
                error=error,
                at_ms=now_ms(),
            )
        )

    def _end(
        self,
        node_id: str,
        state: NodeState,
        *,
        outcome: JobOutcome | None = None,
        outputs: dict[str, Value] | None = None,
        attempt: int = 1,
        why: str | None = None,
    ) -> None:
        node = self._nodes[node_id]
        if node.state.final:
            return
        node.state = state
        node.outputs = outcome.outputs if state is NodeState.COMPLETED and outcome else outputs
        error: dict[str, Any] | None = None
        if outcome is not None and outcome.error is not None:
            error = {**outcome.error.to_dict(), "node_id": node_id}
        self._failed |= state is NodeState.FAILED
        self._emit(
            NodeReport(
                self.execution_id,
                node_id,
                state,
                progress=100.0 if state in (NodeState.COMPLETED, NodeState.CACHED) else 0.0,
                attempt=attempt,
                worker_id=outcome.worker_id or None if outcome else None,
                why=why or _why(self._why_dirty.get(node_id), outcome),
                error=error,
                outputs=node.outputs,
                at_ms=now_ms(),
            )
        )
        self._left -= 1
        self._advance(node)
        if self._left == 0:
            self._done.set()

    def _advance(self, node: _Node) -> None:
        """Start the consumers that are ready, or skip them if this node gave nothing."""
        for consumer in node.step.consumers:
            waiting = self._nodes[consumer]
            waiting.waiting_for -= 1
            if node.state is NodeState.FAILED or node.state is NodeState.SKIPPED:
                self._end(consumer, NodeState.SKIPPED, why=f"its input from {node.step.node_id} failed")
            elif node.state is not NodeState.CACHED or consumer in self._why_dirty:
                self._start_if_ready(consumer)


def _parents(step: Step) -> set[str]:
    return {source.node for sources in step.inputs.values() for source in sources}


def _why(dirty: str | None, outcome: JobOutcome | None) -> str | None:
    return "; ".join(part for part in (dirty, outcome.why if outcome else None) if part) or None


def _retry_delay_s(step: Step, attempt: int) -> float:
    if step.retry_delay_s is not None:
        return step.retry_delay_s
    return min(_FIRST_RETRY_DELAY_S * 2.0 ** (attempt - 1), _MAX_RETRY_DELAY_S)
