"""How often somebody may ask: a token bucket for each. No I/O."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimit:
    """`per_s` times a second over a long time, and `burst` times at once.

    Whoever has not asked for longest is forgotten beyond `remembered`, and then starts with a full bucket.
    """

    def __init__(
        self, per_s: float, burst: float, *, remembered: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s = per_s
        self._burst = burst
        self._remembered = remembered
        self._clock = clock
        #: who → (what his bucket held, when).
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, who: Hashable) -> float:
        """Seconds until he may ask; 0 if he may now. Takes nothing."""
        level, _ = self._level(who)
        return max(0.0, (1.0 - level) / self._per_s)

    def take(self, who: Hashable) -> float:
        """As `wait_s`, and where that is 0, count it."""
        level, now = self._level(who)
        if level < 1.0:
            return (1.0 - level) / self._per_s
        self._buckets[who] = (level - 1.0, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return 0.0

    def _level(self, who: Hashable) -> tuple[float, float]:
        now = self._clock()
        level, at = self._buckets.get(who, (self._burst, now))
        return min(self._burst, level + (now - at) * self._per_s), now
