"""Rooms that forget what was overwritten, with the editor's own packages against a real bridge."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pycrdt import Doc, Map

from tests.fakes.graphs import picture_graph
from tests.integration.collab_process import CollabProcess, drawn
from tests.integration.collab_room import NAMES
from tests.integration.yjs_peer import Peer, State
from tests.integration.yjs_peers import Peers

pytestmark = pytest.mark.integration


def move_often(peer: Peer, count: int) -> None:
    """By an update that is as large as so many moves of two nodes, from one more client."""
    doc: Doc[Any] = Doc()
    doc.apply_update(base64.b64decode(peer.update()))
    state = doc.get_state()
    nodes = doc.get("nodes", type=Map)
    for x in range(count):
        nodes[("blur", "image")[x % 2]]["x"] = float(x)
    peer.apply_update(base64.b64encode(doc.get_update(state)).decode())


def test_it_opens_small_and_everybody_agrees(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    with Peers(own_stack.rooms_url) as peers:
        ann, bob, away = (peers.open(name, graph_id) for name in ("ann", "bob", "away"))
        away.disconnect()
        for _ in range(4):
            move_often(ann, 12_000)
            bob.wait_until(vector=ann.vector())
        own_stack.stop()
        own_stack.start()
        for peer in (ann, bob):
            peer.wait_until(synced=True)
        bob.set_title("blur", "later")
        ann.wait_value(["nodes", "blur", "title"], equals="later")
        late = peers.open("late", graph_id)
        assert late.state().document == ann.state().document
        own_stack.becomes(graph_id, drawn(late.state().document))
        sizes = [len(base64.b64decode(peer.update())) for peer in (late, ann)]
        assert sizes[0] < 0.7 * sizes[1], sizes
        away.events()
        away.connect()
        away.wait_until(event=["closed"])
        closed = [event for event in away.events() if event["type"] == "closed"]
        assert closed[0]["code"] == 4409
        assert ann.state().document == bob.state().document == late.state().document


def forgetful(peers: Peers, stack: CollabProcess, graph_id: str) -> Peer:
    """One who has seen a room grow until it forgot something, and start again."""
    ann = peers.open("ann", graph_id)
    watcher = peers.open("watcher", graph_id)
    for _ in range(3):
        move_often(ann, 12_000)
        watcher.wait_until(vector=ann.vector())
    watcher.close()
    restart(stack, ann)
    return ann


def restart(stack: CollabProcess, *peers: Peer) -> None:
    stack.stop()
    for peer in peers:
        peer.wait_until(synced=False)
    stack.start()
    for peer in peers:
        peer.wait_synced()


def agree(stack: CollabProcess, peers: Peers, graph_id: str, *everybody: Peer) -> State:
    """What all of them say in the end, and one who has just come, and the API."""
    late = peers.open(next(NAMES), graph_id)
    for peer in (*everybody, late):
        peer.wait_until(vector=everybody[0].vector())
    state = late.state()
    for peer in everybody:
        assert peer.state().document == state.document
    stack.becomes(graph_id, drawn(state.document))
    return state


def test_who_was_away_for_a_while_comes_back_with_his_edits(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    with Peers(own_stack.rooms_url) as peers:
        ann = forgetful(peers, own_stack, graph_id)
        bob = peers.open("bob", graph_id)
        assert len(bob.update()) < 0.7 * len(ann.update())
        bob.disconnect()
        bob.set_title("save", "alone")
        bob.move("blur", -1, -1)
        for x in range(20):
            ann.move("blur", x, x)
        ann.set_title("image", "meanwhile")
        restart(own_stack, ann)
        bob.connect()
        bob.wait_synced()
        ann.wait_value(["nodes", "save", "title"], equals="alone")
        bob.wait_value(["nodes", "image", "title"], equals="meanwhile")
        state = agree(own_stack, peers, graph_id, ann, bob)
        assert state.document["nodes"]["blur"]["x"] in (-1, 19)


def test_what_was_done_before_a_restart_can_be_undone(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    with Peers(own_stack.rooms_url) as peers:
        ann = peers.open("ann", graph_id)
        ann.keep_undo()
        ann.set_title("blur", "one")
        ann.set_title("blur", "two")
        ann.delete_node("save")
        for _ in range(3):
            move_often(ann, 12_000)
        restart(own_stack, ann)
        bob = peers.open("bob", graph_id)
        assert "save" not in bob.state().document["nodes"]
        for node, wanted in (
            (["save"], {"exists": True}),
            (["blur", "title"], {"equals": "one"}),
            (["blur", "title"], {"exists": False}),
        ):
            assert ann.undo()
            bob.wait_value(["nodes", *node], **wanted)
            agree(own_stack, peers, graph_id, ann, bob)
