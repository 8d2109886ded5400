"""Whether to look for a packet again and again before sleeping.

Waking a thread on another, idle processor costs a virtual machine 50 to 100 µs,
several times what the packet itself costs. Looking takes those away, and the
processor's time with them; so it is done only while it pays.
"""

from __future__ import annotations

#: After so many vain looks in a row, each further one doubles the number of waits without one, up to this.
_MOST_SKIPPED = 64


class Spin:
    """Decides for one receiver, by how its last waits went.

    Args:
        limit_us: how long to look at most; 0: never.
    """

    def __init__(self, limit_us: int) -> None:
        self.limit_s = limit_us / 1e6
        self._skip = 0
        self._left = 0

    def wanted(self) -> bool:
        """Whether the wait that begins now is to begin with looking."""
        if not self.limit_s:
            return False
        if self._left:
            self._left -= 1
            return False
        return True

    def found(self) -> None:
        """Looking found something."""
        self._skip = 0

    def vain(self) -> None:
        """It did not."""
        self._skip = min(self._skip * 2 or 1, _MOST_SKIPPED)
        self._left = self._skip
