"""The writer's lock: one process at a time may hold a database open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.faults import unusable


@contextmanager
def writer_lock(database: Path) -> Iterator[None]:
    """Hold `<database>.lock`; the kernel frees it with the process, so a crash leaves nothing to clean.

    The file stays: whoever removed it could leave two processes with locks on two files of that name.

    Raises:
        SystemFault: SY-005 if another store holds it, SY-006 if the file cannot be opened or locked.
    """
    path = Path(f"{database}.lock")
    descriptor = _open(path)
    try:
        _acquire(descriptor, database)
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(str(path), str(error.strerror), f"Give this user the right to write {path}.") from error


def _acquire(descriptor: int, database: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        raise SystemFault("SY-005", f"{database} is already open for writing, by process {holder}") from None
    except OSError as error:
        raise unusable(str(database), f"no lock: {error.strerror}", "Choose a home on a local disk.") from error


def _sign(descriptor: int) -> None:
    # The process id serves a message only; on a full disk the database itself reports what is wrong.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
