"""A worker's operating-system process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from vortex_prefect.files.environments import Environment

#: Logs of workers that are kept: each takes what one process says, and those of its successors.
_LOGS = 16
#: How much of a log's end is looked at for its last line, and how many characters of that are told.
_LAST_WORDS_BYTES, _LAST_WORDS_LENGTH = 4096, 500


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What workers of a host are started with."""

    socket: Path
    log_dir: Path
    debug: bool
    #: Holds the packs that were installed; null: there are none.
    packs_dir: Path | None = None
    #: The pack's environment in which it is started; null: the base.
    environment: Environment | None = None


def start_worker(command: WorkerCommand, number: int) -> subprocess.Popen[bytes]:
    """Start a worker; which one it will be, it hears from the gateway.

    What it prints goes to a log: that of number `number`, modulo the number of logs that are kept.

    Raises:
        OSError: no process can be started now.
    """
    command.log_dir.mkdir(parents=True, exist_ok=True)
    arguments = _of_base(command) if command.environment is None else _of_environment(command.environment)
    arguments += ["--socket", str(command.socket)]
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


def _of_base(command: WorkerCommand) -> list[str]:
    arguments = [sys.executable, "-m", "vortex_worker", *(["--debug"] if command.debug else [])]
    return [*arguments, "--packs", str(command.packs_dir)] if command.packs_dir else arguments


def _of_environment(environment: Environment) -> list[str]:
    """It starts in the base, which looks at the environment's files, and becomes the other's with the same id."""
    return [sys.executable, "-m", "vortex_worker.enter", str(environment.folder), "--lock", environment.lock_sha256]


def log_of(command: WorkerCommand, number: int) -> Path:
    """Where a worker's prints go."""
    return command.log_dir / f"worker-{number % _LOGS}.log"


def last_words(log: Path) -> str:
    """The last line of a log, or nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _LAST_WORDS_BYTES, 0))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:_LAST_WORDS_LENGTH] if lines else ""


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
