"""How much memory the arena may use, so that the machine never has to refuse it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: cgroup v2 writes `max` where there is no limit.
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class MemoryReadings:
    """What the machine has, in bytes; `cgroup_limit` is null where there is none."""

    filesystem_free: int
    memory_available: int
    cgroup_limit: int | None


def read_memory(directory: Path) -> MemoryReadings:
    """The readings for an arena in `directory`."""
    filesystem = os.statvfs(directory)
    return MemoryReadings(
        filesystem.f_bavail * filesystem.f_frsize,
        _meminfo("MemAvailable"),
        _cgroup_limit(),
    )


def arena_budget(readings: MemoryReadings, configured: int) -> int:
    """Bytes that the arena may use: what was configured (0: no wish), and never more than is safe.

    Safe is 80 % of the file system's free space, half of the available memory
    and half of the cgroup's limit: beyond it the kernel kills instead of refusing.
    """
    safe = min(readings.filesystem_free * 8 // 10, readings.memory_available // 2)
    if readings.cgroup_limit is not None:
        safe = min(safe, readings.cgroup_limit // 2)
    return min(configured, safe) if configured else safe


def _meminfo(field: str) -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) * 1024
    return 0


def _cgroup_limit() -> int | None:
    try:
        text = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return None if text == "max" else int(text)
