"""Bridges of one state, each a real process on a port of its own: `python -m vortex_prefect.bootstrap bridge`.

No engine runs: what they are asked here needs none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import httpx

from tests.integration.polling import eventually
from tests.integration.yjs_peers import ROOT
from vortex_prefect.bridge.server import listen

PATIENCE_S = 60.0


class DoorProcess:
    """One bridge, which waits where another owns the state.

    Attributes:
        http: a client of its API.
    """

    def __init__(self, home: Path, name: str, **variables: str) -> None:
        self.name = name
        self._log = home / f"{name}.log"
        listener = listen("127.0.0.1", 0)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {
            **os.environ,
            "VORTEX_HOME": str(home),
            "VORTEX_PORT": str(self.port),
            "VORTEX_STANDBY": "1",
            **variables,
        }
        self._listener = listener
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S)
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        descriptor = self._listener.fileno()
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "vortex_prefect.bootstrap", "bridge"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env={**self._env, "VORTEX_LISTEN_FD": str(descriptor)}, pass_fds=(descriptor,),
            )  # fmt: skip

    def __enter__(self) -> DoorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self._listener.close()
        alive = self.process.poll() is None
        if alive:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} does not end:\n{self.log}") from None
        assert not alive or code == 0, f"{self.name} ended with {code}:\n{self.log}"

    @property
    def log(self) -> str:
        """What it wrote, in all its lives."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def rooms_url(self) -> str:
        """Where rooms are, without a room's name."""
        return f"ws://127.0.0.1:{self.port}/collab"

    def role(self) -> str | None:
        """`owner` or `standby`; null while it does not serve."""
        assert self.process.poll() is None, f"{self.name} ended with {self.process.poll()}:\n{self.log}"
        try:
            answer: dict[str, str] = httpx.get(f"{self.url}/healthz", timeout=5.0).json()
        except httpx.TransportError:
            return None
        return answer.get("role", "owner")

    def becomes(self, role: str) -> None:
        """Wait until it is that."""
        eventually(lambda: self.role() == role, PATIENCE_S)

    def routes(self) -> None:
        """Wait until it is a standby that hands requests on."""
        self.becomes("standby")
        eventually(lambda: self.http.get("/readyz").status_code == 200, PATIENCE_S)

    def kill(self) -> None:
        """SIGKILL; it is gone when this returns. Whoever connects to its port waits until it is started again."""
        self.process.kill()
        self.process.wait()

    def vanish(self) -> None:
        """The same, and its port is closed."""
        self._listener.close()
        self.kill()

    def start(self) -> None:
        """Again, on the same socket, as a supervisor does."""
        self.process = self._spawn()
