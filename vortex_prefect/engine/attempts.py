"""The way of one piece of work to its result: gate, shared work, limits, a lane, and again if it failed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import derived_id, new_trace_id, now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import NodeState
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.in_flight import Flight, InFlight
from vortex_prefect.engine.logs import failure_text
from vortex_prefect.engine.pace import Pace
from vortex_prefect.engine.retry import retry_delay_s
from vortex_prefect.engine.spans import SegmentSpans, node_span, note_attempt
from vortex_prefect.engine.work import Result, Say, Show, Tell, Work, say_nothing, show_nothing


class Lanes(Protocol):
    """What carries jobs to the hosts: a `LanePool`."""

    async def run(
        self,
        job: Job,
        priority: int,
        on_start: Callable[[], None],
        on_progress: Callable[[float], None],
        on_log: Callable[[LogLine], None],
        on_preview: Callable[[bytes], None],
    ) -> JobOutcome:
        """See `LanePool.run`."""

    async def run_segment(
        self,
        jobs: Sequence[Job],
        priority: int,
        on_start: Callable[[], None],
        on_progress: Sequence[Callable[[float], None]],
        on_log: Sequence[Callable[[LogLine], None]],
    ) -> list[JobOutcome]:
        """See `LanePool.run_segment`."""

    async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """See `LanePool.everywhere`."""

    async def capacity(self) -> int:
        """See `LanePool.capacity`."""


class Limiter(Protocol):
    """Keeps steps that share a tag from running all at once."""

    async def acquire(self, tags: tuple[str, ...]) -> AbstractAsyncContextManager[None]:
        """Wait for a place under every one of `tags`; leaving the context gives them back.

        May be cancelled while it waits, and then must have taken nothing.
        """


def _no_graph() -> None:
    """For those who have none."""


@dataclass(eq=False, slots=True)
class _Errand:
    """A piece of work on its way."""

    work: Work
    tell: Tell
    task: asyncio.Task[Any]
    attempt: int = 1
    flight: Flight | None = None
    #: No host has it: a cancel ends it here.
    waits: bool = True
    #: It waits for a limit or a lane: a pause sends it back.
    queued: bool = False
    sent_back: bool = False

    def of(self, work: Work) -> _Errand:
        """The same for another work."""
        return replace(self, work=work)


@dataclass(slots=True)
class Attempts:
    """Runs the work of one execution. Use it on the Dask client's event loop."""

    execution_id: str
    lanes: Lanes
    priority: int = 0
    limiter: Limiter | None = None
    #: Null: nobody follows, and nobody is followed.
    flights: InFlight | None = None
    #: Null: nobody keeps count of how long nodes take.
    pace: Pace | None = None
    #: `InFlight.moment` before the execution looked into the cache.
    known_at: int = 0
    #: Counts the times that the execution was begun, from 1; attempts are counted through all of them.
    round: int = 1
    say: Say = say_nothing
    show: Show = show_nothing
    #: The execution's span; each attempt is one under it.
    trace: TraceContext = field(default_factory=lambda: TraceContext(new_trace_id()))
    #: Gives the graph as it was drawn, for nodes that take it.
    graph_json: Callable[[], str | None] = _no_graph
    cancelled: bool = field(default=False, init=False)
    _errands: set[_Errand] = field(default_factory=set, init=False)
    _open: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._open.set()

    @property
    def paused(self) -> bool:
        """Whether the gate is closed."""
        return not self._open.is_set()

    def pause(self) -> None:
        """Start nothing more until `resume`; what a host has goes on, what waits for one is sent back.

        Nobody shall wait for work that stands still, so its flights are given up.
        """
        self._open.clear()
        for errand in self._errands:
            if errand.waits and errand.flight is not None:
                errand.flight.end(landed=False)
            if errand.queued and not errand.sent_back:
                errand.sent_back = True
                errand.task.cancel()

    def resume(self) -> None:
        """Go on."""
        self._open.set()

    def cancel(self) -> None:
        """End what no host has, now and later."""
        self.cancelled = True
        for errand in self._errands:
            if errand.waits:
                errand.task.cancel()

    async def run(self, work: Work, tell: Tell) -> Result:
        """Run it until it is done, or nothing can be done any more. Failures are results, never raised."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("work runs in a task")
        errand = _Errand(work, tell, task, self._attempts_before(work) + 1)
        self._errands.add(errand)
        try:
            return await self._run(errand)
        except asyncio.CancelledError:
            if not self.cancelled:
                raise
            task.uncancel()
            return _cancelled(errand.attempt)
        except VortexError as error:
            return Result(NodeState.FAILED, attempt=errand.attempt, error=error)
        except Exception as error:
            # A defect here must end the work, or the execution would wait for it for ever.
            failure = WorkerError("WK-003", f"the engine failed: {type(error).__name__}: {error}")
            return Result(NodeState.FAILED, attempt=errand.attempt, error=failure)
        finally:
            self._errands.discard(errand)
            if errand.flight is not None:
                errand.flight.end(landed=False)

    async def run_segment(self, works: Sequence[Work], tells: Sequence[Tell]) -> list[Result | None]:
        """Run short works on one host, each on what the one before gave; they have no tags and are not repeated.

        Args:
            tells: who hears of each. Its beginning is told only of one that tells its progress or takes long.

        Returns:
            A result for each, or null for those that are still to be run: all of them if a pause or a cancel came
            first or if somebody else is at the same work, and those after one that failed or took long.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("work runs in a task")
        if self.cancelled or self.paused or not self._all_ours(works):
            return [None] * len(works)
        errand = _Errand(works[0], _tell_nobody, task, self._attempts_before(works[0]) + 1)
        flights = self._lead(works)
        self._errands.add(errand)
        errand.queued = True
        try:
            outcomes = await self._segment(errand, works, tells)
            results = [self._settled(errand, outcome) for outcome in outcomes]
            for work, outcome, result in zip(works, outcomes, results, strict=False):
                self._note_pace(work, outcome)
                if result.state is NodeState.COMPLETED and work.key in flights:
                    flights[work.key].end(landed=True)
            return [*results, *[None] * (len(works) - len(results))]
        except asyncio.CancelledError:
            if not (self.cancelled or errand.sent_back):
                raise
            task.uncancel()
            return [None] * len(works)
        finally:
            self._errands.discard(errand)
            for flight in flights.values():
                flight.end(landed=False)

    async def _segment(self, errand: _Errand, works: Sequence[Work], tells: Sequence[Tell]) -> list[JobOutcome]:
        with SegmentSpans(self.trace, self.execution_id, [work.step for work in works], errand.attempt) as begun:
            pairs = zip(works, begun.traces, strict=True)
            jobs = [self._job(errand.of(work), trace, _links(work)) for work, trace in pairs]
            ears = [functools.partial(self.say, work, errand.attempt) for work in works]
            progress = [functools.partial(_tell_running, tell, errand.attempt) for tell in tells]
            outcomes = await self.lanes.run_segment(jobs, self.priority, lambda: self._on_start(errand), progress, ears)
            begun.note(outcomes)
            return outcomes

    async def fetch(self, keys: list[str]) -> dict[str, dict[str, Value]]:
        """Cached outputs of those keys that are known, held for this execution."""
        answers = await self.lanes.everywhere("vortex_lookup", keys=keys, execution_id=self.execution_id)
        # A tensor can only be read on its own host; the host that knows most of them wins.
        best: dict[str, Any] = max(answers.values(), key=len, default={})
        return {key: {port: Value.from_dict(value) for port, value in outputs.items()} for key, outputs in best.items()}

    async def _run(self, errand: _Errand) -> Result:
        while not self.cancelled:
            if self.paused:
                await self._open.wait()
            elif self.flights is not None and errand.work.key is not None and _leads_not(errand):
                if (shared := await self._share(errand, self.flights, errand.work.key)) is not None:
                    return shared
            elif (outcome := await self._attempt(errand)) is not None:
                if (result := self._judge(errand, outcome)) is not None:
                    return result
                errand.tell(NodeState.RETRYING, errand.attempt, outcome=outcome)
                tries = errand.attempt - self._attempts_before(errand.work)
                delay_s = retry_delay_s(errand.work.step, tries)
                self.say(errand.work, errand.attempt, _farewell(outcome, errand.attempt, delay_s))
                await asyncio.sleep(delay_s)
                errand.attempt += 1
        return _cancelled(errand.attempt)

    def _judge(self, errand: _Errand, outcome: JobOutcome) -> Result | None:
        """The result, or null if there is another attempt to come."""
        attempt, error = errand.attempt, outcome.error
        worker_id, why = outcome.worker_id or None, outcome.why or None
        if error is None:
            if errand.flight is not None:
                errand.flight.end(landed=True)
            return Result(NodeState.COMPLETED, outcome.outputs, attempt, worker_id, why)
        if self.cancelled or error.code == "WK-006":
            return Result(NodeState.CANCELLED, None, attempt, worker_id, why, error)
        if attempt - self._attempts_before(errand.work) > errand.work.step.retries or not error.info.retryable:
            return Result(NodeState.FAILED, None, attempt, worker_id, why, error)
        return None

    def _all_ours(self, works: Sequence[Work]) -> bool:
        """Whether nobody computes, or has just computed, any of it."""
        if self.flights is None:
            return True
        keys = [work.key for work in works if work.key is not None]
        taken = any(self.flights.on_the_way(key) or self.flights.landed_since(key, self.known_at) for key in keys)
        return not taken and len(set(keys)) == len(keys)

    def _lead(self, works: Sequence[Work]) -> dict[str | None, Flight]:
        if self.flights is None:
            return {}
        return {
            work.key: self.flights.lead(work.key, self.execution_id, work.step.node_id)
            for work in works
            if work.key is not None
        }

    def _note_pace(self, work: Work, outcome: JobOutcome) -> None:
        if self.pace is not None and outcome.error is None:
            self.pace.note(work.step.node_type, outcome)

    def _settled(self, errand: _Errand, outcome: JobOutcome) -> Result:
        """The result of a work that is not repeated."""
        judged = self._judge(errand, outcome)
        if judged is None:
            raise RuntimeError("a work of a segment is not repeated")
        return replace(judged, ran_ms=(outcome.started_ms, outcome.finished_ms))

    def _attempts_before(self, work: Work) -> int:
        return (self.round - 1) * (work.step.retries + 1)

    # -- shared work -----------------------------------------------------------------------

    async def _share(self, errand: _Errand, flights: InFlight, key: str) -> Result | None:
        """What somebody else computed; null once the errand leads the key itself, or is to look at the gate again."""
        flight = flights.on_the_way(key)
        if flight is not None:
            landed: Flight | None = flight if await flight.wait() else None
        else:
            landed = flights.landed_since(key, self.known_at)
        if landed is not None and (outputs := (await self.fetch([key])).get(key)) is not None:
            return Result(NodeState.CACHED, outputs, errand.attempt, why=self._whom(landed))
        if not self.paused and flights.on_the_way(key) is None:
            errand.flight = flights.lead(key, self.execution_id, errand.work.step.node_id)
        return None

    def _whom(self, flight: Flight) -> str:
        if flight.execution_id == self.execution_id:
            return f"computed by {flight.node_id} of this execution, which asks for the same"
        return f"computed by {flight.node_id} of execution {flight.execution_id}, which asked for the same"

    # -- one attempt -----------------------------------------------------------------------

    async def _attempt(self, errand: _Errand) -> JobOutcome | None:
        """What came of an attempt; null if a pause sent it back before it began."""
        work = errand.work
        with node_span(self.trace, self.execution_id, work.step, work.item, errand.attempt) as begun:
            outcome = await self._sent(errand, self._job(errand, begun.trace))
            note_attempt(begun, outcome)
            return outcome

    async def _sent(self, errand: _Errand, job: Job) -> JobOutcome | None:
        errand.queued = True
        try:
            async with self._limits(errand.work.step.tags):
                outcome = await self.lanes.run(
                    job,
                    self.priority,
                    on_start=lambda: self._on_start(errand),
                    on_progress=functools.partial(_tell_running, errand.tell, errand.attempt),
                    on_log=functools.partial(self.say, errand.work, errand.attempt),
                    on_preview=functools.partial(self.show, errand.work),
                )
            self._note_pace(errand.work, outcome)
            return outcome
        except asyncio.CancelledError:
            if not errand.sent_back or errand.task.uncancel() > 0:
                raise
            return None
        finally:
            errand.waits, errand.queued, errand.sent_back = True, False, False

    @contextlib.asynccontextmanager
    async def _limits(self, tags: tuple[str, ...]) -> AsyncIterator[None]:
        if self.limiter is None or not tags:
            yield
            return
        async with await self.limiter.acquire(tags):
            yield

    def _on_start(self, errand: _Errand) -> None:
        errand.waits = errand.queued = False
        errand.tell(NodeState.RUNNING, errand.attempt)

    def _job(self, errand: _Errand, trace: TraceContext, links: dict[str, tuple[str, ...]] | None = None) -> Job:
        work, step = errand.work, errand.work.step
        item = () if work.item is None else (f"[{work.item}]",)
        return Job(
            job_id=derived_id(self.execution_id, step.node_id, *item, str(errand.attempt)),
            execution_id=self.execution_id,
            node_id=step.node_id,
            node_type=step.node_type,
            attempt=errand.attempt,
            params=step.params,
            inputs=work.inputs,
            key=work.key,
            timeout_s=step.timeout_s,
            trace=trace,
            links=links or {},
            graph_json=self.graph_json() if step.spec.takes_graph else None,
        )


def _links(work: Work) -> dict[str, tuple[str, ...]]:
    """The ports that nothing has been put into yet: the work before will."""
    inputs = work.step.inputs.items()
    return {port: tuple([source.port for source in sources]) for port, sources in inputs if port not in work.inputs}


def _farewell(outcome: JobOutcome, attempt: int, delay_s: float) -> LogLine:
    """What is said of an attempt that another one follows."""
    why = failure_text(outcome.error.to_dict()) if outcome.error else ""
    return LogLine(
        logging.WARNING, f"attempt {attempt} failed, the next one begins in {delay_s:.1f} s: {why}", now_ms()
    )


def _tell_running(tell: Tell, attempt: int, fraction: float) -> None:
    tell(NodeState.RUNNING, attempt, progress=fraction)


def _tell_nobody(state: NodeState, attempt: int, *, outcome: JobOutcome | None = None, progress: float = 0.0) -> None:
    """That a lane is there for a segment does not say that its first node runs for long."""


def _leads_not(errand: _Errand) -> bool:
    return errand.flight is None or errand.flight.over


def _cancelled(attempt: int) -> Result:
    return Result(NodeState.CANCELLED, attempt=attempt, why="the execution was cancelled")
