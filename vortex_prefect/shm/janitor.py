"""Removes the arenas of owners that died without closing them."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

ARENA_SUFFIX = ".arena"


def remove_orphans(directory: Path) -> list[Path]:
    """Remove arenas in `directory` that nobody owns, and say which.

    An owner holds the file's lock for as long as it lives, and the kernel lets
    go of it at any death; so an arena whose lock can be taken is an orphan.
    """
    removed = []
    for path in directory.glob(f"*{ARENA_SUFFIX}"):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # gone meanwhile, or another user's
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            removed.append(path)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)
    return removed
