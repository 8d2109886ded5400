"""A child process of the stack: how it starts, how it ends, what it printed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What a child is started with."""

    role: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    #: Descriptors that it inherits.
    descriptors: tuple[int, ...] = ()
    #: Seconds that it has to end after SIGTERM.
    patience_s: float = 10.0


class Child:
    """One child and its successors. Start children from the main thread: its death ends them too."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.restarts = 0
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """Process id of the one that runs now."""
        return self._process.pid

    def returncode(self) -> int | None:
        """How it ended; null while it runs."""
        return self._process.poll()

    def restart(self) -> None:
        """Start a successor of a child that has ended."""
        self.restarts += 1
        self._process = self._spawn()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.returncode() is None:
            self._process.terminate()

    def stop(self) -> None:
        """End it: asked first, then by force, and whatever it started with it."""
        self.terminate()
        try:
            self._process.wait(self.spec.patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def tail(self) -> str:
        """The end of its log."""
        try:
            return self.spec.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        except OSError:
            return ""

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        with self.spec.log.open("ab") as log:
            return subprocess.Popen(
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.spec.env, "PYTHONUNBUFFERED": "1"},
                pass_fds=self.spec.descriptors,
                # Logs, outputs and databases are for this user; who else is to have them is told by their copies.
                umask=0o077,
                # Out of the terminal's group: Ctrl-C is for the stack, which ends its children in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one C call; no lock is taken
            )


def wait_until(ready: Callable[[], bool], alive: Callable[[], bool], timeout_s: float) -> bool:
    """Ask `ready` until it says yes; false if `alive` says no first, or after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if not alive() or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
