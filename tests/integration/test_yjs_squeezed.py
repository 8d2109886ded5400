"""Squeezed documents in the library of browsers, beside that of the server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from pycrdt import Doc, Map

from tests.integration.yjs_peer import Peer
from tests.integration.yjs_peers import Peers
from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.horizon import Horizon
from vortex_prefect.collab.squeeze import squeeze

pytestmark = pytest.mark.integration
ROOTS = ("meta", "nodes", "edges", "groups", "notes", "inputs", "outputs")


@pytest.fixture
def peers() -> Iterator[Peers]:
    with Peers("ws://127.0.0.1:1/collab") as found:
        yield found


class Server:
    """A room without a network, after a restart: what it has is squeezed up to a state that it once had."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.horizon = Horizon(b"\x00\x00", {})

    def meet(self, *everybody: Peer) -> None:
        """All hear of each other."""
        for _ in range(2):
            for peer in everybody:
                assert self.takes(peer)
                self.doc.apply_update(base64.b64decode(peer.update()))
                tell(peer, self.doc.get_update())

    def takes(self, peer: Peer) -> bool:
        return self.horizon.covered_by(self.state_of(peer)) and self.horizon.reached_by(base64.b64decode(peer.update()))

    def state(self) -> dict[int, int]:
        return read_state(self.doc.get_state())

    def restart(self, horizon: dict[int, int] | None = None) -> bytes:
        state = self.state() if horizon is None else horizon
        update = squeeze(self.doc.get_update(), state)
        self.horizon = Horizon(update, state)
        self.doc = Doc()
        self.doc.apply_update(update)
        return update

    @staticmethod
    def state_of(peer: Peer) -> dict[int, int]:
        return {int(client): clock for client, clock in peer.vector().items()}

    def document(self) -> dict[str, Any]:
        return {root: self.doc.get(root, type=Map).to_py() for root in ROOTS}


def tell(peer: Peer, update: bytes) -> None:
    peer.apply_update(base64.b64encode(update).decode())


def alone(peers: Peers, *names: str) -> list[Peer]:
    return [peers.open(name, "room", wait=False, connect=False) for name in names]


def agree(server: Server, *everybody: Peer) -> dict[str, Any]:
    """What all of them say."""
    server.meet(*everybody)
    states = [peer.state() for peer in everybody]
    for state in states:
        assert state.document == server.document()
        assert {int(client): clock for client, clock in state.vector.items()} == server.state()
    return states[0].document


def test_both_libraries_read_it_and_go_on_with_it(peers: Peers) -> None:
    server = Server()
    ann, bob, cid = alone(peers, "ann", "bob", "cid")
    for seed in range(4):
        ann.random_edits(60, seed)
        bob.random_edits(60, 100 + seed)
        server.meet(ann, bob)
    full = server.doc.get_update()
    squeezed = server.restart()
    assert len(squeezed) < len(full)
    tell(cid, squeezed)
    agree(server, ann, bob, cid)
    again = base64.b64decode(cid.update())
    assert squeeze(again) == again, "nothing is left that could be left out"
    for seed in range(3):
        for peer in (ann, bob, cid):
            peer.random_edits(30, 1000 + seed)
        agree(server, ann, bob, cid)
        server.restart()


def test_edits_of_who_was_away_are_taken(peers: Peers) -> None:
    """Those of what nobody touched stand; of one that somebody touched, one stands for all."""
    server = Server()
    ann, bob = alone(peers, "ann", "bob")
    ann.create_node("a", "test.blur", x=1, params={"radius": 1})
    ann.create_node("b", "test.blur", x=1)
    for x in range(50):
        ann.move("b", x, x)
    server.meet(ann, bob)
    horizon = server.state()
    bob.move("a", 7, 7)
    bob.move("b", 8, 8)
    for x in range(50):
        ann.move("b", 100 + x, x)
    ann.set_param("a", "radius", 2)
    server.meet(ann)
    server.restart(horizon)
    (cid,) = alone(peers, "cid")
    document = agree(server, ann, bob, cid)
    assert document["nodes"]["a"]["x"] == 7
    assert document["nodes"]["a"]["params"] == {"radius": 2}
    assert document["nodes"]["b"]["x"] in (8, 149)


def test_who_lacks_a_part_of_what_was_squeezed_must_be_refused(peers: Peers) -> None:
    """He would find nothing under a key that somebody else set twice, and so would all in the end."""
    server = Server()
    ann, bob = alone(peers, "ann", "bob")
    ann.create_node("a", "test.blur", x=1)
    server.meet(ann, bob)
    for x in (2, 3):
        ann.move("a", x, x)
    server.meet(ann)
    squeezed = server.restart()
    assert not server.horizon.covered_by(server.state_of(bob))
    tell(bob, squeezed)
    assert "x" not in bob.state().document["nodes"]["a"]
    assert server.document()["nodes"]["a"]["x"] == 3


def test_an_edit_of_what_was_left_out_must_be_refused(peers: Peers) -> None:
    server = Server()
    ann, bob = alone(peers, "ann", "bob")
    ann.create_node("a", "test.blur", x=1)
    server.meet(ann, bob)
    bob.move("a", 9, 9)
    late = base64.b64decode(bob.update())
    for x in (2, 3):
        ann.move("a", x, x)
    server.meet(ann)
    server.restart()
    assert not server.horizon.reached_by(late)
    server.doc.apply_update(late)
    assert server.document()["nodes"]["a"]["x"] == 3, "the library takes it for dead"


@pytest.mark.parametrize("seed", range(4))
def test_people_come_and_go_while_it_is_squeezed(peers: Peers, seed: int) -> None:
    server = Server()
    people = alone(peers, *(f"p{number}" for number in range(3)))
    for place, peer in enumerate(people):
        peer.random_edits(20, seed * 100 + place)
    server.meet(*people)
    for turn in range(5):
        away = people[turn % 3]
        others = [peer for peer in people if peer is not away]
        horizon = server.state()
        for place, peer in enumerate(people):
            peer.random_edits(25, seed * 1000 + turn * 10 + place)
        server.meet(*others)
        server.restart(horizon)
        if not server.takes(away):
            # He edited a node that the others have deleted, and that was forgotten since.
            (people[turn % 3],) = alone(peers, f"p{turn % 3} again in turn {turn}")
        agree(server, *people)
    (late,) = alone(peers, "late")
    agree(server, late, *people)


def test_what_was_done_before_can_be_undone(peers: Peers) -> None:
    server = Server()
    ann, bob = alone(peers, "ann", "bob")
    ann.create_node("a", "test.blur", x=1, params={"radius": 1})
    server.meet(ann, bob)
    ann.keep_undo()
    for x in (2, 3, 4):
        ann.move("a", x, x)
    ann.set_param("a", "radius", 5)
    ann.delete_node("a")
    agree(server, ann, bob)
    server.restart()
    (cid,) = alone(peers, "cid")
    assert agree(server, ann, bob, cid)["nodes"] == {}
    assert ann.undo(), "the node is back"
    server.restart()
    assert agree(server, ann, bob, cid)["nodes"]["a"]["params"] == {"radius": 5}
    assert ann.undo()
    assert agree(server, ann, bob, cid)["nodes"]["a"]["params"] == {"radius": 1}
    for x in (3, 2, 1):
        assert ann.undo()
        server.restart(server.state())
        assert agree(server, ann, bob, cid)["nodes"]["a"]["x"] == x
    for x in (2, 3, 4):
        assert ann.redo()
        assert agree(server, ann, bob, cid)["nodes"]["a"]["x"] == x
        server.restart()
