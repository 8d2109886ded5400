"""What the arena's books say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from vortex_prefect.shm.room import RoomStatistics


@dataclass(slots=True)
class Counts:
    """Since the start, and bytes of the cache now."""

    cached_bytes: int = 0
    #: Bytes of all blocks ever granted.
    granted_bytes: int = 0
    hits: int = 0
    hit_bytes: int = 0
    misses: int = 0
    evictions: int = 0
    evicted_bytes: int = 0
    condemned: int = 0


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """Counts of this moment; of hits, misses, evictions, grants and damage since the start."""

    #: The most that blocks may take.
    budget_bytes: int
    #: What of it is backed by memory.
    reserved_bytes: int
    #: What of that was touched, and is written at the speed of memory.
    warm_bytes: int
    #: What of it was not, as far as is known: the first write pays.
    cold_bytes: int
    #: Bytes of blocks that are being written, held or read.
    in_use_bytes: int
    #: Bytes of blocks that may be evicted.
    cached_bytes: int
    #: Of those in use, bytes of blocks that are kept until somebody unpins them.
    pinned_bytes: int
    #: Bytes that no block takes, of those that are handed out so far.
    free_bytes: int
    largest_free_bytes: int
    #: 0: all free bytes are in one piece; near 1: in many small ones.
    fragmentation: float
    blocks: int
    #: Pairs of a block and somebody who needs it.
    leases: int
    keys: int
    hits: int
    misses: int
    #: Of all keys asked for, how many were known; null before the first.
    hit_rate: float | None
    #: Bytes that need not be computed again.
    hit_bytes: int
    evictions: int
    evicted_bytes: int
    #: Bytes of all blocks ever granted.
    granted_bytes: int
    #: Blocks that were found damaged.
    condemned: int

    @classmethod
    def of(
        cls, counts: Counts, room: RoomStatistics, *, blocks: int, leases: int, keys: int, pinned_bytes: int
    ) -> BlockStatistics:
        """Put the parts together."""
        asked = counts.hits + counts.misses
        return cls(
            budget_bytes=room.budget_bytes,
            reserved_bytes=room.reserved_bytes,
            warm_bytes=room.warm_bytes,
            cold_bytes=room.reserved_bytes - room.warm_bytes,
            in_use_bytes=room.used_bytes - counts.cached_bytes,
            cached_bytes=counts.cached_bytes,
            pinned_bytes=pinned_bytes,
            free_bytes=room.free_bytes,
            largest_free_bytes=room.largest_free_bytes,
            fragmentation=1 - room.largest_free_bytes / room.free_bytes if room.free_bytes else 0.0,
            blocks=blocks,
            leases=leases,
            keys=keys,
            hits=counts.hits,
            misses=counts.misses,
            hit_rate=counts.hits / asked if asked else None,
            hit_bytes=counts.hit_bytes,
            evictions=counts.evictions,
            evicted_bytes=counts.evicted_bytes,
            granted_bytes=counts.granted_bytes,
            condemned=counts.condemned,
        )
