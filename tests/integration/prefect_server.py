"""A real Prefect server of a test's own, which it stops and starts again.

The process (`python -m tests.integration.prefect_server`) believes to live as many seconds later as `CLOCK_AHEAD` says,
so that a server which comes back after an hour takes no hour.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import TracebackType

import httpx

from tests.integration.polling import eventually
from vortex_prefect.bootstrap.__main__ import LISTEN_FD

CLOCK_AHEAD = "TEST_CLOCK_AHEAD_S"
AUTH = "test:on loopback only"


class PrefectServer:
    """On one port and one database, however often it is started."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = int(self._listening.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrefectServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._listening.close()

    def start(self, ahead_s: float = 0.0) -> None:
        """Serve, once migrations are done; its clock goes `ahead_s` before ours."""
        env = {
            **os.environ,
            LISTEN_FD: str(self._listening.fileno()),
            CLOCK_AHEAD: str(ahead_s),
            "PREFECT_HOME": str(self._home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_API_AUTH_STRING": AUTH,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            # As in `Stack`.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        }
        command = (sys.executable, "-m", "tests.integration.prefect_server")
        with (self._home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=env, pass_fds=(self._listening.fileno(),), start_new_session=True
            )
        eventually(self._answers, limit_s=120.0)

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60.0)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut does, and with it what it had not filed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._home / "server.log").read_text()[-4000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/health", timeout=1.0).is_success
        except httpx.HTTPError:
            return False


def _serve() -> None:
    # Here, because tests import this module for its client and need no Prefect server in their own process.
    from prefect.types import _datetime  # noqa: PLC0415 - before anybody has taken its `now` by name

    now, ahead = _datetime.now, timedelta(seconds=float(os.environ[CLOCK_AHEAD]))
    _datetime.now = lambda tz="UTC": now(tz) + ahead
    from vortex_prefect.bootstrap.prefect_server import main  # noqa: PLC0415

    main()


if __name__ == "__main__":
    _serve()
