"""What the disk itself takes, beside something else that is measured."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType

_PAUSE_S = 0.01
_BYTES = 450


class DiskProbe:
    """`fdatasync` of an event's worth of bytes every ten milliseconds, while it is entered.

    Attributes:
        took_us: each one's microseconds.
    """

    def __init__(self, folder: Path) -> None:
        self.took_us: list[int] = []
        self._folder = folder
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> DiskProbe:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()
        self.took_us.sort()

    def _run(self) -> None:
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            while not self._ends.wait(_PAUSE_S):
                began = time.perf_counter()
                file.write(bytes(_BYTES))
                os.fdatasync(file.fileno())
                self.took_us.append(round((time.perf_counter() - began) * 1e6))
