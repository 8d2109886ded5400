"""Yjs clients in Node, with the editor's own packages: `tests/node/peer.mjs`, driven from Python.

with Peers("ws://127.0.0.1:8420/collab") as peers:
    ann, bob = peers.open("ann", graph_id), peers.open("bob", graph_id)
    with peers.together():  # neither hears of the other's edit before it has made its own
        ann.move("blur", 10, 20)
        bob.move("blur", 30, 40)
    peers.converge(ann, bob)
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = ROOT / "tests" / "node" / "peer.mjs"
#: The program's own deadlines end first, and say what they have seen.
_MARGIN_S = 10.0
PATIENCE_S = 30.0

Vector = Mapping[str, int]


class PeerError(Exception):
    """A client could not do what it was told, or not in time."""


class PeersUnavailable(Exception):
    """There is no Node, or the editor's packages are not installed, or the program has ended."""


@dataclass(frozen=True)
class State:
    """A client's document."""

    #: SHA-256 of the canonical form: equal where documents are, with all their history.
    hash: str
    #: Client id → how much of that client's edits is there.
    vector: Vector
    #: Roots of the document as plain values.
    document: dict[str, Any]


@dataclass(frozen=True)
class Pending:
    """An answer that is still to come."""

    peers: Peers
    number: int

    def result(self, limit_s: float = PATIENCE_S) -> Any:
        """The answer; PeerError if it is one, or there is none in time."""
        return self.peers._answer(self.number, limit_s)


def covers(have: Vector, wanted: Vector) -> bool:
    """Whether everything of one state vector is in the other."""
    return all(have.get(client, 0) >= clock for client, clock in wanted.items())


class Peers:
    """One Node process with any number of clients; at its end it is gone.

    Raises:
        PeersUnavailable: by entering, and by whatever is told to a process that has ended.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._steps: list[dict[str, Any]] | None = None
        self._buffer = b""

    def __enter__(self) -> Peers:
        node = shutil.which("node")
        if node is None:
            raise PeersUnavailable("node is not installed: Node 20.19 or newer, then scripts/setup")
        if not (ROOT / "ui" / "node_modules" / "y-websocket").is_dir():
            raise PeersUnavailable("the editor's packages are not installed: run scripts/setup")
        self._stderr = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [node, str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, bufsize=0
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_MARGIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._selector.close()
        self._process.stdout.close()
        self._stderr.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def open(self, name: str, room: str, *, wait: bool = True, token: str | None = None, **options: Any) -> Peer:
        """A new client in a room.

        Args:
            wait: return once it has the document.
            token: shown in the handshake's header `Authorization`.
            options: `Options` of `client.mjs`: headers, cookies, params, protocols, reconnect, backoff_ms, connect.
        """
        if token is not None:
            options["headers"] = {"Authorization": f"Bearer {token}", **options.get("headers", {})}
        client_id = self.ask("open", client=name, options={"url": self.url, "room": room, **options})
        peer = Peer(self, name, str(client_id))
        if wait:
            peer.wait_synced()
        return peer

    def converge(self, *peers: Peer, limit_s: float = PATIENCE_S) -> State:
        """The state that all of them have in the end; PeerError with how they differ if they still do after that."""
        self.ask("converged", limit_s, names=[peer.name for peer in peers])
        return peers[0].state()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is told within happens when it ends, and before any client hears of the others; edits answer nothing."""
        if self._steps is not None:
            raise ValueError("together does not nest")
        steps: list[dict[str, Any]] = []
        self._steps = steps
        try:
            yield
        finally:
            self._steps = None
        if steps:
            self.ask("all", steps=steps)

    def ask(self, do: str, limit_s: float = PATIENCE_S, **given: Any) -> Any:
        """Tell the program something and wait for its answer."""
        if self._steps is not None:
            self._steps.append({"do": do, **given})
            return None
        return self.start(do, limit_s, **given).result(limit_s + _MARGIN_S)

    def start(self, do: str, limit_s: float = PATIENCE_S, **given: Any) -> Pending:
        """Tell the program something and go on."""
        if self._steps is not None:
            raise ValueError("what takes its time cannot happen together with others")
        number = next(self._numbers)
        line = json.dumps({"id": number, "do": do, "timeout_s": limit_s, **given}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
        except BrokenPipeError:
            raise self._gone() from None
        return Pending(self, number)

    def _answer(self, number: int, limit_s: float) -> Any:
        deadline = time.monotonic() + limit_s
        while number not in self._answers:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise PeerError(f"no answer within {limit_s:g} s")
            self._read()
        found = self._answers.pop(number)
        if "error" in found:
            raise PeerError(found["error"])
        return found["ok"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        data = os.read(self._process.stdout.fileno(), 1 << 20)
        if not data:
            raise self._gone()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            found = json.loads(line)
            self._answers[found["id"]] = found

    def _gone(self) -> PeersUnavailable:
        code = self._process.wait()
        self._stderr.seek(0)
        tail = self._stderr.read()[-4000:].decode(errors="replace")
        return PeersUnavailable(f"the Node process ended with {code}:\n{tail}")


@dataclass(frozen=True)
class Peer:
    """One client."""

    peers: Peers
    name: str
    #: As state vectors and awareness name it.
    client_id: str

    def _ask(self, do: str, limit_s: float = PATIENCE_S, **given: Any) -> Any:
        return self.peers.ask(do, limit_s, client=self.name, **given)

    # Its connection

    def connect(self) -> None:
        self._ask("connect")

    def disconnect(self) -> None:
        """In good order, until `connect`."""
        self._ask("disconnect")

    def drop(self, how: str = "destroy", *, reconnect: bool = False) -> None:
        """Break the TCP connection: `destroy` with FIN, `reset` with RST, without a word of WebSocket."""
        self._ask("drop", how=how, reconnect=reconnect)

    def freeze(self) -> None:
        """Read nothing more from the socket, until `thaw`."""
        self._ask("freeze")

    def thaw(self) -> None:
        self._ask("thaw")

    def set_reconnect(self, reconnect: bool) -> None:
        """Whether it comes back by itself when the connection is lost."""
        self._ask("set_reconnect", reconnect=reconnect)

    def close(self) -> None:
        """End the client for good."""
        self._ask("close")

    # Edits

    def move(self, node: str, x: float, y: float) -> None:
        self._ask("move", node=node, x=x, y=y)

    def set_param(self, node: str, name: str, value: Any) -> None:
        self._ask("set_param", node=node, name=name, value=value)

    def delete_param(self, node: str, name: str) -> None:
        self._ask("delete_param", node=node, name=name)

    def set_title(self, node: str, title: str | None) -> None:
        self._ask("set_title", node=node, title=title)

    def set_mode(self, node: str, mode: str) -> None:
        self._ask("set_mode", node=node, mode=mode)

    def create_node(self, node: str, type: str, **fields: Any) -> None:
        """Fields: x, y, title, mode, params."""
        self._ask("create_node", node=node, type=type, **fields)

    def delete_node(self, node: str) -> None:
        """With all edges at it, in the same transaction."""
        self._ask("delete_node", node=node)

    def connect_edge(self, source: tuple[str, str], target: tuple[str, str], *, list: bool = False) -> str | None:
        """From an output to an input, each (node, port); the edge's key."""
        names: dict[str, Any] = {
            "source": source[0],
            "sourcePort": source[1],
            "target": target[0],
            "targetPort": target[1],
        }
        key: str | None = self._ask("connect_edge", list=list, **names)
        return key

    def delete_edge(self, key: str) -> None:
        self._ask("delete_edge", key=key)

    def rename(self, name: str) -> None:
        """The graph."""
        self._ask("rename", name=name)

    def put(self, root: str, key: str, value: Any) -> None:
        """Set a plain value in a root map, whatever it is."""
        self._ask("put", root=root, key=key, value=value)

    def random_edits(self, count: int, seed: int) -> None:
        """That many transactions which the seed and the document decide."""
        self._ask("random_edits", count=count, seed=seed)

    def stream(
        self, node: str, count: int, *, first: int = 1, watcher: Peer | None = None, every_ms: float = 0
    ) -> Pending:
        """Number a node (`params.seq`, `x`) that many times; with a watcher, never 200 numbers ahead of his sight."""
        paced = None if watcher is None else watcher.name
        given: dict[str, Any] = {"node": node, "count": count, "first": first, "watcher": paced, "every_ms": every_ms}
        return self.peers.start("stream", client=self.name, **given)

    # Awareness

    def set_awareness(self, state: dict[str, Any] | None) -> None:
        self._ask("set_awareness", state=state)

    def awareness(self) -> dict[str, dict[str, Any]]:
        """What is known of the others, by client id; without those that say nothing."""
        found: dict[str, dict[str, Any]] = self._ask("awareness")
        return found

    # What it sees

    def state(self) -> State:
        found = self._ask("state")
        return State(found["hash"], found["vector"], found["document"])

    def update(self) -> str:
        """The whole document as one update, in base64."""
        found: str = self._ask("update")
        return found

    def apply_update(self, update: str) -> None:
        """Take over an update, as if it had come from the server."""
        self._ask("apply_update", base64=update)

    def vector(self) -> Vector:
        found: Vector = self._ask("vector")
        return found

    def updates(self) -> int:
        """How many updates of others have come."""
        found: int = self._ask("updates")
        return found

    def events(self) -> list[dict[str, Any]]:
        """What happened to the connection since the last time: connecting, connected, disconnected, synced, unsynced,
        close {code, reason}, closed (for good), denied {reason}, error {message}."""
        found: list[dict[str, Any]] = self._ask("events")
        return found

    # Frames that the provider would never send

    def send_text(self, text: str) -> None:
        self._ask("send_text", text=text)

    def send_bytes(self, data: bytes) -> None:
        """A binary frame."""
        self._ask("send_bytes", base64=base64.b64encode(data).decode())

    def send_garbage(self, kind: str, size: int = 100) -> None:
        """A kind of `raw_frames.mjs`."""
        self._ask("send_garbage", kind=kind, size=size)

    # Waiting; PeerError with what was seen last

    def wait_until(self, limit_s: float = PATIENCE_S, **conditions: Any) -> None:
        """All of them: synced, connected (bool), vector (at least), others, updates (number), event (one of these)."""
        self._ask("wait_until", limit_s, conditions=conditions)

    def wait_synced(self, limit_s: float = PATIENCE_S) -> None:
        self.wait_until(limit_s, synced=True)

    def wait_value(self, path: Sequence[str], limit_s: float = PATIENCE_S, **wanted: Any) -> None:
        """For what stands in the document: `equals`, `at_least` or `exists`."""
        self.wait_until(limit_s, path={"at": list(path), **wanted})
