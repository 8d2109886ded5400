"""An arena's owner that kills itself at a named point: `python -m tests.integration.dying_owner PATH POINT`."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from vortex_prefect.shm import arena as arena_module
from vortex_prefect.shm import segment as segment_module
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.books import Books
from vortex_prefect.shm.room import Room
from vortex_prefect.shm.segment import Segment

MIB = 1 << 20
#: As in `dying_worker`.
POINTS: dict[str, tuple[Any, str, str]] = {
    "the file is made": (segment_module, "_create_locked", "after"),
    "it has no length": (os, "ftruncate", "before"),
    "it has no header": (os, "pwrite", "before"),
    "memory is reserved": (Segment, "reserve", "after"),
    "memory is touched": (Segment, "prefault", "before"),
    "it is warm": (Room, "warmed", "after"),
    "room is taken": (Room, "take", "after"),
    "a message is written": (arena_module, "write_array", "after"),
    "a block is sealed": (Room, "shrink", "after"),
    "somebody reads": (Arena, "message", "after"),
    "a block is let go": (Books, "let_go", "after"),
    "a block is evicted": (Books, "evict", "before"),
    "its room is free": (Room, "give", "after"),
    "memory is given back": (Segment, "punch", "after"),
    "it is marked as closed": (Segment, "set_flags", "after"),
    "it is unlinked": (Segment, "unlink", "after"),
}


def live(path: Path) -> None:
    """A short life of an arena, in which all of it happens."""
    with Arena.create(path, host="h", size_bytes=256 * MIB, budget_bytes=64 * MIB) as arena:
        arena.warm(8 * MIB)
        refs = [arena.put_array(np.full(MIB, number), holder=f"run-{number}") for number in range(7)]
        arena.get_array(refs[0])
        for number in range(6):
            arena.blocks.release(f"run-{number}")
        arena.put_array(np.zeros(6 * MIB), holder="large")
        arena.blocks.give_back(8 * MIB)


def _deadly(when: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return patched


if __name__ == "__main__":
    if (point := sys.argv[2]) in POINTS:
        owner, attribute, moment = POINTS[point]
        mock.patch.object(owner, attribute, _deadly(moment, getattr(owner, attribute))).start()
    live(Path(sys.argv[1]))
