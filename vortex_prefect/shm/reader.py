"""One block of an arena, mapped read-only by a process that is no part of the host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.extent import map_extent
from vortex_prefect.shm.layout import HEADER_BYTES, Header

_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


def map_block(path: Path, offset: int, nbytes: int) -> tuple[npt.NDArray[Any], memoryview]:
    """Map `nbytes` at `offset` of an arena; the array that owns the mapping, and the view of just these bytes.

    The mapping goes with the owner, which all that shares its memory keeps.
    Only while the block is held do the bytes mean anything. Writing through a
    pointer into them kills the process (SIGSEGV).

    Raises:
        WorkerError: WK-002, there is no such arena on this machine, or it is shorter.
    """
    try:
        fd = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise WorkerError("WK-002", f"no arena at {path}: {error.strerror}") from error
    try:
        Header.unpack(os.pread(fd, HEADER_BYTES, 0))
        if offset < HEADER_BYTES or nbytes <= 0 or offset + nbytes > os.fstat(fd).st_size:
            raise ValueError(f"{nbytes} bytes at {offset} are not within it")
        return map_extent(fd, offset, nbytes, writable=False)
    except (OSError, ValueError) as error:
        raise WorkerError("WK-002", f"{path} is not the arena: {error}") from error
    finally:
        os.close(fd)
