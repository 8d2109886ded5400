"""The processes of `collab`: a bridge that is killed and started again, a bare relay, and clients in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.harness import ROOT

_HERE = Path(__file__).parent
_PATIENCE_S = 30


class Bridge:
    """A bridge over a real store; on the same port and home however often it is started.

    Args:
        home: with what is there; null: a new one.
    """

    module = "benchmarks.collab_server"

    def __init__(self, home: Path | None = None) -> None:
        self._resources = ExitStack()
        self.home = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="vortex-bench-")))
        if home is not None:
            shutil.copytree(home, self.home, dirs_exist_ok=True)
        self.port = 0

    def __enter__(self) -> Bridge:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._resources.close()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/collab"

    def start(self) -> None:
        self._process = started([sys.executable, "-m", self.module, str(self.home), str(self.port)])
        self.port = int(line(self._process))

    def kill(self) -> None:
        """SIGKILL; it may be gone already."""
        self._process.kill()
        ended(self._process)

    def stop(self) -> None:
        """In good order."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        ended(self._process)

    def graph(self, nodes: int) -> str:
        """The id of a new graph with the nodes n0, n1, …"""
        document = {
            "schema": "vortex.graph/1",
            "name": "Collaboration",
            "nodes": {f"n{index}": {"type": "image.blur"} for index in range(nodes)},
            "edges": [],
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/graph",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            graph_id: str = json.load(answer)["id"]
        return graph_id


class Relay:
    """The reference: `collab_relay.mjs`."""

    def __enter__(self) -> Relay:
        self._process = started(["node", str(_HERE / "collab_relay.mjs")])
        self.url = f"ws://127.0.0.1:{int(line(self._process))}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        ended(self._process)


class Clients:
    """One run of `collab_clients.mjs`; at its end it is gone."""

    def __init__(self, do: str, url: str, room: str, **order: Any) -> None:
        text = json.dumps({"do": do, "url": url, "room": room, **order})
        self._process = started(["node", str(_HERE / "collab_clients.mjs"), text])

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        ended(self._process)

    def answer(self) -> dict[str, Any]:
        """Its next line."""
        found: dict[str, Any] = json.loads(line(self._process))
        return found


def run(do: str, url: str, room: str, **order: Any) -> dict[str, Any]:
    """The one answer of an order."""
    with Clients(do, url, room, **order) as clients:
        return clients.answer()


def started(command: list[str]) -> subprocess.Popen[str]:
    """Raises SystemExit where there is no Node, or it has not the packages."""
    if command[0] == "node" and not (shutil.which("node") and (ROOT / "ui" / "node_modules" / "yjs").is_dir()):
        raise SystemExit("no figure: Node and the editor's packages are needed; run scripts/setup")
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def ended(process: subprocess.Popen[str]) -> None:
    process.wait(_PATIENCE_S)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def line(process: subprocess.Popen[str]) -> str:
    """Raises SystemExit if the process has ended."""
    assert process.stdout is not None
    if not (found := process.stdout.readline()):
        raise SystemExit(f"no figure: a process ended with {process.wait(_PATIENCE_S)}")
    return found
