"""`vortex doctor`: whether this machine is fit, and what to do where it is not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.bootstrap.state import problems
from vortex_prefect.cli.doctor_arena import arena_findings
from vortex_prefect.cli.finding import Finding
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.shm.budget import arena_budget, read_memory
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY

_MIN_PYTHON = (3, 11)
#: sockaddr_un.sun_path, with the longest of our socket names.
_MAX_HOME_BYTES = 107 - len("/run/workers.sock")
_MIN_ARENA_BYTES = 256 << 20
_PACKAGES = ("torch", "kornia", "prefect", "prefect-dask", "distributed", "fastapi", "pyarrow", "sqlalchemy")


def print_findings(settings: Settings, as_json: bool) -> bool:
    """Run all checks and print them; false if there is a problem."""
    found = [finding for check in _CHECKS for finding in check(settings)]
    if as_json:
        print(json.dumps([asdict(finding) for finding in found]))
    else:
        table = Table(box=None)
        for finding in found:
            mark = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "problem": "[red]✗[/]"}[finding.verdict]
            table.add_row(mark, finding.check, finding.detail, f"[dim]{finding.advice}[/]")
        Console().print(table)
    return all(finding.verdict != "problem" for finding in found)


def _python(_: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _MIN_PYTHON:
        yield Finding("Python", "ok", version)
    else:
        yield Finding("Python", "problem", version, "Install Python 3.11 or newer.")


def _packages(_: Settings) -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            advice = "Run scripts/setup, which takes the build that fits this machine." if name == "torch" else ""
            yield Finding(name, "problem", "missing", advice or "Install the package again.")
            continue
        if name == "fastapi" and tuple(int(part) for part in version.split(".")[:2]) >= (0, 151):
            yield Finding(name, "problem", version, "Prefect's server does not start with it: install fastapi<0.151.")
        else:
            yield Finding(name, "ok", version)


def _device(_: Settings) -> Iterator[Finding]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        yield Finding("GPU", "warning", "none found", "Nodes run on the CPU.")
        return
    done = subprocess.run(
        [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    names = done.stdout.strip().splitlines()
    yield Finding("GPU", "ok" if names else "warning", "; ".join(names) or "nvidia-smi names none")


def _memory(settings: Settings) -> Iterator[Finding]:
    budget = arena_budget(read_memory(DEFAULT_DIRECTORY), settings.arena_budget_bytes)
    detail = f"arena may use {budget / (1 << 30):.1f} GiB of {DEFAULT_DIRECTORY}"
    if budget < _MIN_ARENA_BYTES:
        yield Finding("shared memory", "problem", detail, "Enlarge /dev/shm (in a container: --shm-size).")
    else:
        yield Finding("shared memory", "ok", detail)


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if len(os.fsencode(home)) > _MAX_HOME_BYTES:
        yield Finding("home", "problem", str(home), "Too long for a socket's path: choose a shorter one.")
        return
    existing = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("home", "problem", str(home), f"{existing} is not writable; choose another with --home.")
    else:
        free = shutil.disk_usage(existing).free / (1 << 30)
        yield Finding("home", "ok", f"{home}, {free:.1f} GiB free")


def _port(settings: Settings) -> Iterator[Finding]:
    info = running_stack(settings)
    if info is not None:
        yield Finding("stack", "ok", f"runs at {info.url}")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            yield Finding("port", "problem", f"{settings.port}: {error.strerror}", "Choose another with --port.")
        else:
            yield Finding("port", "ok", f"{settings.port} is free")


def _state(settings: Settings) -> Iterator[Finding]:
    """Reads all of it, beside whoever writes it."""
    if not settings.store_url and not (settings.home / "vortex.db").exists():
        yield Finding("state", "ok", "there is none yet")
        return
    try:
        found = problems(settings)
    except VortexError as error:
        yield Finding("state", "problem", error.message, error.hint or error.info.hint)
        return
    if found:
        advice = "Stop the stack, keep the file, and `vortex restore` the last backup."
        yield Finding("state", "problem", "; ".join(found), advice)
    else:
        yield Finding("state", "ok", "every page and every event is there")


def _editor(_: Settings) -> Iterator[Finding]:
    page = Path(__file__).parent.parent / "bridge" / "_ui" / "index.html"
    if page.is_file():
        yield Finding("editor", "ok", "it is built")
    else:
        yield Finding("editor", "problem", "it is not built", "Run scripts/setup in the folder of the sources.")


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _device,
    _memory,
    arena_findings,
    _home,
    _state,
    _port,
    _editor,
)
