"""The arena file as this process maps it."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

from vortex_prefect.core.errors import SystemFault, VortexError, WorkerError
from vortex_prefect.shm.layout import (
    CLOCK_TICK_OFFSET,
    DATA_OFFSET,
    FLAGS_OFFSET,
    HEADER_BYTES,
    SLOTS_OFFSET,
    Header,
    Slot,
    align_up,
)

_MADV_POPULATE_READ, _MADV_POPULATE_WRITE = 22, 23  # Linux 5.14; the mmap module has no names for them
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # <linux/falloc.h>; the os module has no fallocate
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_OPEN_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


class Segment:
    """A sparse file in shared memory, mapped twice: for writing, and read-only.

    Its creator owns it: holds an exclusive `flock` while it lives, so that a
    janitor can tell the living from the dead, reserves memory, and alone writes
    the header. Little-endian machines only.

    Attributes:
        path: the file.
        size_bytes: length of the file and of both mappings; memory is used only where it was reserved.
        owner: whether this process created it.
    """

    def __init__(self, path: Path, fd: int, *, owner: bool) -> None:
        self.path = path
        self.size_bytes = os.fstat(fd).st_size
        self.owner = owner
        self._fd = fd
        self._closed = False
        self._writable = mmap.mmap(fd, self.size_bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._readable = mmap.mmap(fd, self.size_bytes, mmap.MAP_SHARED, mmap.PROT_READ)

    @classmethod
    def create(cls, path: Path, size_bytes: int) -> Segment:
        """Make the file, mode 0600, of `size_bytes` rounded up to pages, and own it.

        Raises:
            VortexError: SY-005 if the file exists, WK-008 if there is no memory for the header,
                SY-003 if the folder cannot hold it.
        """
        try:
            fd = _create_locked(path)
        except FileExistsError:
            raise SystemFault("SY-005", f"{path} exists: its owner lives, or the janitor has not run") from None
        except OSError as exc:
            raise _no_arena(path, exc) from exc
        try:
            os.ftruncate(fd, max(align_up(size_bytes, mmap.PAGESIZE), HEADER_BYTES + mmap.PAGESIZE))
            os.posix_fallocate(fd, 0, HEADER_BYTES)
            os.pwrite(fd, Header().pack(), 0)
            return cls(path, fd, owner=True)
        except OSError as exc:
            path.unlink(missing_ok=True)
            os.close(fd)
            raise _no_arena(path, exc) from exc

    @classmethod
    def open(cls, path: Path, expected_bytes: int | None = None) -> Segment:
        """Map an arena that another process owns.

        Raises:
            WorkerError: WK-010, there is no arena, or one of another version, or not of `expected_bytes`.
        """
        try:
            fd = os.open(path, _OPEN_FLAGS)
        except OSError as exc:
            raise WorkerError("WK-010", f"no arena at {path}: {exc.strerror}") from exc
        try:
            _validate(fd, expected_bytes)
            return cls(path, fd, owner=False)
        except (OSError, ValueError) as exc:
            os.close(fd)
            raise WorkerError("WK-010", f"{path} is not the arena: {exc}") from exc

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def reserve(self, offset: int, nbytes: int) -> None:
        """Back a range of the file with memory; what has some keeps it.

        Touching a page that tmpfs has no memory for kills the process with
        SIGBUS, so an offset is handed out only after this.

        Raises:
            WorkerError: WK-008, no such memory; nothing has changed.
        """
        self._require_open()
        self._require_owner()
        if offset + nbytes > self.size_bytes:
            raise WorkerError("WK-008", f"offset {offset + nbytes} lies beyond the arena's {self.size_bytes} bytes")
        try:
            os.posix_fallocate(self._fd, offset, nbytes)
        except OSError as exc:
            raise WorkerError("WK-008", f"no memory for {nbytes} more bytes in {self.path}: {exc.strerror}") from exc

    def punch(self, offset: int, nbytes: int) -> None:
        """Give the memory of whole pages within a range back; their bytes are zero from then on.

        Only a hint: where the file system cannot, nothing happens.
        """
        self._require_owner()
        self._require_extent(offset, nbytes)
        start, end = align_up(offset, mmap.PAGESIZE), (offset + nbytes) & -mmap.PAGESIZE
        if start < end:
            _libc.fallocate(self._fd, _PUNCH_HOLE | _KEEP_SIZE, start, end - start)

    def prefault(self, offset: int, nbytes: int) -> None:
        """Have the kernel clear reserved pages now, before somebody waits for them.

        The first write ever to a page runs at 0.3 GB/s, later ones at 10. Only
        a hint: on a kernel that cannot (before 5.14), nothing happens.
        """
        self._require_extent(offset, nbytes)
        if not nbytes:
            return
        start = offset & -mmap.PAGESIZE
        # Not mmap.madvise: it keeps the GIL for the 2.4 s that a cold GiB takes.
        anchor = ctypes.addressof(ctypes.c_char.from_buffer(self._writable, start))
        _libc.madvise(anchor, offset + nbytes - start, _MADV_POPULATE_WRITE)
        # The file keeps the pages. Mapped here they would count as this process's own, and Dask ends a worker that
        # has too many of those.
        _libc.madvise(anchor, offset + nbytes - start, mmap.MADV_DONTNEED)

    def touched(self, start: int = DATA_OFFSET) -> Iterator[tuple[int, int]]:
        """Ranges [start, end) from `start` on that somebody has touched; what was only reserved is none of them.

        Raises:
            WorkerError: WK-002, the segment is closed.
        """
        while True:
            self._require_open()
            try:
                begin = os.lseek(self._fd, start, os.SEEK_DATA)
                start = os.lseek(self._fd, begin, os.SEEK_HOLE)
            except OSError:  # ENXIO: there is nothing behind it
                return
            yield begin, start

    def premap(self, offset: int, nbytes: int) -> None:
        """Map touched pages for writing now: the first write to each, through this mapping, costs 1.5 µs otherwise.

        Only a hint, as `prefault`; 64 MiB take 6 ms.

        Raises:
            WorkerError: WK-002, not within the arena's data, or the segment is closed.
        """
        self._require_extent(offset, nbytes)
        start = offset & -mmap.PAGESIZE
        anchor = ctypes.addressof(ctypes.c_char.from_buffer(self._writable, start))
        # Not POPULATE_WRITE: as good in shared memory, where nothing is written back, and it takes 15.
        _libc.madvise(anchor, offset + nbytes - start, _MADV_POPULATE_READ)

    def view(self, offset: int, nbytes: int) -> memoryview:
        """Bytes to read, without a copy. Writing through a pointer into them kills the process (SIGSEGV).

        Raises:
            WorkerError: WK-002, not within the arena's data, or the segment is closed.
        """
        self._require_extent(offset, nbytes)
        return memoryview(self._readable)[offset : offset + nbytes]

    def writable(self, offset: int, nbytes: int) -> memoryview:
        """Bytes to write; only the holder of the block that lies there may ask.

        Raises:
            WorkerError: WK-002, not within the arena's data, or the segment is closed.
        """
        self._require_extent(offset, nbytes)
        return memoryview(self._writable)[offset : offset + nbytes]

    def header(self) -> Header:
        """What the header says now.

        Raises:
            WorkerError: WK-010 if it was overwritten, WK-002 if the segment is closed.
        """
        self._require_open()
        try:
            return Header.unpack(self._readable[:HEADER_BYTES])
        except ValueError as exc:
            raise WorkerError("WK-010", f"header of {self.path} is damaged: {exc}") from exc

    def set_flags(self, flags: int) -> None:
        """Store the flags word (owner only)."""
        self._store("I", FLAGS_OFFSET, flags)

    def set_clock_tick(self, tick: int) -> None:
        """Store the heartbeat's count (owner only)."""
        self._store("Q", CLOCK_TICK_OFFSET, tick)

    def set_slot(self, index: int, slot: Slot) -> None:
        """Store the word of worker `index`, 0 to 255 (owner only)."""
        self._store("Q", SLOTS_OFFSET + 8 * index, slot.pack())

    def close(self) -> None:
        """Give up the mappings, and with them the owner's lock. May be repeated.

        Views, arrays and tensors that still live stay valid: the mapping that
        they lie in goes with the last of them. The file stays (see `unlink`).
        """
        if self._closed:
            return
        self._closed = True
        # A mapping kept alive by a view has its own duplicate of the descriptor,
        # which would hold the lock for as long.
        if self.owner:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        for mapping in (self._writable, self._readable):
            with suppress(BufferError):
                mapping.close()
        del self._writable, self._readable, mapping
        os.close(self._fd)

    def unlink(self) -> None:
        """Remove the file's name, if it still names this arena; who has it mapped keeps it."""
        self._require_open()
        if _names(self.path, self._fd):
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Segment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _store(self, format: Literal["I", "Q"], offset: int, word: int) -> None:
        """One native store of an aligned word; packing byte by byte was seen to tear."""
        self._require_open()
        self._require_owner()
        with memoryview(self._writable) as raw, raw[:HEADER_BYTES] as header, header.cast(format) as words:
            words[offset // words.itemsize] = word

    def _require_open(self) -> None:
        if self._closed:
            raise WorkerError("WK-002", f"the arena {self.path} is closed")

    def _require_owner(self) -> None:
        if not self.owner:
            raise WorkerError("WK-010", f"only the process that created {self.path} may do this")

    def _require_extent(self, offset: int, nbytes: int) -> None:
        self._require_open()
        if offset < DATA_OFFSET or nbytes < 0 or offset + nbytes > self.size_bytes:
            raise WorkerError("WK-002", f"{nbytes} bytes at {offset} are not within {self.path}")


def _create_locked(path: Path) -> int:
    """A new, locked file. A janitor may remove it between its making and the lock: then once more."""
    while True:
        fd = os.open(path, _OPEN_FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return fd
        os.close(fd)


def _names(path: Path, fd: int) -> bool:
    """Whether `path` still names the open file `fd`."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _validate(fd: int, expected_bytes: int | None) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a regular file")
    if status.st_size <= HEADER_BYTES or status.st_size % mmap.PAGESIZE:
        raise ValueError(f"a length of {status.st_size} bytes is none that an arena has")
    if expected_bytes is not None and status.st_size != expected_bytes:
        raise ValueError(f"it has {status.st_size} bytes, not {expected_bytes}")
    Header.unpack(os.pread(fd, HEADER_BYTES, 0))


def _no_arena(path: Path, exc: OSError) -> VortexError:
    message = f"cannot make an arena at {path}: {exc.strerror}"
    if exc.errno in (errno.ENOSPC, errno.ENOMEM, errno.EDQUOT):
        return WorkerError("WK-008", message)
    return SystemFault("SY-003", message)
