"""The life of a tensor's block (specification §4.2), as a table of transitions.

A worker is granted a block, writes it and reports it; from then on it is
sealed: immutable, and held by executions. When the last of them ends it stays
as cache, until somebody holds it again or its room is needed::

    ALLOCATED ──seal──► HELD ◄──hold── CACHED ──evict──► GONE
        │                 └─release─────►│
        └──discard──► GONE
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef


class BlockState(Enum):
    """Where a block is in its life."""

    #: Granted to a worker, which writes it.
    ALLOCATED = "allocated"
    #: Sealed, and held by at least one execution.
    HELD = "held"
    #: Sealed, and held by nobody.
    CACHED = "cached"
    #: Its bytes may be another's.
    GONE = "gone"


_TRANSITIONS: dict[tuple[BlockState, str], BlockState] = {
    (BlockState.ALLOCATED, "seal"): BlockState.HELD,
    (BlockState.ALLOCATED, "discard"): BlockState.GONE,
    (BlockState.HELD, "hold"): BlockState.HELD,
    (BlockState.HELD, "release"): BlockState.CACHED,
    (BlockState.CACHED, "hold"): BlockState.HELD,
    (BlockState.CACHED, "evict"): BlockState.GONE,
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
    #: How often somebody began to hold it.
    uses: int = 0

    def apply(self, action: str) -> None:
        """Take one step of the block's life.

        Raises:
            WorkerError: WK-002, the block is not in a state for it.
        """
        after = _TRANSITIONS.get((self.state, action))
        if after is None:
            raise WorkerError("WK-002", f"cannot {action} the block at {self.offset}: it is {self.state.value}")
        self.state = after
