"""The stack that runs serve: the one that is up with their home, else one of this process's own."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.settings import Settings

logger = logging.getLogger(__name__)

_START_LIMIT_S = 200.0
_END_LIMIT_S = 40.0
_POLL_S = 0.1


class _Keepers:
    """The keeper processes that this process has started, one a home."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: dict[Path, subprocess.Popen[str]] = {}
        self._owner = 0

    def url(self, settings: Settings) -> str:
        """Address of the bridge; starts a stack if none runs. May be called from any thread."""
        with self._lock:
            info = running_stack(settings)
            return self._start(settings) if info is None else info.url

    def close(self) -> None:
        """End all stacks that this process has started."""
        with self._lock:
            if self._owner != os.getpid():
                return  # a fork's copy
            processes = list(self._processes.values())
            self._processes.clear()
            for process in processes:
                _dismiss(process)
            for process in processes:
                _wait(process)

    def _start(self, settings: Settings) -> str:
        if self._owner != os.getpid():  # the first one here, or after a fork
            self._owner, self._processes = os.getpid(), {}
            atexit.register(self.close)
        if (former := self._processes.pop(settings.home, None)) is not None:
            _dismiss(former)
            _wait(former)
        logger.info("no stack runs with the home %s: starting one", settings.home)
        process = _spawn(settings)
        answer = _answer(process)
        if "url" in answer:
            self._processes[settings.home] = process
            return str(answer["url"])
        _dismiss(process)
        _wait(process)
        error = VortexError.from_dict(answer["error"])
        if error.code == "SY-005":
            return _joined(settings, error)
        raise error


def _spawn(settings: Settings) -> subprocess.Popen[str]:
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    # A port that nobody else needs: this stack is for one process only.
    env = {**os.environ, **settings.to_env(), "VORTEX_PORT": "0"}
    with (settings.log_dir / "keeper.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "vortex_prefect.client.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=env,
            text=True,
            # Out of the terminal's group: Ctrl-C ends the run, not the stack under it.
            start_new_session=True,
        )


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    if process.stdout is None:
        raise SystemFault("SY-007", "the stack's keeper has no output")
    with process.stdout as output:
        line = output.readline()
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        fault = SystemFault("SY-002", "the stack's keeper ended; logs/keeper.log under the home says why")
        return {"error": fault.to_dict()}
    return answer


def _joined(settings: Settings, error: VortexError) -> str:
    """Somebody else was a moment faster: wait for their stack."""
    deadline = time.monotonic() + _START_LIMIT_S
    while (info := running_stack(settings)) is None:
        if time.monotonic() > deadline:
            raise error
        time.sleep(_POLL_S)
    return info.url


def _dismiss(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_KEEPERS = _Keepers()


def stack_url(settings: Settings) -> str:
    """Address of the bridge of the stack with this home; starts one, for the lifetime of this process, if none runs.

    Raises:
        VortexError: SY-…, it does not start.
    """
    return _KEEPERS.url(settings)


def end_stacks() -> None:
    """End the stacks that this process has started, before its own end would."""
    _KEEPERS.close()
