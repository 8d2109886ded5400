"""Removes the arenas of supervisors that died without closing them."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

#: A tmpfs on every Linux.
DEFAULT_DIRECTORY = Path("/dev/shm")
_PREFIX, _SUFFIX = "vortex-", ".arena"


def arena_path(name: str, directory: Path = DEFAULT_DIRECTORY) -> Path:
    """Where the arena of that name lies, so that the janitor knows it as one."""
    return directory / f"{_PREFIX}{name}{_SUFFIX}"


def sweep(directory: Path = DEFAULT_DIRECTORY) -> list[Path]:
    """Remove arenas whose owner no longer lives; which these were.

    The kernel drops an owner's `flock` however the owner ends, and a pid could
    be another's by now: whoever can lock the file may remove it. Files of
    other users, and what only looks like an arena, stay.
    """
    return [path for path in _candidates(directory) if _is_dead(path, remove=True)]


def orphans(directory: Path = DEFAULT_DIRECTORY) -> list[Path]:
    """Arenas that `sweep` would remove."""
    return [path for path in _candidates(directory) if _is_dead(path, remove=False)]


def _candidates(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"{_PREFIX}*{_SUFFIX}"))


def _is_dead(path: Path, *, remove: bool) -> bool:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another janitor may have removed the file, and a new owner made one
        # of that name, before this lock was taken.
        if not os.path.samestat(path.lstat(), os.fstat(fd)):
            return False
        if remove:
            path.unlink()
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
