"""A worker's operating-system process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Logs of workers that are kept: each takes what one process says, and those of its successors.
_LOGS = 16


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What every worker of a host is started with."""

    socket: Path
    log_dir: Path
    debug: bool
    #: Holds the packs that were installed; null: there are none.
    packs_dir: Path | None = None


def start_worker(command: WorkerCommand, number: int) -> subprocess.Popen[bytes]:
    """Start a worker; which one it will be, it hears from the gateway.

    What it prints goes to a log: that of number `number`, modulo the number of logs that are kept.

    Raises:
        OSError: no process can be started now.
    """
    command.log_dir.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "vortex_worker", "--socket", str(command.socket)]
    arguments += ["--debug"] if command.debug else []
    arguments += ["--packs", str(command.packs_dir)] if command.packs_dir else []
    with open(log_of(command, number), "ab") as log:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Buffered output would be lost with the process, and it says why it died.
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
            close_fds=True,
        )


def log_of(command: WorkerCommand, number: int) -> Path:
    """Where a worker's prints go."""
    return command.log_dir / f"worker-{number % _LOGS}.log"


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


def kernel_kills() -> int:
    """How many processes the kernel has killed since the machine's start because memory ran out."""
    try:
        with open("/proc/vmstat", encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0
