"""The arena's file, mapped: written by one side, read in place by the other."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from pathlib import Path

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.shm import layout


class Segment:
    """A sparse file in shared memory with a header, mapped twice: to write, and to read only.

    Inputs are read through the second mapping, so that a node which writes into
    its input kills its own process and not everybody's data.
    """

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self.size = size
        self._descriptor = descriptor
        self._reserved = 0
        self._writable = mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._readable = mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ)

    @classmethod
    def create(cls, path: Path, size: int) -> Segment:
        """Make the file, `size` bytes long and empty of memory, and hold its lock while this process lives.

        Raises:
            SystemFault: SY-002, the file cannot be made.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SystemFault("SY-002", f"cannot make the arena {path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, size)
            segment = cls(path, descriptor, size)
            segment.reserve(layout.ARENA_START)
        except OSError as error:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise SystemFault("SY-002", f"cannot map {size} bytes of {path}: {error.strerror}") from error
        layout.HEADER.pack_into(segment._writable, 0, layout.MAGIC, layout.VERSION, 0, 0)
        return segment

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Map an arena that another process owns.

        Raises:
            WorkerError: WK-010, the file is not an arena.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise WorkerError("WK-010", f"cannot open the arena {path}: {error.strerror}") from error
        size = os.fstat(descriptor).st_size
        if size <= layout.ARENA_START:
            os.close(descriptor)
            raise WorkerError("WK-010", f"{path} is no arena: it has {size} bytes")
        segment = cls(path, descriptor, size)
        try:
            layout.read_header(memoryview(segment._readable))
        except WorkerError:
            segment.close()
            raise
        return segment

    def reserve(self, end: int) -> None:
        """Give the bytes up to `end` real memory, before anybody is told of them.

        A page that is touched without memory behind it kills the process with
        SIGBUS; asking first turns that into an error.

        Raises:
            WorkerError: WK-008, the machine has no more.
        """
        if end <= self._reserved:
            return
        try:
            os.posix_fallocate(self._descriptor, self._reserved, end - self._reserved)
        except OSError as error:
            raise WorkerError("WK-008", f"shared memory cannot grow to {end} bytes: {error.strerror}") from error
        self._reserved = end

    def view(self, offset: int, nbytes: int) -> memoryview:
        """Bytes to read in place.

        Raises:
            WorkerError: WK-002, they lie outside the arena.
        """
        self._check(offset, nbytes)
        return memoryview(self._readable)[offset : offset + nbytes]

    def writable(self, offset: int, nbytes: int) -> memoryview:
        """Bytes to write in place.

        Raises:
            WorkerError: WK-002, they lie outside the arena.
        """
        self._check(offset, nbytes)
        return memoryview(self._writable)[offset : offset + nbytes]

    def set_slot(self, index: int, slot: layout.Slot) -> None:
        """Show a worker in the header. Supervisor only."""
        layout.SLOT.pack_into(self._writable, layout.SLOTS_OFFSET + layout.SLOT.size * index, slot.pack())

    def slots(self) -> tuple[layout.Slot, ...]:
        """All worker slots."""
        words = layout.SLOT.iter_unpack(self._readable[layout.SLOTS_OFFSET : layout.SLOTS_OFFSET + 8 * layout.SLOTS])
        return tuple(layout.Slot.unpack(word) for (word,) in words)

    def tick(self) -> None:
        """Advance the header's clock by one. Supervisor only."""
        (now,) = layout.SLOT.unpack_from(self._writable, layout.TICK_OFFSET)
        layout.SLOT.pack_into(self._writable, layout.TICK_OFFSET, now + 1)

    def mark_clean(self) -> None:
        """Say in the header that the owner closed the arena in order."""
        self._writable[layout.FLAGS_OFFSET : layout.FLAGS_OFFSET + 4] = layout.FLAG_CLEAN.to_bytes(4, "little")

    def close(self) -> None:
        """Unmap, and let go of the lock. Where a view is still held its mapping ends with that view."""
        for mapping in (self._writable, self._readable):
            with contextlib.suppress(BufferError):
                mapping.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def unlink(self) -> None:
        """Remove the file's name; its memory is free once nobody maps it."""
        self.path.unlink(missing_ok=True)

    def _check(self, offset: int, nbytes: int) -> None:
        if offset < layout.ARENA_START or nbytes < 0 or offset + nbytes > self.size:
            raise WorkerError("WK-002", f"bytes {offset} to {offset + nbytes} lie outside the arena")
