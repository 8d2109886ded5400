"""Maps what the host has made warm into this process, before a node writes there.

A page that exists costs 1.5 µs still when a process first writes to it, which
is seven times what the write itself takes: 64 MB were written in 25 ms where 3.5
would do. The kernel maps in bulk at a quarter of that, and off the way of a job.
"""

from __future__ import annotations

import threading

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.shm.ranges import Ranges
from vortex_prefect.shm.segment import Segment

#: Mapped at a time; the job's thread may have to wait for so much.
_STEP_BYTES = 16 << 20
#: Between two looks for what is new at the end, where the arena grows.
_LOOK_S = 0.1
#: Looks after which all of it is looked at: what was given back and taken again lies anywhere.
_ALL_AFTER = 300


class Premapper:
    """One thread for one segment; ends with it, or with the process."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._mapped = Ranges()
        self._upto = DATA_OFFSET
        self._looks = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="premapper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and wait for the step that is under way."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def mapped_bytes(self) -> int:
        """Bytes that were mapped so far."""
        return self._mapped.nbytes

    def look(self) -> int:
        """Map what is new; how many bytes that were.

        Raises:
            WorkerError: WK-002, the segment is closed.
        """
        self._looks += 1
        if self._looks % _ALL_AFTER == 0:
            self._upto, self._mapped = DATA_OFFSET, Ranges()
        new = 0
        for start, end in self._segment.touched(self._upto):
            for at in range(start, end, _STEP_BYTES):
                if self._ended.is_set():
                    return new
                till = min(at + _STEP_BYTES, end)
                self._segment.premap(at, till - at)
                self._mapped.add(at, till)
                new += till - at
                self._upto = till
        return new

    def _run(self) -> None:
        try:
            while not self._ended.wait(_LOOK_S):
                self.look()
        except WorkerError:  # closed
            return
