"""Lanes that play a script, and one execution over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import ExecutionStatus, LogReport, NodeReport, PreviewReport
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.attempts import Limiter
from vortex_prefect.engine.executor import Executor
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.pace import Pace
from vortex_prefect.graph.keys import FileIdentity
from vortex_prefect.graph.plan import Plan

RAISED = WorkerError("WK-003", "as told")
LOST = WorkerError("WK-001", "as told")

#: What an attempt does: fails, gives these outputs, or (null) runs until it is cancelled.
Act = VortexError | dict[str, Value] | None


class ScriptedLanes:
    """Completes every job with its node's name, unless `script` says otherwise.

    It has for a node an act for each attempt, or a function of the job.
    """

    def __init__(
        self, script: Mapping[str, list[Act] | Callable[[Job], Act]] | None = None, capacity: int = 100
    ) -> None:
        self.jobs: list[Job] = []
        #: Nodes that travelled together.
        self.segments: list[list[str]] = []
        #: Nodes that take longer than those in a segment should.
        self.slow: set[str] = set()
        self.called: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}
        #: execution → keys that it looked up and found.
        self.held: dict[str, set[str]] = {}
        #: What nodes say in each attempt.
        self.says: dict[str, list[LogLine]] = {}
        #: What nodes show in each attempt.
        self.shows: dict[str, list[bytes]] = {}
        #: Tensors that the host does not have any more.
        self.lost: set[TensorRef] = set()
        self.on_progress: dict[str, Callable[[float], None]] = {}
        self.started = asyncio.Event()
        #: Nodes whose jobs stay on their lane until the event is set.
        self.stuck: dict[str, asyncio.Event] = {}
        #: Cancels that hosts do not act on, since the job has not reached them.
        self.deaf = 0
        self.lanes = 2
        self._script: dict[str, list[Act] | Callable[[Job], Act]] = dict(script or {})
        self._places = asyncio.Semaphore(capacity)
        self._cancelled: dict[str, asyncio.Event] = {}

    async def run(
        self,
        job: Job,
        priority: int,
        on_start: Callable[[], None],
        on_progress: Callable[[float], None],
        on_log: Callable[[LogLine], None],
        on_preview: Callable[[bytes], None],
    ) -> JobOutcome:
        async with self._places:
            on_start()
            for line in self.says.get(job.node_id, ()):
                on_log(line)
            for jpeg in self.shows.get(job.node_id, ()):
                on_preview(jpeg)
            self.jobs.append(job)
            self.on_progress[job.node_id] = on_progress
            self.started.set()
            if job.node_id in self.stuck:
                await self.stuck[job.node_id].wait()
            outcome = await self._play(job)
            if job.key is not None and outcome.error is None:
                self.known[job.key] = {port: value.to_dict() for port, value in outcome.outputs.items()}
            return outcome

    async def run_segment(
        self,
        jobs: Sequence[Job],
        priority: int,
        on_start: Callable[[], None],
        on_progress: Sequence[Callable[[float], None]],
        on_log: Sequence[Callable[[LogLine], None]],
    ) -> list[JobOutcome]:
        self.segments.append([job.node_id for job in jobs])
        outcomes: list[JobOutcome] = []
        for job, progress, hear in zip(jobs, on_progress, on_log, strict=True):
            linked = job.linked(outcomes[-1].outputs) if outcomes else job
            if job.node_id in self.slow:
                progress(0.0)
            outcomes.append(await self.run(linked, priority, on_start, progress, hear, lambda _: None))
            if outcomes[-1].error is not None or job.node_id in self.slow:
                break
        return outcomes

    async def _play(self, job: Job) -> JobOutcome:
        acts = self._script.get(job.node_id, [])
        act: Act
        if not isinstance(acts, list):
            act = acts(job)
        else:
            act = acts[job.attempt - 1] if job.attempt <= len(acts) else {"image": Value("IMAGE", data=job.node_id)}
        if act is None:
            await self._cancelled.setdefault(job.execution_id, asyncio.Event()).wait()
            act = WorkerError("WK-006", "cancelled while it ran")
        if isinstance(act, VortexError):
            return JobOutcome(job.job_id, error=act, worker_id="w")
        return JobOutcome(job.job_id, act, worker_id="w", why="it was free")

    def free(self) -> None:
        """A place more."""
        self._places.release()

    async def capacity(self) -> int:
        return self.lanes

    async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
        self.called.append(operation)
        if operation == "vortex_lookup":
            found = {key: self.known[key] for key in arguments["keys"] if key in self.known}
            self.held.setdefault(arguments["execution_id"], set()).update(found)
            return {"host": found}
        if operation == "vortex_intact":
            refs = [list(Value.from_dict(value).refs()) for value in arguments["values"]]
            return {"host": [not self.lost.intersection(each) for each in refs]}
        if operation == "vortex_cancel" and self.called.count(operation) > self.deaf:
            self._cancelled.setdefault(arguments["execution_id"], asyncio.Event()).set()
        return {"host": None}


class Execution:
    """One executor, and what it told."""

    def __init__(
        self,
        subject: Plan,
        lanes: ScriptedLanes,
        execution_id: str = "e",
        *,
        limiter: Limiter | None = None,
        flights: InFlight | None = None,
        file_identity: FileIdentity | None = None,
        pace: Pace | None = None,
        trace: TraceContext | None = None,
        graph_json: Callable[[], str | None] | None = None,
    ) -> None:
        self.lanes = lanes
        self.items: list[NodeReport] = []
        self.reports: list[NodeReport] = []
        self.logs: list[LogReport] = []
        self.previews: list[PreviewReport] = []
        self.executor = Executor(
            execution_id,
            subject,
            lanes,
            self._hear,
            limiter=limiter,
            flights=flights,
            file_identity=file_identity,
            pace=pace,
            trace=trace,
            graph_json=graph_json,
        )

    def _hear(self, report: NodeReport | LogReport | PreviewReport) -> None:
        if isinstance(report, PreviewReport):
            self.previews.append(report)
        elif isinstance(report, LogReport):
            self.logs.append(report)
        else:
            (self.reports if report.item is None else self.items).append(report)

    async def run(self) -> ExecutionStatus:
        async with asyncio.timeout(10):
            return await self.executor.run()

    def states(self, node_id: str) -> list[str]:
        return [report.state.value for report in self.reports if report.node_id == node_id]

    def final(self) -> dict[str, str]:
        finals = [report for report in self.reports if report.state.final]
        assert len({report.node_id for report in finals}) == len(finals), "a node ended twice"
        return {report.node_id: report.state.value for report in finals}

    def last(self, node_id: str) -> NodeReport:
        return [report for report in self.reports if report.node_id == node_id][-1]

    def attempts(self, node_id: str) -> list[int]:
        return [job.attempt for job in self.lanes.jobs if job.node_id == node_id]


async def settled() -> None:
    """Every task of the loop that can go on has."""
    for _ in range(30):
        await asyncio.sleep(0)
