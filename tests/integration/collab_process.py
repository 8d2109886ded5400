"""A bridge in a process of its own, for tests: killed, started again, asked for graphs and their logs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.integration.polling import eventually
from tests.integration.yjs_peers import ROOT
from vortex_prefect.core.access import scopes_of
from vortex_prefect.graph.edits import CHANGES, Change, replay
from vortex_prefect.service.tokens import Tokens

#: Of its database.
_FILES = ("vortex.db", "vortex.db-wal")


class CollabProcess:
    """`tests.integration.collab_server`, on the same port and home however often it is started.

    Attributes:
        http: a client of its API; once `tokens` are made, with the editor's.
    """

    module = "tests.integration.collab_server"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.http = httpx.Client(timeout=30.0)

    def __enter__(self) -> CollabProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        if self._process is not None:
            self.stop()

    @property
    def rooms_url(self) -> str:
        """Where rooms are, without a room's name."""
        return f"ws://127.0.0.1:{self.port}/collab"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What it wrote to standard error, in all its lives."""
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it, and return when it listens; AssertionError with its log if it ends before."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, str(self.home), str(self.port)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the server ended before it listened:\n{self.log}"
        self.port = int(line)
        self.http.base_url = httpx.URL(f"http://127.0.0.1:{self.port}")

    def kill(self) -> None:
        """SIGKILL; it is gone when this returns."""
        assert self._process is not None
        self._process.kill()
        self._ended()

    def stop(self) -> None:
        """End it in good order; AssertionError with its log if it does not."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = None
        self._ended()
        assert code == 0, f"the server ended with {code}:\n{self.log}"

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def copy_store(self, folder: Path) -> None:
        """Its database as it is now, into a new folder: all that a disk has which gets nothing from now on."""
        folder.mkdir()
        for name in _FILES:
            shutil.copy(self.home / name, folder)

    def put_store(self, folder: Path) -> None:
        """Give it, while it does not run, the database of `copy_store`."""
        (self.home / "vortex.db-shm").unlink()
        for name in _FILES:
            shutil.copy(folder / name, self.home)

    def tokens(self, **scopes: str) -> dict[str, str]:
        """Name → secret of new tokens, each with one scope; from now on everybody needs one."""
        known = Tokens(self.home / "tokens.json")
        return {name: known.create(name, scopes_of([scope]))[1] for name, scope in scopes.items()}

    # What the API says

    def create(self, document: dict[str, Any]) -> str:
        """The id of a new graph."""
        answer = self.http.post("/api/graph", json=document)
        graph_id: str = answer.raise_for_status().json()["id"]
        return graph_id

    def graph(self, graph_id: str) -> dict[str, Any]:
        """The graph, without what changes by itself."""
        answer = self.http.get(f"/api/graph/{graph_id}").raise_for_status().json()
        return content(answer["graph"])

    def becomes(self, graph_id: str, wanted: dict[str, Any]) -> None:
        """Wait until the graph is that: what people edit reaches it a moment later."""

        def look() -> bool:
            return self.graph(graph_id) == wanted

        try:
            eventually(look)
        except AssertionError:
            assert self.graph(graph_id) == wanted  # says how they differ

    def replayed(self, graph_id: str) -> dict[str, Any]:
        """The graph that its log of events adds up to."""
        changes, after = list[Change](), 0
        while True:
            answer = self.http.get(f"/api/graph/{graph_id}/events", params={"after": after})
            page = answer.raise_for_status().json()
            changes += [
                Change(event["event_type"], event["payload"])
                for event in page["events"]
                if event["event_type"] in CHANGES
            ]
            if page["next"] is None:
                return content(replay(changes).model_dump(mode="json"))
            after = page["next"]


def content(graph: dict[str, Any]) -> dict[str, Any]:
    """What people edit together of a graph document, in a form that can be compared: nothing has an order here."""
    edges = {(*edge["source"].values(), *edge["target"].values()) for edge in graph["edges"]}
    return {
        "name": graph["name"],
        "nodes": {
            name: {field: node.get(field, default) for field, default in _NODE.items()}
            for name, node in graph["nodes"].items()
        },
        "edges": sorted(edges),
        "inputs": {item["name"]: (item["node"], item["param"]) for item in graph["inputs"]},
        "outputs": {item["name"]: (item["node"], item["port"]) for item in graph["outputs"]},
    }


def drawn(document: dict[str, Any]) -> dict[str, Any]:
    """The same of a Yjs document. Edges to nodes that are gone are none: an edge may be drawn while its end goes."""
    nodes = document["nodes"]
    edges = {
        (edge["source"], edge["sourcePort"], edge["target"], edge["targetPort"])
        for edge in document["edges"].values()
        if edge["source"] in nodes and edge["target"] in nodes
    }
    return {
        "name": document["meta"].get("name", ""),
        "nodes": {
            name: {field: node.get(field, default) for field, default in _NODE.items()}
            | {"position": {"x": node.get("x", 0), "y": node.get("y", 0)}}
            for name, node in nodes.items()
        },
        "edges": sorted(edges),
        "inputs": {name: (item["node"], item["param"]) for name, item in document["inputs"].items()},
        "outputs": {name: (item["node"], item["port"]) for name, item in document["outputs"].items()},
    }


#: A node's fields that are compared, and what they are where they are absent.
_NODE: dict[str, Any] = {"type": None, "params": {}, "position": {"x": 0, "y": 0}, "title": None, "mode": "active"}
