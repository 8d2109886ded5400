"""How much one connection may ask for: a token bucket."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """Holds `burst` tokens at most and gains `rate` of them a second.

    Args:
        rate: tokens a second.
        burst: what may be taken at once after a pause.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._held = burst
        self._at = clock()

    def take(self, tokens: float = 1.0) -> bool:
        """Take tokens; false, and nothing taken, where there are too few."""
        now = self._clock()
        self._held = min(self._burst, self._held + self._rate * (now - self._at))
        self._at = now
        if self._held < tokens:
            return False
        self._held -= tokens
        return True

    def wait_s(self, tokens: float = 1.0) -> float:
        """Seconds until so many can be taken."""
        return max(0.0, (tokens - self._held) / self._rate)
