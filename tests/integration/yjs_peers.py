"""Yjs clients in Node, with the editor's own packages: `tests/node/peer.mjs`, driven from Python.

with Peers("ws://127.0.0.1:8420/collab") as peers:
    ann, bob = peers.open("ann", graph_id), peers.open("bob", graph_id)
    with peers.together():  # neither hears of the other's edit before it has made its own
        ann.move("blur", 10, 20)
        bob.move("blur", 30, 40)
    peers.converge(ann, bob)
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.integration.yjs_peer import PATIENCE_S, Peer, State

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = ROOT / "tests" / "node" / "peer.mjs"
#: The program's own deadlines end first, and say what they have seen.
_MARGIN_S = 10.0


class PeerError(Exception):
    """A client could not do what it was told, or not in time."""


class PeersUnavailable(Exception):
    """There is no Node, or the editor's packages are not installed, or the program has ended."""


@dataclass(frozen=True)
class Pending:
    """An answer that is still to come."""

    peers: Peers
    number: int

    def result(self, limit_s: float = PATIENCE_S) -> Any:
        """The answer; PeerError if it is one, or there is none in time."""
        return self.peers._answer(self.number, limit_s)


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
