"""A segment in a process's own memory: the arena's twin for those who test what is above it."""

from __future__ import annotations

from pathlib import Path

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.layout import DATA_OFFSET, Header
from vortex_prefect.shm.ranges import Ranges


class MemorySegment:
    """As `Segment`, of one process, with a machine that has `memory_bytes`."""

    owner = True

    def __init__(self, size_bytes: int, memory_bytes: int = 1 << 40) -> None:
        self.path = Path("/nowhere/memory")
        self.size_bytes = size_bytes
        self.closed = False
        self.backed = Ranges()
        self._memory_bytes = memory_bytes
        self._bytes = bytearray(size_bytes)
        self._header = Header()

    def reserve(self, offset: int, nbytes: int) -> None:
        self._require(offset, nbytes, "WK-008")
        has = sum(end - start for start, end in self.backed.within(offset, offset + nbytes))
        if self.backed.nbytes + nbytes - has > self._memory_bytes:
            raise WorkerError("WK-008", "no memory")
        self.backed.add(offset, offset + nbytes)

    def punch(self, offset: int, nbytes: int) -> None:
        start, end = -(-offset // 4096) * 4096, (offset + nbytes) // 4096 * 4096
        if start < end:
            self.backed.remove(start, end)
            self._bytes[start:end] = bytes(end - start)

    def prefault(self, offset: int, nbytes: int) -> None:
        self._require(offset, nbytes)

    def view(self, offset: int, nbytes: int) -> memoryview:
        self._require(offset, nbytes)
        return memoryview(self._bytes).toreadonly()[offset : offset + nbytes]

    def writable(self, offset: int, nbytes: int) -> memoryview:
        self._require(offset, nbytes)
        if self.backed.within(offset, offset + nbytes) != [(offset, offset + nbytes)]:
            raise AssertionError("in shared memory this would have been a SIGBUS")
        return memoryview(self._bytes)[offset : offset + nbytes]

    def set_flags(self, flags: int) -> None:
        self._header = Header(flags=flags)

    def header(self) -> Header:
        return self._header

    def unlink(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def _require(self, offset: int, nbytes: int, code: str = "WK-002") -> None:
        if self.closed:
            raise WorkerError("WK-002", "the arena is closed")
        if offset < DATA_OFFSET or nbytes < 0 or offset + nbytes > self.size_bytes:
            raise WorkerError(code, f"{nbytes} bytes at {offset} are not within it")
