"""A worker's operating-system process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What every worker of a host is started with."""

    socket: Path
    log_dir: Path
    device: str
    debug: bool


def start_worker(command: WorkerCommand, worker_id: str, index: int) -> subprocess.Popen[bytes]:
    """Start worker number `index`. What it prints goes to its log, a file each."""
    command.log_dir.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "vortex_worker", "--socket", str(command.socket), "--id", worker_id]
    arguments += ["--index", str(index), "--device", command.device, *(["--debug"] if command.debug else [])]
    with open(command.log_dir / f"worker-{index}.log", "ab") as log:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Buffered output would be lost with the process, and it says why it died.
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
            close_fds=True,
        )


def kill_worker(process: subprocess.Popen[bytes]) -> None:
    """End the process at once and collect it."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def death_of(returncode: int | None) -> str:
    """How a process ended, in words."""
    if returncode is None:
        return "its connection broke"
    return f"killed by signal {-returncode}" if returncode < 0 else f"it exited with status {returncode}"
