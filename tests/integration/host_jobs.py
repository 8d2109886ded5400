"""A host of its own for a test, and jobs for it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.host.config import HostConfig
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.shm.janitor import arena_path

_numbers = itertools.count()


def config(folder: Path, **changes: Any) -> HostConfig:
    """A host with one worker on the CPU and the debug nodes."""
    name = f"test-{os.getpid()}-h{next(_numbers)}"
    values: dict[str, Any] = {
        "host_id": name,
        "run_dir": folder / "run",
        "log_dir": folder / "logs",
        "output_dir": folder / "outputs",
        "state_dir": folder / "state",
        "arena_path": arena_path(name),
        "arena_bytes": 4 << 30,
        "arena_budget_bytes": 1 << 30,
        "device": "cpu",
        "debug": True,
    }
    return HostConfig(**{**values, **changes})


@contextmanager
def running(wanted: HostConfig, **options: Any) -> Iterator[HostRuntime]:
    """A host whose first worker is there."""
    host = HostRuntime(wanted, **options)
    try:
        host.start()
        host.catalogue()
        yield host
    finally:
        host.close()


def job(kind: str, inputs: dict[str, Value] | None = None, **params: Any) -> Job:
    """A job of a debug node, of an execution of its own."""
    number = next(_numbers)
    ports: dict[str, tuple[Value, ...]] = {port: (value,) for port, value in (inputs or {}).items()}
    return Job(f"job-{number}", f"execution-{number}", kind, f"debug.{kind}", params=params, inputs=ports)


def output(outcome: JobOutcome) -> Value:
    """What it gave; it must not have failed."""
    assert outcome.error is None, outcome.error
    return outcome.outputs["out"]


def code(outcome: JobOutcome) -> str | None:
    """Of its error; null if it has none."""
    return outcome.error.code if outcome.error else None
