"""The executor: runs one plan. There is no other; every way to run a graph leads here.

It starts at once and does not know Prefect. What happens is told to a listener
as reports, from which the recorder makes task runs and the bridge messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.reports import ExecutionStatus, NodeReport, NodeState
from vortex_prefect.engine.attempts import Attempts, Lanes, Limiter, Result, Work
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.graph.plan import Plan, Step

_CANCEL_REPEAT_S = 0.5


@dataclass(slots=True)
class _Node:
    """A step while the plan runs."""

    step: Step
    #: Parents that have not ended.
    waiting_for: int
    outputs: dict[str, Value] | None = None
    state: NodeState = NodeState.PENDING


class Executor:
    """One run of one plan. Create and use it on the Dask client's event loop.

    Args:
        round: counts the times that the execution was begun, from 1.
        limiter: asked before each attempt of a step that has tags; null: no limits.
        flights: shared by all executors of an engine, so that the same work
            asked for twice at once runs once; null: nothing is shared.
    """

    def __init__(
        self,
        execution_id: str,
        plan: Plan,
        lanes: Lanes,
        emit: Callable[[NodeReport], None],
        priority: int = 0,
        *,
        limiter: Limiter | None = None,
        round: int = 1,
        flights: InFlight | None = None,
    ) -> None:
        self.execution_id = execution_id
        self._plan = plan
        self._lanes = lanes
        self._emit = emit
        # Who forces wants its own results, and nobody is to wait for what they replace.
        self._flights = None if plan.force else flights
        self._attempts = Attempts(execution_id, lanes, priority, limiter, self._flights, round=round)
        self._nodes = {node_id: _Node(step, len(_parents(step))) for node_id, step in plan.steps.items()}
        self._why_dirty: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
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

    async def pause(self) -> None:
        """Start no node and no attempt until `resume`; what a host runs goes on. A cancel works all the same."""
        self._attempts.pause()

    async def resume(self) -> None:
        """Go on after `pause`."""
        self._attempts.resume()

    async def cancel(self) -> None:
        """Start nothing more, and end what runs."""
        if self._cancelled or self._done.is_set():
            return
        self._cancelled = True
        self._attempts.cancel()
        for node_id in self._nodes:
            if node_id not in self._tasks:
                self._end(node_id, Result(NodeState.CANCELLED, why="the execution was cancelled"))
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
        if self._flights is not None:
            self._attempts.known_at = self._flights.moment
        return await self._attempts.fetch(keys)

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
            self._end(node_id, Result(NodeState.CACHED, outputs or {}, why=why))

    # -- what runs -------------------------------------------------------------------------

    def _start_if_ready(self, node_id: str) -> None:
        node = self._nodes[node_id]
        ready = node.state is NodeState.PENDING and node.waiting_for == 0 and node_id not in self._tasks
        if ready and not self._cancelled:
            self._tasks[node_id] = asyncio.create_task(self._run_node(node_id), name=node_id)

    async def _run_node(self, node_id: str) -> None:
        step = self._nodes[node_id].step
        try:
            work = Work(step, self._inputs(step), step.key)
        except GraphError as error:
            self._end(node_id, Result(NodeState.FAILED, error=error))
            return
        self._end(node_id, await self._attempts.run(work, functools.partial(self._tell, step)))

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
        *,
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

    def _end(self, node_id: str, result: Result) -> None:
        node = self._nodes[node_id]
        if node.state.final:
            return
        node.state = result.state
        node.outputs = result.outputs
        self._failed |= result.state is NodeState.FAILED
        self._emit(
            NodeReport(
                self.execution_id,
                node_id,
                result.state,
                progress=100.0 if result.state in (NodeState.COMPLETED, NodeState.CACHED) else 0.0,
                attempt=result.attempt,
                worker_id=result.worker_id,
                why=self._why(node_id, result),
                error=None if result.error is None else {**result.error.to_dict(), "node_id": node_id},
                outputs=node.outputs,
                at_ms=now_ms(),
            )
        )
        self._left -= 1
        self._advance(node)
        if self._left == 0:
            self._done.set()

    def _why(self, node_id: str, result: Result) -> str | None:
        """Why it ran at all, and where; of what did not run, why not."""
        dirty = None if result.state in (NodeState.CACHED, NodeState.SKIPPED) else self._why_dirty.get(node_id)
        return "; ".join(part for part in (dirty, result.why) if part) or None

    def _advance(self, node: _Node) -> None:
        """Start the consumers that are ready, or skip them if this node gave nothing."""
        for consumer in node.step.consumers:
            waiting = self._nodes[consumer]
            waiting.waiting_for -= 1
            if node.state is NodeState.FAILED or node.state is NodeState.SKIPPED:
                why = f"its input from {node.step.node_id} failed"
                self._end(consumer, Result(NodeState.SKIPPED, why=why))
            elif node.state is not NodeState.CACHED or consumer in self._why_dirty:
                self._start_if_ready(consumer)


def _parents(step: Step) -> set[str]:
    return {source.node for sources in step.inputs.values() for source in sources}
