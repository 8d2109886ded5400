"""The writer's lock of a SQLite store: a file beside the database, locked while a process has the database open.

The file says who has it. It is no row of the database: a reader would have to open that, and the last one who closes a
database of SQLite's writes in it.
"""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.faults import unusable
from vortex_prefect.store.owner import Owner, Waiting

#: How often who waits tries: between half of it and all, so that several do not try as one.
_TRY_S = 0.3
#: More than what an owner says takes.
_MOST_BYTES = 4096


@contextmanager
def writer_lock(database: Path, waiting: Waiting | None = None) -> Iterator[int]:
    """Hold `<database>.lock`; the kernel frees it with the process, so a crash leaves nothing to clean.

    The file stays: whoever removed it could leave two processes with locks on two files of that name.

    Yields:
        Its descriptor, for `sign`.

    Raises:
        SystemFault: SY-005 if another store holds it (who waits: when he gives up), SY-006 if the file cannot be
            opened or locked.
    """
    path = Path(f"{database}.lock")
    descriptor = _open(path)
    try:
        while not _acquired(descriptor, database):
            holder = _signed(descriptor)
            if waiting is not None:
                waiting.see(holder)
            if waiting is None or not waiting.pause(_TRY_S * random.uniform(0.5, 1)):
                who = "by another process" if holder is None else f"by process {holder.pid}"
                raise SystemFault("SY-005", f"{database} is already open for writing, {who}")
        sign(descriptor, Owner())
        yield descriptor
    finally:
        os.close(descriptor)


def sign(descriptor: int, owner: Owner) -> None:
    """Say who has the lock. On a full disk nobody says so: the database itself reports what is wrong."""
    text = owner.to_text().encode()
    with suppress(OSError):
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(str(path), str(error.strerror), f"Give this user the right to write {path}.") from error


def _acquired(descriptor: int, database: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise unusable(str(database), f"no lock: {error.strerror}", "Choose a home on a local disk.") from error
    return True


def _signed(descriptor: int) -> Owner | None:
    return Owner.from_text(os.pread(descriptor, _MOST_BYTES, 0).decode(errors="replace"))
