"""The way of jobs to a worker and back."""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.models import instance_name, resident_name
from vortex_prefect.core.nodespec import NodeSpec, check_param, coerce_param
from vortex_prefect.host.at_hand import AtHand
from vortex_prefect.host.conversation import Ears, Handlers, converse
from vortex_prefect.host.crew import Attached
from vortex_prefect.host.measures import HostMeasures
from vortex_prefect.host.placement import Need
from vortex_prefect.host.quarantine import Quarantine
from vortex_prefect.host.shelf import Shelf, refs_into
from vortex_prefect.host.supervisor import Supervisor
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.job_spans import job_span, note_outcome
from vortex_prefect.ipc.tracing import Span
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import BATCH, Cancel

logger = logging.getLogger(__name__)

#: How long a job waits for a worker that could take it.
WORKER_PATIENCE_S = 120.0
#: How long a job that ran out of memory waits to have its device for itself.
_ALONE_PATIENCE_S = 60.0


@dataclass(eq=False, slots=True)
class _Order:
    """Jobs that somebody asked for."""

    execution_id: str
    #: The execution has ended for whoever waited for it: nobody releases what still comes.
    released: bool = False
    #: One took long: those behind it are left to whoever asked.
    left: bool = False


@dataclass(eq=False, slots=True)
class _Running:
    """Jobs that a worker has."""

    order: _Order
    jobs: Sequence[Job]
    spans: Sequence[Span]
    attached: Attached
    why: str
    cancelled: bool = False


class Dispatcher:
    """Runs jobs on the workers of one host. Its methods may be called from any thread.

    Args:
        supervisor: hands out workers.
        shelf: what jobs take and leave.
        quarantine: which nodes are not run.
        choice: whether there is more than one worker.

    Attributes:
        jobs_done: how many jobs a worker gave a result of.
        measures: how long their way took.
        closing: workers are lost because the host ends.
    """

    def __init__(self, supervisor: Supervisor, shelf: Shelf, quarantine: Quarantine, *, choice: bool) -> None:
        self._supervisor = supervisor
        self._shelf = shelf
        self._quarantine = quarantine
        self._choice = choice
        self._at_hand = AtHand()
        self._lock = threading.Lock()
        self._orders: set[_Order] = set()
        self._running: set[_Running] = set()
        self.jobs_done = 0
        self.measures = HostMeasures()
        self.closing = False

    def run_segment(self, jobs: Sequence[Job], ears: Ears) -> list[JobOutcome]:
        """Run jobs one after the other on one worker, each with what the one before gave (`Job.links`); blocking.

        They travel together, so that it costs one round trip.

        Args:
            jobs: one at least.
            ears: who hears what nodes say and show; the outcomes have it not.

        Returns:
            Their outcomes; after one that failed or took long (`TOGETHER_S`) there are none, but always one at least.
        """
        order = _Order(jobs[0].execution_id)
        with self._lock:
            self._orders.add(order)
        try:
            return self._run_order(order, jobs, ears)
        finally:
            with self._lock:
                self._orders.discard(order)

    def _run_order(self, order: _Order, jobs: Sequence[Job], ears: Ears) -> list[JobOutcome]:
        outcomes: list[JobOutcome] = []
        while len(outcomes) < len(jobs) and not (outcomes and (outcomes[-1].error or order.left)):
            rest = list(jobs[len(outcomes) :])
            started_ms = now_ms()
            try:
                if outcomes:
                    rest[0] = rest[0].linked(outcomes[-1].outputs)
                outcomes += self._run_rest(order, rest, ears)
            except VortexError as error:
                outcomes.append(JobOutcome(rest[0].job_id, error=error, started_ms=started_ms, finished_ms=now_ms()))
        return outcomes

    def cancel(self, execution_id: str) -> int:
        """Cancel an execution's running jobs; how many there were. Those that do not notice are killed."""
        with self._lock:
            found = [running for running in self._running if running.jobs[0].execution_id == execution_id]
            for running in found:
                running.cancelled = True
        for running in found:
            self._supervisor.cancelled(running.attached)
            if (channel := running.attached.channel) is not None:
                with contextlib.suppress(ChannelClosed):
                    for job in running.jobs:
                        channel.send(encode(Cancel(job.job_id), job.trace))
        return len(found)

    def released(self, execution_id: str) -> None:
        """An execution has ended; if jobs of it are still to run, what they give is cached, and held by nobody."""
        with self._lock:
            for order in self._orders:
                order.released |= order.execution_id == execution_id

    def _run_rest(self, order: _Order, jobs: list[Job], ears: Ears) -> list[JobOutcome]:
        self._shelf.check_inputs(jobs)
        now = time.monotonic()
        with self._lock:
            self._quarantine.check(_name(jobs[0]), now)
            # Of one further back it is said when its turn comes.
            jobs = list(itertools.takewhile(lambda job: not self._quarantine.holds(_name(job), now), jobs))
        attempt, device = self._attempt(order, jobs, ears, None)
        last = attempt[-1]
        if last.error is None or last.error.code != "WK-004":
            return attempt
        job = jobs[len(attempt) - 1]
        linked = job.linked(attempt[-2].outputs) if len(attempt) > 1 else job
        return [*attempt[:-1], self._once_more_alone(order, linked, last, device, ears)]

    def _once_more_alone(self, order: _Order, job: Job, failed: JobOutcome, device: str, ears: Ears) -> JobOutcome:
        """What comes of a job that ran out of memory when it has its device for itself."""
        with self._supervisor.alone_on(device, _ALONE_PATIENCE_S) as token:
            if token is None:
                return failed
            logger.info("%s ran out of memory on %s; once more, alone", job.node_id, device)
            try:
                (outcome,), _ = self._attempt(order, [job], ears, token)
            except VortexError:  # no worker came back for it
                return failed
        return replace(outcome, why=f"{outcome.why}; a second time, after it had run out of memory beside other jobs")

    def _attempt(self, order: _Order, jobs: list[Job], ears: Ears, alone: object) -> tuple[list[JobOutcome], str]:
        """What comes of jobs on one worker, and the device that it computes on."""
        running = self._take_worker(order, jobs, alone)
        outcomes: list[JobOutcome] = []
        started_ms = now_ms()
        try:
            self._converse(running, outcomes, ears)
        except VortexError as error:
            job_id = running.jobs[len(outcomes)].job_id
            outcomes.append(JobOutcome(job_id, error=error, started_ms=started_ms, finished_ms=now_ms()))
            note_outcome(running.spans[len(outcomes) - 1], outcomes[-1])
        finally:
            for span in running.spans:
                span.end()
        attached = running.attached
        told = [replace(outcome, worker_id=attached.worker_id, why=running.why) for outcome in outcomes]
        return told, attached.device

    def _take_worker(self, order: _Order, jobs: list[Job], alone: object) -> _Running:
        told = {
            job.job_id: {"execution_id": job.execution_id, "node_id": job.node_id, "job_id": job.job_id} for job in jobs
        }
        attached, why = self._supervisor.acquire(self._need(jobs[0]), told, WORKER_PATIENCE_S, alone)
        together = self._together(jobs) if BATCH in attached.capabilities else jobs[:1]
        spans = [job_span("host", job) for job in together]
        for span in spans:
            span.set("vortex.worker_id", attached.worker_id)
        traced = [replace(job, trace=span.trace) for job, span in zip(together, spans, strict=True)]
        running = _Running(order, traced, spans, attached, why)
        try:
            self._shelf.hand_over(traced, attached.lease)
            self._shelf.begin(traced[0], {}, attached.lease)
        except WorkerError:
            # Gone while the job waited for a worker, which is as fit as before.
            self._shelf.end(attached.lease)
            self._supervisor.release(attached)
            raise
        with self._lock:
            self._running.add(running)
        return running

    def _together(self, jobs: list[Job]) -> list[Job]:
        """Those that can travel with the first: jobs of one environment."""
        where = self._supervisor.environment_of
        first = where(jobs[0].node_type)
        return list(itertools.takewhile(lambda job: where(job.node_type) == first, jobs))

    def _need(self, job: Job) -> Need:
        values = [value for values in job.inputs.values() for value in values]
        refs = [ref for value in values for ref in value.refs()]
        models = frozenset(resident_name(value.data) for value in values if value.type == "MODEL")
        at_hand = self._at_hand.of(refs) if refs and self._choice else {}
        spec = self._supervisor.catalogue(WORKER_PATIENCE_S).get(job.node_type)
        device = spec.device if spec else None
        if spec is not None and spec.instance is not None:
            models |= {_instance_of(spec, spec.instance, job)}
        environment = self._supervisor.environment_of(job.node_type)
        nbytes = sum(ref.nbytes for ref in refs)
        return Need(device, memory_bytes=nbytes, at_hand=at_hand, residents=models, environment=environment)

    def _converse(self, running: _Running, outcomes: list[JobOutcome], ears: Ears) -> None:
        attached, supervisor = running.attached, self._supervisor
        channel = attached.channel
        if channel is None:
            raise RuntimeError("a worker without a channel was handed out")

        def result(outcome: JobOutcome) -> None:
            job = running.jobs[len(outcomes)]
            before = outcomes[-1].outputs if outcomes else {}
            if outcome.error is not None and outcome.error.code == "WK-007":
                self._shelf.condemn_damaged(job, before)
            self._shelf.keep_outputs(job, outcome, before, attached.lease, released=running.order.released)
            if len(outcomes) + 1 < len(running.jobs) and outcome.error is None:
                self._shelf.begin(running.jobs[len(outcomes) + 1], outcome.outputs, attached.lease)
            self._note_at_hand(attached.worker_id, job, outcome)
            outcomes.append(outcome)
            supervisor.done(outcome.job_id)
            note_outcome(running.spans[len(outcomes) - 1], outcome)
            running.spans[len(outcomes) - 1].end()

        alone = len(running.jobs) == 1

        def timed(outcome: JobOutcome, elapsed_ns: int) -> None:
            self.measures.note_job(outcome.times, elapsed_ns, alone=alone)

        room = functools.partial(self._shelf.room, attached.lease)
        handlers = Handlers(room, result, ears, functools.partial(supervisor.beaten, attached), timed)
        try:
            running.order.left |= converse(channel, running.jobs, handlers)
        except ChannelClosed as closed:
            raise self._lost(running, len(outcomes), self.discard(attached, None)) from closed
        except BaseException as unfit:
            self.discard(attached, str(unfit))
            if running.cancelled:
                raise _killed(running, len(outcomes)) from unfit
            if isinstance(unfit, WorkerError) and unfit.code == "WK-005":
                unfit.message += f"; it last held {attached.beat.rss_bytes >> 20} MiB of memory"
            raise
        else:
            # What a node was granted and did not hand over; now, since the next job is granted more under that name.
            self._shelf.end(attached.lease)
            supervisor.release(attached)
        finally:
            with self._lock:
                self._running.discard(running)
                self.jobs_done += len(outcomes)
                for job in running.jobs[: len(outcomes)]:
                    self._quarantine.finished(_name(job))

    def discard(self, attached: Attached, why: str | None) -> str:
        """End a worker, and free what it held; how it died. See `Supervisor.discard`."""
        died = self._supervisor.discard(attached, why)
        self._shelf.end(attached.lease)
        return died

    def _note_at_hand(self, worker_id: str, job: Job, outcome: JobOutcome) -> None:
        if self._choice:
            self._at_hand.note(worker_id, refs_into(job))
            self._at_hand.note(worker_id, [ref for value in outcome.outputs.values() for ref in value.refs()])

    def _lost(self, running: _Running, done: int, died: str) -> WorkerError:
        if running.cancelled:
            return _killed(running, done)
        job = running.jobs[done]
        if not self.closing:
            with self._lock:
                self._quarantine.crashed(_name(job), time.monotonic())
        code = "WK-004" if running.attached.starved else "WK-001"
        return WorkerError(code, f"worker {running.attached.worker_id} was lost while it ran {job.node_id}: {died}")


def _instance_of(spec: NodeSpec, names: Sequence[str], job: Job) -> str:
    """The name under which a worker keeps what the job needs, if it has it."""
    made_of = {}
    for name in names:
        driven, param = job.inputs.get(name), spec.param(name)
        if param is not None:
            value = driven[0].data if driven else job.params.get(name, param.default)
            # What is no value of its type is the worker's to refuse.
            made_of[name] = coerce_param(param, value) if check_param(param, value) is None else None
        elif driven:
            made_of[name] = driven[0].data
    return instance_name(f"{spec.type}@{spec.version}", made_of)


def _name(job: Job) -> str:
    return f"{job.node_id} ({job.node_type})"


def _killed(running: _Running, done: int) -> WorkerError:
    return WorkerError("WK-006", f"{running.jobs[done].node_id} did not notice the cancel; its worker was killed")
