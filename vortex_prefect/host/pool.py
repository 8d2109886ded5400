"""The worker pool as a state machine without I/O: stimuli in, instructions out.

::

    starting ──connected──► ready ◄──job ended── busy
        │                     │ ──job assigned──► ▲
        └────── died ─────────┴──── died ─────────┘──► dead ──respawn due──► starting

A worker that dies comes back after a delay that doubles with each death that
follows without a finished job between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

_FIRST_DELAY_S = 0.0
_BASE_DELAY_S = 0.25
_MAX_DELAY_S = 30.0
_MAX_DOUBLINGS = 20


class WorkerState(StrEnum):
    """Where a worker is in its life. The number in an arena slot is the position here."""

    DEAD = "dead"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Worker:
    """What the pool knows of one worker. `pid`, `device` are null until it has introduced itself."""

    id: str
    index: int
    state: WorkerState = WorkerState.DEAD
    pid: int | None = None
    device: str | None = None
    job_id: str | None = None
    restarts: int = 0
    #: Deaths since the last finished job.
    deaths_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start the worker's process after `delay_s`."""

    worker_id: str
    delay_s: float


class Pool:
    """N workers. Not thread-safe: the runtime that drives it holds a lock."""

    def __init__(self, host_id: str, size: int) -> None:
        names = [f"{host_id}/{index}" for index in range(size)]
        self._workers = {name: Worker(name, index) for index, name in enumerate(names)}

    def workers(self) -> tuple[Worker, ...]:
        """All workers in order."""
        return tuple(self._workers.values())

    def worker(self, worker_id: str) -> Worker:
        """One worker.

        Raises:
            KeyError: no such worker.
        """
        return self._workers[worker_id]

    def start(self) -> list[Spawn]:
        """Bring up every dead worker at once."""
        return [self._spawn(worker, 0.0) for worker in self.workers() if worker.state is WorkerState.DEAD]

    def connected(self, worker_id: str, pid: int, device: str) -> bool:
        """A worker introduced itself; false if none of that name is being started."""
        worker = self._workers.get(worker_id)
        if worker is None or worker.state is not WorkerState.STARTING:
            return False
        self._set(worker, state=WorkerState.READY, pid=pid, device=device)
        return True

    def assign(self, job_id: str) -> Worker | None:
        """The ready worker that takes the job, now busy; null if none is ready."""
        ready = [worker for worker in self._workers.values() if worker.state is WorkerState.READY]
        if not ready:
            return None
        # The one that failed least is the likeliest to be well.
        chosen = min(ready, key=lambda worker: (worker.deaths_in_a_row, worker.index))
        return self._set(chosen, state=WorkerState.BUSY, job_id=job_id)

    def finished(self, worker_id: str) -> None:
        """The worker gave its result."""
        worker = self._workers[worker_id]
        if worker.state is WorkerState.BUSY:
            self._set(worker, state=WorkerState.READY, job_id=None, deaths_in_a_row=0)

    def died(self, worker_id: str) -> list[Spawn]:
        """The worker's process is gone; a death that is already known changes nothing."""
        worker = self._workers[worker_id]
        if worker.state is WorkerState.DEAD:
            return []
        deaths = worker.deaths_in_a_row + 1
        worker = self._set(
            worker, state=WorkerState.DEAD, pid=None, job_id=None, deaths_in_a_row=deaths, restarts=worker.restarts + 1
        )
        return [self._spawn(worker, respawn_delay_s(deaths))]

    def _spawn(self, worker: Worker, delay_s: float) -> Spawn:
        self._set(worker, state=WorkerState.STARTING)
        return Spawn(worker.id, delay_s)

    def _set(self, worker: Worker, **changes: object) -> Worker:
        changed = replace(worker, **changes)  # type: ignore[arg-type]
        self._workers[worker.id] = changed
        return changed


def respawn_delay_s(deaths_in_a_row: int) -> float:
    """Seconds before the next start: at once after one death, then 0.25 s doubling up to 30 s."""
    if deaths_in_a_row <= 1:
        return _FIRST_DELAY_S
    # Bounded before the power is taken: as a float it overflows at the 1,026th death.
    doublings = min(deaths_in_a_row - 2, _MAX_DOUBLINGS)
    return min(_BASE_DELAY_S * 2.0**doublings, _MAX_DELAY_S)
