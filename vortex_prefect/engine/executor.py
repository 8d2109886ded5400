"""The executor: runs one plan. There is no other; every way to run a graph leads here.

It starts at once and does not know Prefect. What happens is told to a listener
as reports, from which the recorder makes task runs and the bridge messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable

from vortex_prefect.core.errors import GraphError, VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.reports import ExecutionStatus, LogReport, NodeReport, NodeState, PreviewReport
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.attempts import Attempts, Lanes, Limiter
from vortex_prefect.engine.fan_out import ItemEvent
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.mending import Mender, lacks_inputs
from vortex_prefect.engine.node_reports import Heard, change_of_item, end_of_node
from vortex_prefect.engine.node_work import NodeWork, Tellers
from vortex_prefect.engine.pace import Pace
from vortex_prefect.engine.running_node import Inputs, RunningNode
from vortex_prefect.engine.segments import Segments
from vortex_prefect.engine.work import Result
from vortex_prefect.graph.keys import FileIdentity
from vortex_prefect.graph.lazy import LazyPort, not_asked_by
from vortex_prefect.graph.plan import Plan, Step

_CANCEL_REPEAT_S = 0.5


class Executor:
    """One run of one plan. Create and use it on the Dask client's event loop.

    Args:
        round: counts the times that the execution was begun, from 1.
        limiter: asked before each attempt of a step that has tags; null: no limits.
        flights: shared by all executors of an engine, so that the same work
            asked for twice at once runs once; null: nothing is shared.
        pace: shared by all executors of an engine; null: nothing is known to be short.
        file_identity: see `compile_plan`; asked, in a thread, for files that an
            edge names. Null: what reads them is not reused.
        trace: the execution's span; null: it has none, and its attempts share a trace of their own.
        graph_json: gives the graph as it was drawn, for nodes that take it; null: there is none.
    """

    def __init__(
        self,
        execution_id: str,
        plan: Plan,
        lanes: Lanes,
        emit: Callable[[NodeReport | LogReport | PreviewReport], None],
        priority: int = 0,
        *,
        limiter: Limiter | None = None,
        round: int = 1,
        flights: InFlight | None = None,
        file_identity: FileIdentity | None = None,
        pace: Pace | None = None,
        trace: TraceContext | None = None,
        graph_json: Callable[[], str | None] | None = None,
    ) -> None:
        self.execution_id = execution_id
        self._plan = plan
        self._lanes = lanes
        self._emit = emit
        # Who forces wants its own results, and nobody is to wait for what they replace.
        self._flights = None if plan.force else flights
        heard = Heard(execution_id, emit)
        self._attempts = Attempts(
            execution_id, lanes, priority, limiter, self._flights, pace, round=round, say=heard.say, show=heard.show
        )
        if trace is not None:
            self._attempts.trace = trace
        if graph_json is not None:
            self._attempts.graph_json = graph_json
        self._nodes = {node_id: RunningNode.of(step) for node_id, step in plan.steps.items()}
        self._inputs = Inputs(self._nodes)
        self._work = NodeWork(self._inputs, self._attempts, reuse=not plan.force, file_identity=file_identity)
        self._mender = Mender(self._nodes, self._inputs, self._work, lanes)
        self._segments = Segments(plan, self._nodes, self._inputs, pace or Pace())
        self._known: dict[str, dict[str, Value]] = {}
        self._why_dirty: dict[str, str] = {}
        #: Nodes that run only if somebody asks for them → who might.
        self._unasked: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._left = len(self._nodes)
        #: Nodes whose consumers have not heard of their end.
        self._ended: deque[RunningNode] = deque()
        self._advancing = False
        self._done = asyncio.Event()
        self._cancelled = False
        self._stopping: asyncio.Task[None] | None = None
        self._failed = False

    async def run(self) -> ExecutionStatus:
        """Run the plan to its end; how it ended. Node failures are reports, never raised."""
        try:
            self._known = await self._lookup()
            self._why_dirty = self._plan.dirty(self._known)
            self._unasked = self._plan.deferred(self._known)
            self._report_skipped()
            self._settle_clean()
            for node_id in self._plan.order:
                self._start_if_ready(node_id)
            self._check_done()
            await self._done.wait()
        finally:
            for task in (*self._tasks.values(), *([self._stopping] if self._stopping else [])):
                task.cancel()
            self._mender.cancel()
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

    def _settle_clean(self) -> None:
        for node_id in self._plan.order:
            if node_id not in self._why_dirty and node_id not in self._unasked:
                self._end_cached(node_id)

    def _end_cached(self, node_id: str) -> None:
        outputs = self._known.get(self._nodes[node_id].step.key or "")
        why = "in the cache" if outputs is not None else "all that was made of it is in the cache"
        self._end(node_id, Result(NodeState.CACHED, outputs or {}, why=why))

    # -- what is asked for only now --------------------------------------------------------

    def _decide(self, node_id: str) -> None:
        """Find out which lazy ports a node asks for, once that is known."""
        node = self._nodes[node_id]
        inputs = node.step.inputs
        if not node.undecided or any(inputs[lazy.param.name][0].node in node.waiting_for for lazy in node.undecided):
            return
        undecided, node.undecided = node.undecided, ()
        parents: set[str] = set()
        try:
            for lazy in undecided:
                (condition,) = inputs[lazy.param.name]
                if lazy.asked(node_id, self._nodes[condition.node].output(condition.port).data):
                    parents |= self._taken(node, lazy)
        except GraphError as error:
            self._end(node_id, Result(NodeState.FAILED, error=error))
            return
        node.waiting_for |= {parent for parent in parents if not self._nodes[parent].state.final}
        self._ask_for(sorted(parents))
        for parent in sorted(parents - node.waiting_for):
            self._skip_if_missing(node, parent)

    def _taken(self, node: RunningNode, lazy: LazyPort) -> set[str]:
        """The parents that feed a lazy port which the node turned out to ask for."""
        node_id, sources = node.step.node_id, node.step.inputs.get(lazy.port, ())
        if not sources and lazy.required:
            message = (
                f"{node_id} asks for {lazy.port}, since {lazy.param.name} is {lazy.value}, but nothing comes there"
            )
            raise GraphError("VE-007", message, node_id=node_id)
        node.left_out.discard(lazy.port)
        return {source.node for source in sources}

    def _ask_for(self, node_ids: Iterable[str]) -> None:
        """Run nodes that wait to be asked for, and all that they need."""
        asked: list[str] = []
        stack = list(node_ids)
        while stack:
            node_id = stack.pop()
            if self._unasked.pop(node_id, None) is None:
                continue
            if not self._plan.force and self._plan.is_known(node_id, self._known):
                self._end_cached(node_id)
                continue
            self._why_dirty[node_id] = self._plan.why(node_id, self._known)
            stack += self._nodes[node_id].waiting_for
            asked.append(node_id)
        for node_id in asked:
            self._start_if_ready(node_id)

    # -- what runs -------------------------------------------------------------------------

    def _start_if_ready(self, node_id: str) -> None:
        if node_id not in self._why_dirty or self._cancelled:
            return
        self._decide(node_id)
        node = self._nodes[node_id]
        if node.state is NodeState.PENDING and not node.waiting_for and node_id not in self._tasks:
            self._tasks[node_id] = asyncio.create_task(self._run_node(node_id), name=node_id)

    async def _run_node(self, node_id: str) -> None:
        node = self._nodes[node_id]
        segment = self._segments.from_here(node, self._why_dirty)
        if len(segment) > 1 and await self._run_segment(segment):
            return
        tellers = Tellers(
            functools.partial(self._tell, node.step),
            functools.partial(self._tell_item, node.step),
        )
        self._end(node_id, await self._mender.run(node, tellers))

    async def _run_segment(self, segment: list[RunningNode]) -> bool:
        """Run nodes that travel together; false if not even the first one ran."""
        task = self._tasks[segment[0].step.node_id]
        self._tasks |= {node.step.node_id: task for node in segment}
        try:
            tells = [functools.partial(self._tell, node.step) for node in segment]
            found = await self._attempts.run_segment(self._work.of_segment(segment), tells)
            # Alone, what such a node lacks is made again.
            results = [None if result is not None and lacks_inputs(result) else result for result in found]
        except VortexError:
            results = [None] * len(segment)  # alone, the node that is to blame will say what is wrong
        for node, result in zip(segment[1:], results[1:], strict=True):
            if result is None:
                del self._tasks[node.step.node_id]  # its time comes as if it had not been asked
        for node, result in zip(segment, results, strict=True):
            if result is not None:
                if node.state is not NodeState.RUNNING:
                    self._tell(node.step, NodeState.RUNNING, result.attempt, at_ms=result.ran_ms and result.ran_ms[0])
                self._end(node.step.node_id, result)
            elif self._cancelled and node is not segment[0]:
                self._end(node.step.node_id, Result(NodeState.CANCELLED, why="the execution was cancelled"))
        return results[0] is not None

    # -- what is told ----------------------------------------------------------------------

    def _tell(
        self,
        step: Step,
        state: NodeState,
        attempt: int,
        *,
        outcome: JobOutcome | None = None,
        progress: float = 0.0,
        items: dict[str, int] | None = None,
        at_ms: int | None = None,
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
                at_ms=at_ms or now_ms(),
                items=items,
            )
        )

    def _tell_item(self, step: Step, event: ItemEvent) -> None:
        self._emit(change_of_item(self.execution_id, step.node_id, event))

    def _end(self, node_id: str, result: Result) -> None:
        node = self._nodes[node_id]
        if node.state.final:
            return
        node.state = result.state
        node.outputs = result.outputs
        self._failed |= result.state is NodeState.FAILED
        self._emit(end_of_node(self.execution_id, node_id, result, self._why(node_id, result)))
        self._left -= 1
        self._unasked.pop(node_id, None)
        self._ended.append(node)
        self._advance()

    def _why(self, node_id: str, result: Result) -> str | None:
        """Why it ran at all, and where; of what did not run, why not."""
        dirty = None if result.state in (NodeState.CACHED, NodeState.SKIPPED) else self._why_dirty.get(node_id)
        return "; ".join(part for part in (dirty, result.why) if part) or None

    def _advance(self) -> None:
        """Tell the consumers of what has ended, which may end some of them at once, and so on."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._ended:
                node = self._ended.popleft()
                for consumer in node.step.consumers:
                    self._inform(consumer, node.step.node_id)
        finally:
            self._advancing = False
        self._check_done()

    def _inform(self, consumer: str, parent: str) -> None:
        """A parent has ended: start the consumer if it is ready, skip it if the parent gave nothing."""
        node = self._nodes[consumer]
        if parent not in node.waiting_for:
            return  # it is not asked for, or not yet
        node.waiting_for.discard(parent)
        if not self._skip_if_missing(node, parent):
            self._start_if_ready(consumer)

    def _skip_if_missing(self, node: RunningNode, parent: str) -> bool:
        if (why := self._inputs.missing(node, parent)) is not None:
            self._end(node.step.node_id, Result(NodeState.SKIPPED, why=why))
        return why is not None

    def _check_done(self) -> None:
        """All that was asked for has ended: skip the rest."""
        if self._left > len(self._unasked):
            return
        if self._unasked:
            self._skip_unasked()
        if self._left == 0:
            self._done.set()

    def _skip_unasked(self) -> None:
        """Of several nodes that might have asked, the nearest that ran is told."""
        asker = dict(self._unasked)
        for node_id in reversed(asker):
            for consumer in self._nodes[node_id].step.consumers:
                if consumer in self._why_dirty:
                    asker[node_id] = consumer
                elif consumer in asker:
                    asker[node_id] = asker[consumer]
        for node_id in reversed(asker):  # consumers first, so that none hears of its parents
            self._end(node_id, Result(NodeState.SKIPPED, why=not_asked_by(asker[node_id])))
