"""Which cached block goes first."""

from __future__ import annotations

from sortedcontainers import SortedSet


class LfuOrder:
    """Least frequently used first, with dynamic ageing (LFU-DA).

    M. Arlitt et al., "Evaluating content management techniques for Web proxy
    caches", 1999: a block's priority is its number of uses plus the cache's
    age when it came in, and the age is the priority of the last one evicted.
    Without ageing, what was popular yesterday would never leave.
    """

    def __init__(self) -> None:
        #: (priority, tick, offset): among equals, who came in first.
        self._order: SortedSet = SortedSet()
        self._rank: dict[int, tuple[int, int, int]] = {}
        self._age = 0
        self._tick = 0

    def __len__(self) -> int:
        return len(self._rank)

    def __contains__(self, offset: int) -> bool:
        return offset in self._rank

    def add(self, offset: int, uses: int) -> None:
        """Line up the block at `offset`, which is not in the order."""
        self._tick += 1
        rank = (self._age + uses, self._tick, offset)
        self._rank[offset] = rank
        self._order.add(rank)

    def discard(self, offset: int) -> None:
        """Take a block out of the order, because it is used again."""
        if rank := self._rank.pop(offset, None):
            self._order.discard(rank)

    def pop(self) -> int | None:
        """The block to evict, or null if there is none; the cache ages."""
        if not self._rank:
            return None
        self._age, _, offset = self._order.pop(0)
        del self._rank[offset]
        return int(offset)
