"""Bounds for the files that processes write by a descriptor: nobody can make them open another one."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

#: Of one file; what it held then is kept once more, as `NAME.log.1`.
LIMIT_BYTES = 64 << 20


def bound_logs(folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Empty each log that is above the limit, after a copy of its last `limit_bytes`.

    Its writers append, so they go on at the new end; lines that come between the copy and the emptying are lost. Where
    the disk is full there is no copy, and the emptying makes room.
    """
    for path in folder.glob("*.log"):
        with contextlib.suppress(OSError):
            if path.stat().st_size <= limit_bytes:
                continue
            with contextlib.suppress(OSError):
                _keep(path, path.with_suffix(".log.1"), limit_bytes)
            os.truncate(path, 0)


def _keep(path: Path, kept: Path, limit_bytes: int) -> None:
    try:
        with path.open("rb") as source, kept.open("wb") as target:
            source.seek(-min(limit_bytes, path.stat().st_size), os.SEEK_END)
            shutil.copyfileobj(source, target)
    except OSError:
        kept.unlink(missing_ok=True)
        raise
