"""One Yjs client of `Peers`: its connection, its edits, and what it sees."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.yjs_peers import Peers, Pending

PATIENCE_S = 30.0

Vector = Mapping[str, int]


@dataclass(frozen=True)
class State:
    """A client's document."""

    #: SHA-256 of the canonical form: equal where documents are, with all their history.
    hash: str
    #: Client id → how much of that client's edits is there.
    vector: Vector
    #: Roots of the document as plain values.
    document: dict[str, Any]


def covers(have: Vector, wanted: Vector) -> bool:
    """Whether everything of one state vector is in the other."""
    return all(have.get(client, 0) >= clock for client, clock in wanted.items())


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

    def keep_undo(self) -> None:
        """Let each edit from now on be undone by itself."""
        self._ask("keep_undo")

    def undo(self) -> bool:
        """Whether there was anything that could be."""
        found: bool = self._ask("undo")
        return found

    def redo(self) -> bool:
        found: bool = self._ask("redo")
        return found

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
