"""Identity of a file's content, without reading what was read before."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from typing import NamedTuple

from vortex_prefect.files.roots import FileRoots

#: A file that changed more recently may change again within one tick of its file system's clock (FAT has 2 s).
_SETTLED_NS = 2_000_000_000


class _Stamp(NamedTuple):
    """What differs once a file was written or replaced; the change time tells of a modification time set back."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class FileIdentities:
    """SHA-256 of files in hexadecimal digits, by path; a file that nobody touched since is not read again.

    What is written through a memory map shows when the kernel says so, at the
    latest when the map is closed. Use it from any thread.
    """

    def __init__(self, roots: FileRoots, capacity: int = 10_000) -> None:
        """`roots`: which files may be looked at. `capacity`: how many are remembered."""
        self._roots = roots
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[_Stamp, str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def __call__(self, path: str) -> str:
        """Identity of the file's content.

        Raises:
            WorkerError: WK-012, it lies where nodes may not read.
            OSError: it cannot be read, or is no file.
        """
        with self._roots.open_file(path) as file:
            before = _stamp(file.fileno())
            if (known := self._recall(path, before)) is not None:
                return known
            identity = hashlib.file_digest(file, "sha256").hexdigest()
            after = _stamp(file.fileno())
        if before == after and _is_settled(after):
            self._remember(path, after, identity)
        return identity

    def _recall(self, path: str, stamp: _Stamp) -> str | None:
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                return None
            self._known.move_to_end(path)
            return known[1]

    def _remember(self, path: str, stamp: _Stamp, identity: str) -> None:
        with self._lock:
            self._known[path] = stamp, identity
            self._known.move_to_end(path)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


def _stamp(descriptor: int) -> _Stamp:
    found = os.fstat(descriptor)
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _is_settled(stamp: _Stamp) -> bool:
    """A time in the future is no time to go by either."""
    return time.time_ns() - max(stamp.modified_ns, stamp.changed_ns) >= _SETTLED_NS
