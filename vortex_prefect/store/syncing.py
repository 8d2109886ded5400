"""How what was committed reaches the disk, beside the commits that follow.

A disk takes 0.3 ms for that, and now and then stops for a tenth of a second. Who waits for the disk has to wait then;
who need not, and the next commits, go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from vortex_prefect.core.errors import SystemFault

#: Is told, in the syncer's thread, that what was committed is on disk, or why that is not known.
Then = Callable[[SystemFault | None], object]


class Syncer:
    """One thread that syncs for all who wait. Any thread may use it.

    Attributes:
        fault: the first one, after which nothing counts as synced any more: the kernel forgets the pages that it could
            not write, and would call the next sync a success (LWN 752063).

    Args:
        sync: raises SystemFault.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self.fault: SystemFault | None = None
        self._sync = sync
        self._thread = ThreadPoolExecutor(1, "vortex-store-sync")
        self._lock = threading.Lock()
        self._waiting: list[Then] = []

    def after(self, then: Then) -> None:
        """Tell it when everything that is committed now is on disk; those who wait are told in their order."""
        with self._lock:
            self._waiting.append(then)
            first = len(self._waiting) == 1
        if first:
            self._thread.submit(self._run)

    def close(self) -> None:
        """Finish what was asked for before."""
        self._thread.shutdown()

    def _run(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        try:
            if self.fault is None:
                self._sync()
        except SystemFault as fault:
            self.fault = fault
        for then in waiting:
            then(self.fault)
