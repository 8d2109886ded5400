"""The host: one arena, N worker processes, and the way of a job to one of them."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.host.conversation import Handlers, converse, ignore_line
from vortex_prefect.host.gateway import Gateway
from vortex_prefect.host.pool import Pool, Worker, WorkerState
from vortex_prefect.host.process import WorkerCommand, death_of, kill_worker, start_worker
from vortex_prefect.host.render import render
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import sweep
from vortex_prefect.shm.layout import SLOT_COUNT, Slot, SlotState
from vortex_prefect.wire.packets import Cancel, Hello, Progress, RoomGrant, Welcome, encode

logger = logging.getLogger(__name__)

#: How long a job waits for a worker that could take it.
_WORKER_PATIENCE_S = 120.0
#: A node that has not noticed a cancel by then is killed with its process.
_CANCEL_GRACE_S = 1.0
#: A process that has not introduced itself by then is started anew; torch alone may take a minute on a slow disk.
_START_LIMIT_S = 180.0
#: Memory that is made ready at start.
_WARM_BYTES = 256 << 20

_SLOT_STATES = {
    WorkerState.DEAD: SlotState.DEAD,
    WorkerState.STARTING: SlotState.STARTING,
    WorkerState.READY: SlotState.IDLE,
    WorkerState.BUSY: SlotState.BUSY,
}


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Where a host keeps its things, and how many workers it has."""

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


@dataclass(slots=True)
class _Attached:
    """A worker's live process and channel; both null while there is none."""

    process: subprocess.Popen[bytes] | None = None
    channel: UnixChannel | None = None


@dataclass(slots=True)
class _Running:
    """A job that a worker has."""

    job: Job
    worker_id: str
    #: The one that has the job; the worker's name may belong to its successor by the time this one is killed.
    process: subprocess.Popen[bytes]
    channel: UnixChannel
    cancelled: bool = False
    #: Kills the process if the job outlives its cancel.
    killer: threading.Timer | None = None


@dataclass(frozen=True, slots=True)
class HostStatistics:
    """A snapshot for people and metrics."""

    host_id: str
    workers: tuple[dict[str, Any], ...]
    jobs_done: int
    socket_bytes: int
    arena: dict[str, Any] = field(default_factory=dict)


class HostRuntime:
    """Owns everything that the host's jobs need. All methods may be called from any thread."""

    def __init__(self, config: HostConfig) -> None:
        """Create the arena and listen; `start` brings the workers.

        Raises:
            VortexError: WK-008 or SY-002, no arena or no socket can be made.
        """
        self.config = config
        self._lock = threading.Condition()
        self._pool = Pool(config.host_id, config.workers)
        self._attached = {worker.id: _Attached() for worker in self._pool.workers()}
        self._running: dict[str, _Running] = {}
        self._catalogue: Catalogue | None = None
        self._closing = threading.Event()
        self._jobs_done = 0
        self._socket_bytes = 0
        self._threads: list[threading.Thread] = []
        sweep(config.arena_path.parent)
        self._arena = Arena.create(
            config.arena_path,
            host=config.host_id,
            size_bytes=config.arena_bytes,
            budget_bytes=config.arena_budget_bytes,
        )
        welcome = Welcome(config.host_id, str(config.arena_path), str(config.output_dir), str(config.state_dir))
        self._socket_path = config.run_dir / "workers.sock"
        try:
            self._gateway = Gateway(self._socket_path, welcome, self._admit)
        except BaseException:
            self._arena.close()
            raise

    @property
    def arena(self) -> Arena:
        """The shared memory of this host."""
        return self._arena

    def start(self) -> None:
        """Start the workers; jobs that come before one is ready wait for it."""
        with self._lock:
            spawns = self._pool.start()
        warmer = threading.Thread(target=self._warm, name="vortex-warm", daemon=True)
        warmer.start()
        self._threads.append(warmer)
        for spawn in spawns:
            keeper = threading.Thread(target=self._keep, args=(spawn.worker_id,), name=f"keep-{spawn.worker_id}")
            keeper.daemon = True
            keeper.start()
            self._threads.append(keeper)

    def close(self) -> None:
        """End the workers, free the arena, remove socket and file. Repeating does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._gateway.close()
        with self._lock:
            processes = [attached.process for attached in self._attached.values() if attached.process]
            self._lock.notify_all()
        for process in processes:
            kill_worker(process)
        for thread in self._threads:
            thread.join()
        self._arena.close()

    def catalogue(self, timeout_s: float = _WORKER_PATIENCE_S) -> Catalogue:
        """The node types of the first worker that introduced itself.

        Raises:
            WorkerError: WK-001, none has within `timeout_s`.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: self._catalogue is not None or self._closing.is_set(), timeout_s):
                raise WorkerError("WK-001", f"no worker has started within {timeout_s:g} s; see {self.config.log_dir}")
            if self._catalogue is None:
                raise WorkerError("WK-001", "the host is closing")
            return self._catalogue

    def run(
        self, job: Job, on_progress: Callable[[Progress], None], on_log: Callable[[LogLine], None] = ignore_line
    ) -> JobOutcome:
        """Run one job on a worker, blocking. A failure is the outcome's `error`, never raised.

        What the node says is for `on_log`; the outcome has it not.
        """
        started_ms = now_ms()
        worker_id, why = "", ""
        try:
            self._check_inputs(job)
            running, why = self._take_worker(job)
            worker_id = running.worker_id
            outcome = self._run_on(running, on_progress, on_log)
            self._keep_outputs(job, outcome, worker_id)
        except VortexError as error:
            outcome = JobOutcome(job.job_id, error=error, started_ms=started_ms, finished_ms=now_ms())
        return replace(outcome, worker_id=worker_id, why=why)

    def cancel(self, execution_id: str) -> int:
        """Cancel an execution's running jobs; how many there were. Those that do not notice are killed."""
        with self._lock:
            found = [running for running in self._running.values() if running.job.execution_id == execution_id]
            for running in found:
                running.cancelled = True
                running.killer = running.killer or self._kill_later(running)
        for running in found:
            with contextlib.suppress(ChannelClosed):
                running.channel.send(encode(Cancel(running.job.job_id)))
        return len(found)

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
        with self._lock:
            workers = tuple(self._describe(worker) for worker in self._pool.workers())
            channels = [attached.channel for attached in self._attached.values() if attached.channel is not None]
            jobs_done = self._jobs_done
            socket_bytes = self._socket_bytes + sum(map(_carried, channels))
        return HostStatistics(self.config.host_id, workers, jobs_done, socket_bytes, self._arena.statistics().to_dict())

    def _describe(self, worker: Worker) -> dict[str, Any]:
        return {
            "id": worker.id,
            "pid": worker.pid,
            "host": self.config.host_id,
            "device": worker.device,
            "state": worker.state.value,
            "job": worker.job_id,
            "restarts": worker.restarts,
        }

    def _warm(self) -> None:
        """Pages that are touched for the first time are forty times slower: not while a job waits."""
        with contextlib.suppress(VortexError):
            self._arena.warm(_WARM_BYTES)

    # -- workers ---------------------------------------------------------------------------

    def _keep(self, worker_id: str) -> None:
        """Start the worker's process, wait for its death, and again; one thread a worker."""
        command = WorkerCommand(self._socket_path, self.config.log_dir, self.config.device, self.config.debug)
        index, delay_s = self._pool.worker(worker_id).index, 0.0
        while not self._closing.wait(delay_s):
            process = start_worker(command, worker_id, index)
            with self._lock:
                self._attached[worker_id].process = process
                closing = self._closing.is_set()
            if closing:
                kill_worker(process)
                return
            self._await_death(worker_id, process)
            delay_s = self._bury(worker_id, process)

    def _await_death(self, worker_id: str, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_START_LIMIT_S)
        with self._lock:
            silent = self._pool.worker(worker_id).state is WorkerState.STARTING
        if silent and process.poll() is None:
            logger.error("worker %s did not introduce itself within %g s", worker_id, _START_LIMIT_S)
            process.kill()
        process.wait()

    def _bury(self, worker_id: str, process: subprocess.Popen[bytes]) -> float:
        """Free what the dead worker held; seconds until its successor may start."""
        with self._lock:
            attached = self._attached[worker_id]
            if attached.channel is not None:
                self._socket_bytes += _carried(attached.channel)
                attached.channel.close()
            attached.process = attached.channel = None
            spawns = self._pool.died(worker_id)
            worker = self._pool.worker(worker_id)
            self._lock.notify_all()
        self._arena.blocks.drop_owner(worker_id)
        self._show(worker)
        if not self._closing.is_set():
            logger.warning("worker %s: %s", worker_id, death_of(process.returncode))
        return spawns[0].delay_s if spawns else 0.0

    def _admit(self, hello: Hello, catalogue: Catalogue, channel: UnixChannel) -> bool:
        with self._lock:
            attached = self._attached.get(hello.worker_id)
            ours = attached is not None and attached.process is not None and attached.process.pid == hello.pid
            if attached is None or not ours or not self._pool.connected(hello.worker_id, hello.pid, hello.device):
                return False
            attached.channel = channel
            self._catalogue = self._catalogue or catalogue
            worker = self._pool.worker(hello.worker_id)
            self._lock.notify_all()
        self._show(worker)
        return True

    def _show(self, worker: Worker) -> None:
        """Write the worker's slot in the arena's header, for those who look from outside."""
        with self._lock:
            if worker.index < SLOT_COUNT and not self._arena.segment.closed:
                slot = Slot(_SLOT_STATES[worker.state], generation=worker.restarts % (1 << 16), pid=worker.pid or 0)
                self._arena.segment.set_slot(worker.index, slot)

    # -- jobs ------------------------------------------------------------------------------

    def _check_inputs(self, job: Job) -> None:
        for values in job.inputs.values():
            for value in values:
                for ref in value.refs():
                    self._arena.blocks.check(ref)

    def _take_worker(self, job: Job) -> tuple[_Running, str]:
        deadline = time.monotonic() + _WORKER_PATIENCE_S
        with self._lock:
            while (worker := self._pool.assign(job.job_id)) is None:
                left_s = deadline - time.monotonic()
                if self._closing.is_set() or left_s <= 0:
                    raise WorkerError("WK-001", f"no worker has become ready; see {self.config.log_dir}")
                self._lock.wait(left_s)
            attached = self._attached[worker.id]
            if attached.channel is None or attached.process is None:  # ready implies both; they change under the lock
                raise WorkerError("WK-001", f"worker {worker.id} has no connection")
            running = _Running(job, worker.id, attached.process, attached.channel)
            self._running[job.job_id] = running
            ready = sum(other.state is WorkerState.READY for other in self._pool.workers())
        return running, f"{worker.device}: first of {ready + 1} ready worker(s) on the host that holds the inputs"

    def _run_on(
        self, running: _Running, on_progress: Callable[[Progress], None], on_log: Callable[[LogLine], None]
    ) -> JobOutcome:
        handlers = Handlers(lambda nbytes: self._room(nbytes, running.worker_id), on_progress, on_log)
        try:
            outcome = converse(running.channel, running.job, handlers)
        except ChannelClosed as closed:
            raise self._lost(running) from closed
        except WorkerError as unfit:
            _discard(running.process)
            raise self._cancelled(running) or unfit from unfit
        finally:
            with self._lock:
                self._running.pop(running.job.job_id, None)
                if running.killer is not None:
                    running.killer.cancel()
        with self._lock:
            self._jobs_done += 1
            self._pool.finished(running.worker_id)
            self._lock.notify_all()
        return outcome

    def _lost(self, running: _Running) -> WorkerError:
        _discard(running.process)
        if (cancelled := self._cancelled(running)) is not None:
            return cancelled
        died = death_of(running.process.returncode)
        return WorkerError("WK-001", f"worker {running.worker_id} was lost while it ran {running.job.node_id}: {died}")

    def _cancelled(self, running: _Running) -> WorkerError | None:
        if not running.cancelled:
            return None
        return WorkerError("WK-006", f"{running.job.node_id} did not notice the cancel; its worker was killed")

    def _kill_later(self, running: _Running) -> threading.Timer:
        timer = threading.Timer(_CANCEL_GRACE_S, self._kill_if_running, (running,))
        timer.daemon = True
        timer.start()
        return timer

    def _kill_if_running(self, running: _Running) -> None:
        with self._lock:
            if self._running.get(running.job.job_id) is running:
                running.process.kill()

    # -- outputs ---------------------------------------------------------------------------

    def _room(self, nbytes: int, worker_id: str) -> RoomGrant:
        try:
            block = self._arena.blocks.allocate(nbytes, worker_id)
        except WorkerError as full:
            return RoomGrant(error=full)
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def _keep_outputs(self, job: Job, outcome: JobOutcome, worker_id: str) -> None:
        """Seal what the worker wrote, hold it for the execution, and file it under its content key."""
        passed_on = {ref for values in job.inputs.values() for value in values for ref in value.refs()}
        try:
            for ref in (ref for value in outcome.outputs.values() for ref in value.refs()):
                if ref in passed_on:
                    self._arena.blocks.hold(ref, job.execution_id)
                else:
                    self._arena.blocks.seal(ref, owner=worker_id, holder=job.execution_id)
                    passed_on.add(ref)
            if job.key is not None and outcome.error is None:
                self._arena.blocks.remember(job.key, outcome.outputs)
        finally:
            # What a failed node was granted and did not hand over.
            self._arena.blocks.drop_owner(worker_id)


def _carried(channel: UnixChannel) -> int:
    return channel.bytes_sent + channel.bytes_received


def _discard(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker's process, if it lives still; its keeper starts another."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        # A process that is dying already keeps the status that says why.
        process.wait(0.5)
    kill_worker(process)
