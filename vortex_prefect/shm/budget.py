"""How much memory the arena may use.

The file is sparse and may be larger than the machine; what tmpfs grants beyond
the machine's memory ends in swapping or the OOM killer, long before ENOSPC.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE = 4096


@dataclass(frozen=True, slots=True)
class MemoryReadings:
    """What the machine says of its memory, in bytes."""

    #: Free to unprivileged users in the file system of the arena.
    filesystem_bytes: int
    #: `MemAvailable` of /proc/meminfo.
    available_bytes: int
    #: Lowest `memory.max` of this process's cgroup (v2) and its parents; null without a limit.
    cgroup_bytes: int | None = None


def arena_budget(readings: MemoryReadings, configured_bytes: int = 0) -> int:
    """Bytes that tensors may take, a multiple of 4,096.

    The least of what was configured (0: no wish), 80 % of the file system and
    half of the memory that is available, or that the cgroup allows if that is less.
    """
    memory = readings.available_bytes
    if readings.cgroup_bytes is not None:
        memory = min(memory, readings.cgroup_bytes)
    budget = min(readings.filesystem_bytes * 4 // 5, memory // 2)
    if configured_bytes > 0:
        budget = min(budget, configured_bytes)
    return budget // _PAGE * _PAGE


def read_memory(directory: Path, proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> MemoryReadings:
    """Take the readings for an arena in `directory`; `proc` and `cgroup` are where those are mounted."""
    filesystem = os.statvfs(directory)
    return MemoryReadings(
        filesystem_bytes=filesystem.f_bavail * filesystem.f_frsize,
        available_bytes=_available_bytes((proc / "meminfo").read_text()),
        cgroup_bytes=_cgroup_bytes(proc, cgroup),
    )


def _available_bytes(meminfo: str) -> int:
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    raise ValueError("meminfo has no MemAvailable")


def _cgroup_bytes(proc: Path, root: Path) -> int | None:
    """Every ancestor's limit binds, so the lowest counts."""
    lines = (proc / "self/cgroup").read_text().splitlines()
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return None
    group = root / own
    limits = [limit for folder in (group, *group.parents) if (limit := _limit(folder / "memory.max")) is not None]
    return min(limits, default=None)


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return None if text == "max" else int(text)
