"""Processes as `/proc` shows them (proc_pid_stat(5))."""

from __future__ import annotations

import os
from pathlib import Path


def state(pid: int) -> str:
    """`R` runs, `S` sleeps, `T` is stopped, …; empty where there is none, or it only waits to be reaped."""
    fields = _fields(pid)
    return "" if not fields or fields[0] == "Z" else fields[0]


def descendants(*roots: int) -> set[int]:
    """Everything that these processes (this one, if none is named) started, at any depth, and that still runs."""
    parents = {pid: int(fields[1]) for pid in map(int, _pids()) if (fields := _fields(pid)) and fields[0] != "Z"}
    found, fresh = set[int](), set(roots or (os.getpid(),))
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
        found |= fresh
    return found


def descriptors() -> set[tuple[str, str]]:
    """What this process has open: each descriptor's number, and what it is."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add((entry.name, os.readlink(entry)))
        except FileNotFoundError:
            continue  # the listing's own
    return found


def _pids() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _fields(pid: int) -> list[str]:
    """From the third field on: state, parent, …; the second is a name in brackets that may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
