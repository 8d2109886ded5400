"""The Yjs clients that other tests drive: what goes wrong is told, and none outlives its test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import yjs_peers
from tests.integration.processes import state
from tests.integration.yjs_peer import Peer, covers
from tests.integration.yjs_peers import PeerError, Peers, PeersUnavailable

pytestmark = pytest.mark.integration


@pytest.fixture
def peers() -> Iterator[Peers]:
    with Peers("ws://127.0.0.1:1/collab") as found:
        yield found


def alone(peers: Peers, *names: str) -> list[Peer]:
    """Clients without a server."""
    return [peers.open(name, "room", wait=False, connect=False) for name in names]


def test_edits_and_what_they_make(peers: Peers) -> None:
    (ann,) = alone(peers, "ann")
    ann.create_node("a", "test.blur", x=1, params={"radius": 2})
    ann.create_node("b", "test.blur")
    assert ann.connect_edge(("a", "image"), ("b", "image")) == "b:image"
    assert ann.connect_edge(("a", "image"), ("b", "image"), list=True) == "b:image:a:image"
    document = ann.state().document
    made = {"type": "test.blur", "x": 1, "y": 0, "title": None, "mode": "active", "params": {"radius": 2}}
    assert document["nodes"]["a"] == made
    assert len(document["edges"]) == 2
    ann.delete_node("a")
    assert ann.state().document["edges"] == {}


def test_mistakes_are_answered(peers: Peers) -> None:
    (ann,) = alone(peers, "ann")
    for wrong, told in (
        (lambda: ann.move("nobody", 0, 0), "there is no node nobody"),
        (ann.drop, "ann is not connected"),
        (lambda: ann.send_text("x"), "ann is not connected"),
        (lambda: ann.wait_until(0.05, synced=True), r"not within 0.05 s; last seen: ann: \[\[\"synced\",false\]\]"),
        (lambda: ann.wait_until(nonsense=1), "nothing waits for nonsense"),
        (lambda: peers.ask("nonsense", client="ann"), "there is no command nonsense"),
        (lambda: peers.ask("state", client="bob"), "there is no client bob"),
        (lambda: peers.open("ann", "room"), "there is a client ann"),
        (lambda: ann.apply_update("/////w=="), "end of array"),
    ):
        with pytest.raises(PeerError, match=told):
            wrong()
    assert ann.state().document["nodes"] == {}


def test_a_server_that_is_not_there(peers: Peers) -> None:
    ann = peers.open("ann", "room", wait=False)
    ann.wait_until(event=["error"])
    assert "ECONNREFUSED" in next(event["message"] for event in ann.events() if event["type"] == "error")


def test_an_answer_may_come_after_later_ones(peers: Peers) -> None:
    ann, bob = alone(peers, "ann", "bob")
    waiting = peers.start("wait_until", client="ann", conditions={"path": {"at": ["nodes", "a"], "exists": True}})
    bob.create_node("a", "test.image")
    assert bob.state().document["nodes"]
    ann.apply_update(bob.update())
    assert waiting.result() is True


@pytest.mark.parametrize("seed", range(20))
def test_states_are_equal_whatever_the_way_there(peers: Peers, seed: int) -> None:
    """Updates in another order, one by one or all at once: one canonical form."""
    ann, bob, late, later = people = alone(peers, "ann", "bob", "late", "later")
    ann.create_node("a", "test.blur")
    bob.apply_update(ann.update())
    for round_ in range(4):
        ann.random_edits(10, seed + round_)
        bob.random_edits(10, seed + 100 + round_)
        late.apply_update((ann, bob)[round_ % 2].update())
        if round_ == 2:
            ann.apply_update(bob.update())
    bob.apply_update(ann.update())
    ann.apply_update(bob.update())
    for peer in (late, later):
        peer.apply_update(ann.update())
    assert len({peer.state().hash for peer in people}) == 1
    assert peers.converge(*people).vector == ann.vector()
    ann.random_edits(1, seed)
    with pytest.raises(PeerError, match="state"):
        peers.converge(*people, limit_s=0.05)


def test_a_deletion_alone_makes_another_state(peers: Peers) -> None:
    ann, bob = alone(peers, "ann", "bob")
    ann.create_node("a", "test.blur", params={"radius": 1})
    bob.apply_update(ann.update())
    ann.delete_param("a", "radius")
    assert ann.vector() == bob.vector()
    assert ann.state().hash != bob.state().hash
    with pytest.raises(PeerError, match="2 different states under one state vector"):
        peers.converge(ann, bob, limit_s=0.05)


def test_random_edits_are_those_of_the_seed() -> None:
    states = []
    for _ in range(2):
        with Peers("ws://127.0.0.1:1/collab") as peers:
            (ann,) = alone(peers, "ann")
            ann.random_edits(100, seed=7)
            states.append(ann.state().document)
    assert states[0] == states[1]
    assert states[0]["nodes"]


def test_what_covers_what() -> None:
    assert covers({"1": 5, "2": 1}, {"1": 5})
    assert not covers({"1": 4}, {"1": 5})
    assert not covers({}, {"1": 1})


def test_the_process_ends_with_its_context() -> None:
    with Peers("ws://127.0.0.1:1/collab") as peers:
        peers.open("ann", "room", wait=False)
        pid = peers.pid
        assert state(pid)
    assert not state(pid)


def test_a_process_that_died_is_told_with_what_it_said(peers: Peers) -> None:
    (ann,) = alone(peers, "ann")
    peers._process.kill()
    with pytest.raises(PeersUnavailable, match="the Node process ended with -9"):
        ann.state()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(yjs_peers, "ROOT", tmp_path)
    with pytest.raises(PeersUnavailable, match="run scripts/setup"), Peers("ws://127.0.0.1:1"):
        pass
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PeersUnavailable, match="node is not installed"), Peers("ws://127.0.0.1:1"):
        pass
