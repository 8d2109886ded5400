"""The life of a tensor's block (specification §4.2), as a table of transitions.

A worker is granted a block, writes it and reports it; from then on it is
sealed: immutable, and held by executions. A worker that is given it to read
has a lease on it until its job has ended, whatever becomes of the execution.
When nobody holds or reads it any more it stays as cache, until it is used
again or its room is needed::

    ALLOCATED ─seal─► WRITTEN ─map─► MAPPED ─use─► IN_USE ─finish─► DONE
        │                │             ▲  ▲                          │ │
     discard          release          │  └───────────map────────────┘ │
        ▼                ▼             │                               │
    EVICTED ◄──evict── CACHED ───map───┘           ◄──────release──────┘

Beside the specification: what is cached may be held before anybody reads it,
and is DONE then; a reader may leave without having read; and a sealed block
whose bytes are not what its checksum says is QUARANTINED, and refused, until
the last who has it mapped lets go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef

#: Who reads: the lease of a worker process, and the job that it does.
Reader = tuple[str, str]


class BlockState(Enum):
    """Where a block is in its life."""

    #: Granted to a worker, which writes it.
    ALLOCATED = "allocated"
    #: Sealed; nobody has read it.
    WRITTEN = "written"
    #: Handed to a worker, whose job has not begun.
    MAPPED = "mapped"
    #: A job computes with it.
    IN_USE = "in_use"
    #: Held by somebody, and read by nobody.
    DONE = "done"
    #: Neither held nor read.
    CACHED = "cached"
    #: Damaged, and mapped by somebody still.
    QUARANTINED = "quarantined"
    #: Its bytes may be another's.
    EVICTED = "evicted"


_S = BlockState
TRANSITIONS: dict[tuple[BlockState, str], BlockState] = {
    (_S.ALLOCATED, "seal"): _S.WRITTEN,
    (_S.ALLOCATED, "discard"): _S.EVICTED,
    (_S.WRITTEN, "map"): _S.MAPPED,
    (_S.MAPPED, "use"): _S.IN_USE,
    (_S.IN_USE, "finish"): _S.DONE,
    (_S.DONE, "release"): _S.CACHED,
    (_S.CACHED, "map"): _S.MAPPED,
    (_S.CACHED, "evict"): _S.EVICTED,
    # Used again, before or while somebody else does.
    (_S.DONE, "map"): _S.MAPPED,
    (_S.MAPPED, "map"): _S.MAPPED,
    (_S.IN_USE, "map"): _S.IN_USE,
    (_S.IN_USE, "use"): _S.IN_USE,
    # Not read after all.
    (_S.MAPPED, "finish"): _S.DONE,
    (_S.WRITTEN, "release"): _S.CACHED,
    # Held beyond its maker's execution, or again.
    (_S.WRITTEN, "hold"): _S.WRITTEN,
    (_S.MAPPED, "hold"): _S.MAPPED,
    (_S.IN_USE, "hold"): _S.IN_USE,
    (_S.DONE, "hold"): _S.DONE,
    (_S.CACHED, "hold"): _S.DONE,
    # Found damaged.
    **{(state, "condemn"): _S.QUARANTINED for state in (_S.WRITTEN, _S.MAPPED, _S.IN_USE, _S.DONE, _S.CACHED)},
    (_S.QUARANTINED, "condemn"): _S.QUARANTINED,
    (_S.QUARANTINED, "use"): _S.QUARANTINED,
    (_S.QUARANTINED, "finish"): _S.QUARANTINED,
    (_S.QUARANTINED, "release"): _S.EVICTED,
}


@dataclass(slots=True, eq=False)
class Block:
    """One extent of the arena and who needs it. Only the table changes it."""

    offset: int
    #: Never 0; tells this block from earlier ones at the same offset.
    generation: int
    #: Bytes of the extent, a multiple of 64.
    nbytes: int
    #: Worker that may write it, until it is sealed.
    owner: str
    state: BlockState = BlockState.ALLOCATED
    #: What lies in it; null until it is sealed.
    ref: TensorRef | None = None
    holders: set[str] = field(default_factory=set)
    readers: set[Reader] = field(default_factory=set)
    #: How often somebody began to hold it.
    uses: int = 0
    #: What it would take to make it again, in milliseconds.
    cost_ms: float = 0.0

    @property
    def needed(self) -> bool:
        """Whether anybody holds or reads it."""
        return bool(self.holders or self.readers)

    def apply(self, action: str) -> None:
        """Take one step of the block's life.

        Raises:
            WorkerError: WK-002, the block is not in a state for it.
        """
        after = TRANSITIONS.get((self.state, action))
        if after is None:
            raise WorkerError("WK-002", f"cannot {action} the block at {self.offset}: it is {self.state.value}")
        self.state = after
