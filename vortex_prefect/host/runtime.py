"""The host: one arena, N worker processes, and the way of a job to one of them."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.host.at_hand import AtHand
from vortex_prefect.host.conversation import Ears, Handlers, converse
from vortex_prefect.host.crew import Attached
from vortex_prefect.host.gateway import Gateway
from vortex_prefect.host.placement import Need
from vortex_prefect.host.process import WorkerCommand
from vortex_prefect.host.quarantine import Quarantine
from vortex_prefect.host.render import render
from vortex_prefect.host.round_trip import round_trips_us
from vortex_prefect.host.supervision import Policy
from vortex_prefect.host.supervisor import Supervisor
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.job_spans import job_span, note_outcome
from vortex_prefect.ipc.tracing import Span
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import sweep
from vortex_prefect.shm.layout import SLOT_COUNT, Slot, SlotState
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import BATCH, Cancel, RoomGrant, Welcome

logger = logging.getLogger(__name__)

#: How long a job waits for a worker that could take it.
_WORKER_PATIENCE_S = 120.0
#: How long a job that ran out of memory waits to have its device for itself.
_ALONE_PATIENCE_S = 60.0
#: Memory that is made ready at start.
_WARM_BYTES = 256 << 20

#: What people call a worker's state → what stands in its slot.
_SLOT_STATES = {
    "starting": SlotState.STARTING,
    "joining": SlotState.STARTING,
    "ready": SlotState.IDLE,
    "busy": SlotState.BUSY,
    "suspect": SlotState.BUSY,
}


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Where a host keeps its things, and how it treats its workers."""

    host_id: str
    #: Holds the workers' socket.
    run_dir: Path
    log_dir: Path
    output_dir: Path
    #: Outlives the workers.
    state_dir: Path
    arena_path: Path
    arena_bytes: int
    arena_budget_bytes: int
    workers: int = 1
    device: str = "auto"
    debug: bool = False
    #: Beside `workers`: processes that have started and wait to take the place of one that dies.
    spares: int = 0
    #: How a worker is kept; `size` and `spares` come from here.
    policy: Policy = field(default_factory=lambda: Policy(1))
    #: Between two signs of life of a worker.
    beat_ms: int = 1000
    #: How long host and worker look for a packet before they sleep; 0: not at all.
    spin_us: int = 100
    #: Crashes in a row after which a node is not run for a while; 0: never.
    quarantine_after: int = 5


@dataclass(eq=False, slots=True)
class _Running:
    """Jobs that a worker has."""

    jobs: Sequence[Job]
    spans: Sequence[Span]
    attached: Attached
    why: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class HostStatistics:
    """A snapshot for people and metrics."""

    host_id: str
    workers: tuple[dict[str, Any], ...]
    #: Process ids of those that wait to take a worker's place.
    spares: tuple[int, ...]
    jobs_done: int
    socket_bytes: int
    arena: dict[str, Any] = field(default_factory=dict)


def _tell_nobody(report: WorkerReport) -> None:
    """For those who do not want to know."""


class HostRuntime:
    """Owns everything that the host's jobs need. All methods may be called from any thread."""

    def __init__(self, config: HostConfig, on_event: Callable[[WorkerReport], None] = _tell_nobody) -> None:
        """Create the arena and listen; `start` brings the workers.

        Args:
            config: see there.
            on_event: told what happens to workers, from a thread of the host's; it must be quick.

        Raises:
            VortexError: WK-008 or SY-002, no arena or no socket can be made.
        """
        self.config = config
        self._lock = threading.Lock()
        self._running: set[_Running] = set()
        self._closing = False
        self._jobs_done = 0
        self._quarantine = Quarantine(config.quarantine_after)
        self._at_hand = AtHand()
        self._warmer = threading.Thread(target=self._warm, name="vortex-warm", daemon=True)
        sweep(config.arena_path.parent)
        self._arena = Arena.create(
            config.arena_path,
            host=config.host_id,
            size_bytes=config.arena_bytes,
            budget_bytes=config.arena_budget_bytes,
        )
        socket_path = config.run_dir / "workers.sock"
        self._supervisor = Supervisor(
            config.host_id,
            replace(config.policy, size=config.workers, spares=config.spares),
            WorkerCommand(socket_path, config.log_dir, config.debug),
            _welcome(config),
            on_event,
            self._show_workers,
        )
        try:
            self._gateway = Gateway(socket_path, self._supervisor.admit)
        except BaseException:
            self._supervisor.close()
            self._arena.close()
            raise

    @property
    def arena(self) -> Arena:
        """The shared memory of this host."""
        return self._arena

    def start(self) -> None:
        """Start the workers; jobs that come before one is ready wait for it."""
        self._warmer.start()
        self._supervisor.start()

    def close(self) -> None:
        """End the workers, free the arena, remove socket and file. Repeating does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._gateway.close()
        self._supervisor.close()
        if self._warmer.ident is not None:
            self._warmer.join()
        self._arena.close()

    def catalogue(self, timeout_s: float = _WORKER_PATIENCE_S) -> Catalogue:
        """The node types of the first worker that introduced itself.

        Raises:
            WorkerError: WK-001, none has within `timeout_s`.
        """
        return self._supervisor.catalogue(timeout_s)

    # -- jobs ------------------------------------------------------------------------------

    def run(self, job: Job, ears: Ears | None = None) -> JobOutcome:
        """Run one job on a worker, blocking. A failure is the outcome's `error`, never raised."""
        return self.run_segment([job], ears)[0]

    def run_segment(self, jobs: Sequence[Job], ears: Ears | None = None) -> list[JobOutcome]:
        """Run jobs one after the other on one worker, each with what the one before gave (`Job.links`); blocking.

        They travel together, so that it costs one round trip.

        Args:
            jobs: one at least.
            ears: who hears what nodes say and show; the outcomes have it not.

        Returns:
            Their outcomes; after one that failed there are none, but always one at least.
        """
        ears = ears or Ears()
        outcomes: list[JobOutcome] = []
        while len(outcomes) < len(jobs) and not (outcomes and outcomes[-1].error):
            rest = list(jobs[len(outcomes) :])
            started_ms = now_ms()
            try:
                if outcomes:
                    rest[0] = rest[0].linked(outcomes[-1].outputs)
                outcomes += self._run_rest(rest, ears)
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
            with contextlib.suppress(ChannelClosed):
                for job in running.jobs:
                    running.attached.channel.send(encode(Cancel(job.job_id), job.trace))  # type: ignore[union-attr]
        return len(found)

    def round_trips_us(self, count: int) -> list[float]:
        """How long packets take to a worker and back, while it has no job: `count` of them, in microseconds.

        Raises:
            WorkerError: WK-001, there is no worker, or it was lost meanwhile.
        """
        attached, _ = self._supervisor.acquire(Need(), {}, _WORKER_PATIENCE_S)
        try:
            if attached.channel is None:
                raise ChannelClosed("never opened")
            taken = round_trips_us(attached.channel, count)
        except ChannelClosed as closed:
            raise WorkerError("WK-001", f"the worker was lost: {self._discard(attached, None)}") from closed
        except BaseException as unfit:
            self._discard(attached, str(unfit))
            raise
        self._supervisor.release(attached)
        return taken

    def _run_rest(self, jobs: list[Job], ears: Ears) -> list[JobOutcome]:
        self._check_inputs(jobs)
        now = time.monotonic()
        with self._lock:
            self._quarantine.check(_name(jobs[0]), now)
        attempt = self._attempt(jobs, ears, None)
        last = attempt[-1]
        if last.error is None or last.error.code != "WK-004" or not last.worker_id:
            return attempt
        job = jobs[len(attempt) - 1]
        linked = job.linked(attempt[-2].outputs) if len(attempt) > 1 else job
        return [*attempt[:-1], self._once_more_alone(linked, last, ears)]

    def _once_more_alone(self, job: Job, failed: JobOutcome, ears: Ears) -> JobOutcome:
        """What comes of a job that ran out of memory when it has its device for itself."""
        device = self._device_of(failed.worker_id)
        with self._supervisor.alone_on(device, _ALONE_PATIENCE_S) as token:
            if token is None:
                return failed
            logger.info("%s ran out of memory on %s; once more, alone", job.node_id, device)
            outcome = self._attempt([job], ears, token)[0]
        return replace(outcome, why=f"{outcome.why}; a second time, after it had run out of memory beside other jobs")

    def _device_of(self, worker_id: str) -> str:
        return next((str(w["device"]) for w in self._supervisor.describe() if w["id"] == worker_id), "")

    def _attempt(self, jobs: list[Job], ears: Ears, alone: object) -> list[JobOutcome]:
        running = self._take_worker(jobs, alone)
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
        return [replace(outcome, worker_id=running.attached.worker_id, why=running.why) for outcome in outcomes]

    def _take_worker(self, jobs: list[Job], alone: object) -> _Running:
        told = {
            job.job_id: {"execution_id": job.execution_id, "node_id": job.node_id, "job_id": job.job_id} for job in jobs
        }
        attached, why = self._supervisor.acquire(self._need(jobs[0]), told, _WORKER_PATIENCE_S, alone)
        together = jobs if BATCH in attached.capabilities else jobs[:1]
        spans = [job_span("host", job) for job in together]
        for span in spans:
            span.set("vortex.worker_id", attached.worker_id)
        traced = [replace(job, trace=span.trace) for job, span in zip(together, spans, strict=True)]
        running = _Running(traced, spans, attached, why)
        with self._lock:
            self._running.add(running)
        return running

    def _need(self, job: Job) -> Need:
        values = [value for values in job.inputs.values() for value in values]
        refs = [ref for value in values for ref in value.refs()]
        models = frozenset(str(value.data) for value in values if value.type == "MODEL")
        at_hand = self._at_hand.of(refs) if refs and self.config.workers > 1 else {}
        spec = self._supervisor.catalogue(_WORKER_PATIENCE_S).get(job.node_type)
        device = spec.device if spec else None
        return Need(device, memory_bytes=sum(ref.nbytes for ref in refs), at_hand=at_hand, residents=models)

    def _converse(self, running: _Running, outcomes: list[JobOutcome], ears: Ears) -> None:
        attached, supervisor = running.attached, self._supervisor
        channel = attached.channel
        if channel is None:
            raise RuntimeError("a worker without a channel was handed out")

        def result(outcome: JobOutcome) -> None:
            job = running.jobs[len(outcomes)]
            before = outcomes[-1].outputs if outcomes else {}
            self._keep_outputs(job, outcome, before, attached)
            outcomes.append(outcome)
            note_outcome(running.spans[len(outcomes) - 1], outcome)
            running.spans[len(outcomes) - 1].end()

        room = functools.partial(self._room, attached.lease)
        handlers = Handlers(room, result, ears, functools.partial(supervisor.beaten, attached))
        try:
            converse(channel, running.jobs, handlers)
        except ChannelClosed as closed:
            raise self._lost(running, len(outcomes), self._discard(attached, None)) from closed
        except BaseException as unfit:
            self._discard(attached, str(unfit))
            if running.cancelled:
                raise _killed(running, len(outcomes)) from unfit
            if isinstance(unfit, WorkerError) and unfit.code == "WK-005":
                unfit.message += f"; it last held {attached.beat.rss_bytes >> 20} MiB of memory"
            raise
        else:
            # What a node was granted and did not hand over; now, since the next job is granted more under that name.
            self._arena.blocks.drop_owner(attached.lease)
            supervisor.release(attached)
        finally:
            with self._lock:
                self._running.discard(running)
                self._jobs_done += len(outcomes)
                for job in running.jobs[: len(outcomes)]:
                    self._quarantine.finished(_name(job))

    def _discard(self, attached: Attached, why: str | None) -> str:
        died = self._supervisor.discard(attached, why)
        self._arena.blocks.drop_owner(attached.lease)
        return died

    def _lost(self, running: _Running, done: int, died: str) -> WorkerError:
        if running.cancelled:
            return _killed(running, done)
        job = running.jobs[done]
        if not self._closing:
            with self._lock:
                self._quarantine.crashed(_name(job), time.monotonic())
        code = "WK-004" if running.attached.starved else "WK-001"
        return WorkerError(code, f"worker {running.attached.worker_id} was lost while it ran {job.node_id}: {died}")

    # -- inputs and outputs ----------------------------------------------------------------

    def _check_inputs(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            for values in job.inputs.values():
                for value in values:
                    for ref in value.refs():
                        self._arena.blocks.check(ref)

    def _room(self, lease: str, nbytes: int) -> RoomGrant:
        try:
            block = self._arena.blocks.allocate(nbytes, lease)
        except WorkerError as full:
            return RoomGrant(error=full)
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def _keep_outputs(self, job: Job, outcome: JobOutcome, before: dict[str, Value], attached: Attached) -> None:
        """Seal what the worker wrote, hold it for the execution, and file it under its content key."""
        refs = [ref for value in outcome.outputs.values() for ref in value.refs()]
        if refs:
            self._hold_outputs(job, refs, before, attached)
        if job.key is not None and outcome.error is None:
            self._arena.blocks.remember(job.key, outcome.outputs)

    def _hold_outputs(self, job: Job, refs: list[TensorRef], before: dict[str, Value], attached: Attached) -> None:
        given = [value for values in job.inputs.values() for value in values]
        passed_on = {ref for value in (*given, *before.values()) for ref in value.refs()}
        try:
            for ref in refs:
                if ref in passed_on:
                    self._arena.blocks.hold(ref, job.execution_id)
                else:
                    self._arena.blocks.seal(ref, owner=attached.lease, holder=job.execution_id)
                    passed_on.add(ref)
        except WorkerError as error:
            raise WorkerError("WK-010", f"the worker gave a tensor that is none: {error.message}") from error
        if self.config.workers > 1:
            self._at_hand.note(attached.worker_id, passed_on)

    def lookup(self, keys: Iterable[str], execution_id: str) -> dict[str, dict[str, Value]]:
        """Cached outputs of those content keys that are known; held until `release(execution_id)`."""
        return self._arena.blocks.lookup(keys, execution_id)

    def known(self, keys: Iterable[str]) -> list[str]:
        """Those of the content keys whose outputs are cached now; they may be gone a moment later."""
        return self._arena.blocks.known(keys)

    def hold(self, value: Value, holder: str) -> str | None:
        """Keep a tensor, or those of a list, until `release(holder)`.

        Returns:
            The arena's path; null if some of it lies on another host.

        Raises:
            WorkerError: WK-002, a block is gone.
        """
        refs = list(value.refs())
        if any(ref.host != self.config.host_id for ref in refs):
            return None
        for ref in refs:
            self._arena.blocks.hold(ref, holder)
        return str(self.config.arena_path)

    def release(self, execution_id: str) -> None:
        """An execution, or another holder, has ended: what only it held may be evicted."""
        self._arena.blocks.release(execution_id)

    def read(self, value: Value, format: str) -> tuple[bytes, str]:
        """A tensor's bytes and media type; see `EnginePort.read_value`."""
        if value.ref is None:
            raise WorkerError("WK-002", "the value is not a tensor")
        reader = new_id()
        self._arena.blocks.hold(value.ref, reader)
        try:
            return render(value, self._arena.message(value.ref), format)
        finally:
            self._arena.blocks.release(reader)

    def statistics(self) -> HostStatistics:
        """Workers, jobs and the arena, as they are now."""
        return HostStatistics(
            self.config.host_id,
            self._supervisor.describe(),
            self._supervisor.spares(),
            self._jobs_done,
            self._supervisor.carried_bytes(),
            self._arena.statistics().to_dict(),
        )

    # -- for those who look from outside ---------------------------------------------------

    def _show_workers(self) -> None:
        """Write the workers' slots in the arena's header."""
        if self._arena.segment.closed:
            return
        for index, worker in enumerate(self._supervisor.describe()[:SLOT_COUNT]):
            state = _SLOT_STATES.get(worker["state"], SlotState.DEAD)
            slot = Slot(state, generation=worker["restarts"] % (1 << 16), pid=worker["pid"] or 0)
            self._arena.segment.set_slot(index, slot)

    def _warm(self) -> None:
        """Pages that are touched for the first time are forty times slower: not while a job waits."""
        with contextlib.suppress(VortexError):
            self._arena.warm(_WARM_BYTES)


def _welcome(config: HostConfig) -> Welcome:
    return Welcome(
        config.host_id,
        str(config.arena_path),
        str(config.output_dir),
        str(config.state_dir),
        device=config.device,
        beat_ms=config.beat_ms,
        # Looking keeps the peer from running where there is one processor only.
        spin_us=config.spin_us if len(os.sched_getaffinity(0)) > 1 else 0,
    )


def _name(job: Job) -> str:
    return f"{job.node_id} ({job.node_type})"


def _killed(running: _Running, done: int) -> WorkerError:
    return WorkerError("WK-006", f"{running.jobs[done].node_id} did not notice the cancel; its worker was killed")
