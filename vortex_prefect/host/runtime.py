"""The host: one arena, N worker processes, and the way of a job to one of them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import HostReport
from vortex_prefect.files.environments import Environment, environments_in
from vortex_prefect.host.config import HostConfig
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.dispatcher import WORKER_PATIENCE_S, Dispatcher
from vortex_prefect.host.gateway import Gateway
from vortex_prefect.host.placement import Need
from vortex_prefect.host.process import WorkerCommand
from vortex_prefect.host.quarantine import Quarantine
from vortex_prefect.host.render import render
from vortex_prefect.host.round_trip import round_trips_us
from vortex_prefect.host.shelf import Shelf
from vortex_prefect.host.supervisor import Supervisor
from vortex_prefect.host.tensor_journal import TensorJournal
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.caretaker import Caretaker
from vortex_prefect.shm.checksum import ChecksumPolicy, Verifier
from vortex_prefect.shm.janitor import sweep
from vortex_prefect.shm.layout import SLOT_COUNT, Slot, SlotState
from vortex_prefect.wire.payloads import Welcome

logger = logging.getLogger(__name__)

#: What people call a worker's state → what stands in its slot.
_SLOT_STATES = {
    "starting": SlotState.STARTING,
    "joining": SlotState.STARTING,
    "ready": SlotState.IDLE,
    "busy": SlotState.BUSY,
    "suspect": SlotState.BUSY,
}


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
    #: See `HostMeasures.to_dict`.
    measures: dict[str, Any] = field(default_factory=dict)


def _tell_nobody(report: HostReport) -> None:
    """For those who do not want to know."""


class HostRuntime:
    """Owns everything that the host's jobs need. All methods may be called from any thread."""

    def __init__(self, config: HostConfig, on_event: Callable[[HostReport], None] = _tell_nobody) -> None:
        """Create the arena and listen; `start` brings the workers.

        Args:
            config: see there.
            on_event: told what happens to workers and tensors, from a thread of the host's; it must be quick.

        Raises:
            VortexError: WK-008 or SY-002, no arena or no socket can be made.
        """
        self.config = config
        self._lock = threading.Lock()
        self._beats = 0
        #: How many workers the arena's header tells of.
        self._slots = 0
        sweep(config.arena_path.parent)
        self._journal = TensorJournal(config.host_id, on_event)
        self._arena = Arena.create(
            config.arena_path,
            host=config.host_id,
            size_bytes=config.arena_bytes,
            budget_bytes=config.arena_budget_bytes,
            on_change=self._journal.note,
        )
        self._caretaker = Caretaker(self._arena)
        self._verifier = Verifier(ChecksumPolicy(config.checksums))
        socket_path = config.run_dir / "workers.sock"
        self._supervisor = Supervisor(
            config.host_id,
            replace(config.policy, size=config.workers, spares=config.spares),
            WorkerCommand(socket_path, config.log_dir, config.debug, config.packs_dir),
            _environments(config),
            _welcome(config),
            on_event,
            self._tick,
        )
        self._dispatcher = Dispatcher(
            self._supervisor,
            Shelf(self._arena.blocks, self._arena.segment.view),
            Quarantine(config.quarantine_after),
            choice=config.workers > 1,
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
        self._caretaker.start()
        self._supervisor.start()

    def close(self) -> None:
        """End the workers, free the arena, remove socket and file. Repeating does nothing."""
        with self._lock:
            if self._dispatcher.closing:
                return
            self._dispatcher.closing = True
        self._gateway.close()
        self._supervisor.close()
        self._caretaker.close()
        self._journal.flush()
        self._arena.close()

    def catalogue(self, timeout_s: float = WORKER_PATIENCE_S) -> Catalogue:
        """The node types of the first worker that introduced itself.

        Raises:
            WorkerError: WK-001, none has within `timeout_s`.
        """
        return self._supervisor.catalogue(timeout_s)

    def renew(self, timeout_s: float = WORKER_PATIENCE_S) -> Catalogue:
        """Replace all workers, since packs have changed; see `Supervisor.renew`.

        Raises:
            WorkerError: WK-001, no new one has introduced itself within `timeout_s`.
        """
        return self._supervisor.renew(_environments(self.config), timeout_s)

    # -- jobs ------------------------------------------------------------------------------

    def run(self, job: Job, ears: Ears | None = None) -> JobOutcome:
        """Run one job on a worker, blocking. A failure is the outcome's `error`, never raised."""
        return self.run_segment([job], ears)[0]

    def run_segment(self, jobs: Sequence[Job], ears: Ears | None = None) -> list[JobOutcome]:
        """See `Dispatcher.run_segment`."""
        return self._dispatcher.run_segment(jobs, ears or Ears())

    def cancel(self, execution_id: str) -> int:
        """See `Dispatcher.cancel`."""
        return self._dispatcher.cancel(execution_id)

    def round_trips_us(self, count: int) -> list[float]:
        """How long packets take to a worker and back, while it has no job: `count` of them, in microseconds.

        Raises:
            WorkerError: WK-001, there is no worker, or it was lost meanwhile.
        """
        attached, _ = self._supervisor.acquire(Need(), {}, WORKER_PATIENCE_S)
        try:
            if attached.channel is None:
                raise ChannelClosed("never opened")
            taken = round_trips_us(attached.channel, count)
        except ChannelClosed as closed:
            raise WorkerError("WK-001", f"the worker was lost: {self._dispatcher.discard(attached, None)}") from closed
        except BaseException as unfit:
            self._dispatcher.discard(attached, str(unfit))
            raise
        self._supervisor.release(attached)
        return taken

    # -- tensors ---------------------------------------------------------------------------

    def lookup(self, keys: Iterable[str], execution_id: str) -> dict[str, dict[str, Value]]:
        """Cached outputs of those content keys that are known; held until `release(execution_id)`."""
        return self._arena.blocks.lookup(keys, execution_id)

    def known(self, keys: Iterable[str]) -> list[str]:
        """Those of the content keys whose outputs are cached now; they may be gone a moment later."""
        return self._arena.blocks.known(keys)

    def pin(self, value: Value, *, keep: bool) -> bool | None:
        """Keep cached results however long nobody asks for them, or do so no longer.

        Returns:
            Whether it is kept now; null if it does not lie here, or no content key leads to it.

        Raises:
            WorkerError: WK-008, pinned blocks would take more than half of the arena.
        """
        try:
            keys = {key for ref in value.refs() for key in self._arena.blocks.keys_of(ref)}
        except WorkerError:
            return None
        change = self._arena.blocks.pin if keep else self._arena.blocks.unpin
        changed = [change(key) for key in sorted(keys)]
        return keep if changed else None

    def is_intact(self, value: Value) -> bool:
        """Whether everything in it lies here, as far as is known: that it was damaged may not have been noticed."""
        try:
            for ref in value.refs():
                self._arena.blocks.check(ref)
        except WorkerError:
            return False
        return True

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
        self._dispatcher.released(execution_id)
        self._arena.blocks.release(execution_id)

    def read(self, value: Value, format: str) -> tuple[bytes, str]:
        """A tensor's bytes and media type; see `EnginePort.read_value`."""
        if value.ref is None:
            raise WorkerError("WK-002", "the value is not a tensor")
        reader = new_id()
        self._arena.blocks.hold(value.ref, reader)
        try:
            message = self._arena.message(value.ref)
            try:
                self._verifier.verify(value.ref, message)
            except WorkerError:
                self._arena.blocks.condemn(value.ref)
                raise
            return render(value, message, format)
        finally:
            self._arena.blocks.release(reader)

    def statistics(self) -> HostStatistics:
        """Workers, jobs and the arena, as they are now."""
        return HostStatistics(
            self.config.host_id,
            self._supervisor.describe(),
            self._supervisor.spares(),
            self._dispatcher.jobs_done,
            self._supervisor.carried_bytes(),
            self._arena.statistics().to_dict(),
            self._dispatcher.measures.to_dict(),
        )

    # -- for those who look from outside ---------------------------------------------------

    def _tick(self) -> None:
        """About once a beat: tell of tensors, and write clock and workers' slots in the arena's header."""
        if self._arena.segment.closed:
            return
        self._journal.flush()
        self._beats += 1
        self._arena.segment.set_clock_tick(self._beats)
        workers = self._supervisor.describe()[:SLOT_COUNT]
        for index in range(len(workers), self._slots):
            self._arena.segment.set_slot(index, Slot())
        self._slots = len(workers)
        for index, worker in enumerate(workers):
            state = _SLOT_STATES.get(worker["state"], SlotState.DEAD)
            slot = Slot(state, generation=worker["restarts"] % (1 << 16), pid=worker["pid"] or 0)
            self._arena.segment.set_slot(index, slot)


def _environments(config: HostConfig) -> dict[str, Environment]:
    """Those of packs that can be used; why others cannot is logged."""
    found, faults = environments_in(config.packs_dir) if config.packs_dir is not None else ({}, [])
    for fault in faults:
        logger.warning("without %s", fault.message)
    return found


def _welcome(config: HostConfig) -> Welcome:
    return Welcome(
        config.host_id,
        str(config.arena_path),
        str(config.output_dir),
        str(config.state_dir),
        roots=config.roots,
        device=config.device,
        beat_ms=config.beat_ms,
        checksums=config.checksums,
        # Looking keeps the peer from running where there is one processor only.
        spin_us=config.spin_us if len(os.sched_getaffinity(0)) > 1 else 0,
    )
