"""How much memory the arena may use.

The file is sparse and may be larger than the machine; what tmpfs grants beyond
the machine's memory ends in swapping or the OOM killer, long before ENOSPC.
"""

from __future__ import annotations

import os
from contextlib import suppress
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
    #: What the tightest of these leaves, files that can be dropped counted as free; null without a limit.
    cgroup_free_bytes: int | None = None
    #: `MemTotal`, or the lowest limit.
    total_bytes: int = 0


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


def shortage(readings: MemoryReadings) -> int:
    """Bytes that the arena should give back to the machine now; 0 as long as that has a twentieth left, or 1 GiB.

    Then up to twice as much, so that not every little bit that is taken asks for more.
    """
    available = readings.available_bytes
    if readings.cgroup_free_bytes is not None:
        available = min(available, readings.cgroup_free_bytes)
    floor = min(readings.total_bytes // 20, 1 << 30)
    return 2 * floor - available if available < floor else 0


def read_memory(directory: Path, proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> MemoryReadings:
    """Take the readings for an arena in `directory`; `proc` and `cgroup` are where those are mounted."""
    filesystem = os.statvfs(directory)
    meminfo = (proc / "meminfo").read_text()
    limit, free = _cgroup(proc, cgroup)
    total = _meminfo(meminfo, "MemTotal")
    return MemoryReadings(
        filesystem_bytes=filesystem.f_bavail * filesystem.f_frsize,
        available_bytes=_meminfo(meminfo, "MemAvailable"),
        cgroup_bytes=limit,
        cgroup_free_bytes=free,
        total_bytes=total if limit is None else min(limit, total),
    )


def _meminfo(meminfo: str, wanted: str) -> int:
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        if name == wanted:
            return int(rest.split()[0]) * 1024
    raise ValueError(f"meminfo has no {wanted}")


def _cgroup(proc: Path, root: Path) -> tuple[int | None, int | None]:
    """The lowest limit of this process's group and its ancestors, and the least that any of them leaves."""
    lines = (proc / "self/cgroup").read_text().splitlines()
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return None, None
    group = root / own
    limits = {folder: limit for folder in (group, *group.parents) if (limit := _number(folder / "memory.max"))}
    free = [limit - _used(folder) for folder, limit in limits.items()]
    return min(limits.values(), default=None), min(free, default=None)


def _used(folder: Path) -> int:
    """Bytes of a group, without files that the kernel drops when it needs room."""
    current = _number(folder / "memory.current") or 0
    with suppress(OSError):
        for line in (folder / "memory.stat").read_text().splitlines():
            if line.startswith("inactive_file "):
                return max(current - int(line.split()[1]), 0)
    return current


def _number(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return None if text == "max" else int(text)
