"""Which worker gets a job, and why: a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Need:
    """What a job asks of its place."""

    #: `cpu`, `cuda`, …; null: anywhere.
    device: str | None = None
    #: Device memory that it takes, as far as that is known.
    memory_bytes: int = 0
    #: Worker → bytes of the inputs that it has at hand: it wrote or has checked them.
    at_hand: Mapping[str, int] = field(default_factory=dict)
    #: What it would have to load, if it is not there: models, say.
    residents: frozenset[str] = frozenset()
    #: The pack in whose environment it runs; empty: the base.
    environment: str = ""

    def takes(self, device: str) -> bool:
        """Whether a device is of the kind that it asks for."""
        return self.device is None or device.partition(":")[0] == self.device


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker as far as placement is concerned."""

    worker_id: str
    device: str
    #: Jobs that it has; it is free at 0.
    queued: int = 0
    #: Device memory that nobody holds; null where that is not known.
    free_bytes: int | None = None
    residents: frozenset[str] = frozenset()
    #: Deaths since the last job that it finished.
    deaths_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """Who gets it."""

    worker_id: str
    #: For a person.
    why: str


def place(need: Need, candidates: Sequence[Candidate]) -> Placement | None:
    """The best worker that is free; null if the job has to wait for one.

    In this order: enough memory, residents that need no loading, the queue, how well it has been, inputs
    at hand, and the most free memory.
    """
    fit = [worker for worker in candidates if need.takes(worker.device) and not worker.queued]
    if not fit:
        return None
    best = min(fit, key=lambda worker: _order(need, worker))
    return Placement(best.worker_id, _why(need, best, len(fit), len(candidates)))


def _order(need: Need, worker: Candidate) -> tuple[bool, int, int, int, int]:
    return (
        _lacks_memory(need, worker),
        -len(need.residents & worker.residents),
        # The one that failed least is the likeliest to be well.
        worker.deaths_in_a_row,
        -need.at_hand.get(worker.worker_id, 0),
        -(worker.free_bytes or 0),
    )


def _lacks_memory(need: Need, worker: Candidate) -> bool:
    return worker.free_bytes is not None and worker.free_bytes < need.memory_bytes


def _why(need: Need, worker: Candidate, free: int, all_workers: int) -> str:
    reasons = [f"{worker.device}: {free} of {all_workers} worker(s) free"]
    if found := need.residents & worker.residents:
        reasons.append(f"has {', '.join(sorted(found))} loaded")
    if nbytes := need.at_hand.get(worker.worker_id, 0):
        reasons.append(f"has {_size(nbytes)} of its inputs at hand")
    if _lacks_memory(need, worker):
        reasons.append(f"none has the {_size(need.memory_bytes)} that it may need")
    elif need.memory_bytes and worker.free_bytes is not None:
        reasons.append(f"has room for {_size(need.memory_bytes)}")
    return "; ".join(reasons)


def _size(nbytes: int) -> str:
    return f"{nbytes / (1 << 20):.1f} MiB" if nbytes < 1 << 30 else f"{nbytes / (1 << 30):.1f} GiB"
