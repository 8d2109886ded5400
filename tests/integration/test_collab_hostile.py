"""Members of a room who send what is no message, or may not do what they do: nobody else notices."""

from __future__ import annotations

import pytest

from tests.fakes.graphs import picture_graph
from tests.integration.collab_process import CollabProcess, drawn
from tests.integration.collab_room import NAMES, agreed, broken, joined
from tests.integration.yjs_peer import Peer
from tests.integration.yjs_peers import PeerError, Peers

GARBAGE = [
    ("empty", 0), ("unknown_type", 0), ("endless_number", 0), ("sync_without_step", 0), ("sync_unknown_step", 0),
    ("sync_cut_off", 0), ("update_of_noise", 50), ("update_of_noise", 100_000), ("step1_of_noise", 50),
    ("step2_of_noise", 50), ("update_of_many", 0),
    ("update_nested", 50_000), ("update_of_the_future", 0), ("awareness_of_noise", 50), ("awareness_cut_off", 0),
    ("awareness_no_json", 0), ("awareness_no_text", 0), ("awareness_not_a_number", 0), ("awareness_no_utf8", 0),
    ("awareness_no_object", 0), ("auth", 0), ("noise", 1000), ("huge", 12 << 20),
]  # fmt: skip

pytestmark = pytest.mark.integration


# -- frames that are none -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "hello", '{"type": "ping"}', "x" * 100_000])
def test_a_text_frame_hurts_only_who_sent_it(
    collab_stack: CollabProcess, peers: Peers, graph_id: str, text: str
) -> None:
    ann, bob = joined(peers, graph_id, 2)
    hostile = peers.open(next(NAMES), graph_id, reconnect=False)
    hostile.send_text(text)
    go_on(collab_stack, peers, graph_id, ann, bob)


@pytest.mark.parametrize(("kind", "size"), GARBAGE)
def test_garbage_hurts_only_who_sent_it(
    collab_stack: CollabProcess, peers: Peers, graph_id: str, kind: str, size: int
) -> None:
    ann, bob = joined(peers, graph_id, 2)
    hostile = peers.open(next(NAMES), graph_id, reconnect=False)
    hostile.send_garbage(kind, size)
    if kind == "huge":
        hostile.wait_until(connected=False)
    go_on(collab_stack, peers, graph_id, ann, bob)


def go_on(stack: CollabProcess, peers: Peers, graph_id: str, ann: Peer, bob: Peer) -> None:
    """Edits of two who did nothing wrong reach each other and the graph, and neither was disconnected."""
    ann.move("blur", 7, 8)
    bob.set_param("blur", "radius", 9)
    document = agreed(stack, peers, graph_id, ann, bob).document
    wanted = drawn(document) | {"name": "Picture"}
    wanted["nodes"]["blur"] |= {"position": {"x": 7, "y": 8}, "params": {"radius": 9}}
    assert drawn(document) == wanted
    assert set(document["nodes"]) == {"image", "blur", "save"}
    assert broken(ann) == broken(bob) == []


# -- who may ------------------------------------------------------------------------------------------


def test_who_may_only_read_changes_nothing_and_is_told(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    secrets = own_stack.tokens(ann="edit", eve="read")
    own_stack.http.headers["Authorization"] = f"Bearer {secrets['ann']}"
    with Peers(own_stack.rooms_url) as peers:
        ann = peers.open("ann", graph_id, token=secrets["ann"])
        eve = peers.open("eve", graph_id, token=secrets["eve"])
        ann.move("blur", 5, 6)
        eve.wait_value(("nodes", "blur", "x"), equals=5)
        eve.move("blur", 1, 2)
        eve.create_node("hers", "test.image")
        eve.wait_until(event=["denied", "closed"])
        ann.set_param("blur", "radius", 4)
        late = peers.open("late", graph_id, token=secrets["ann"])
        document = peers.converge(ann, late).document
        own_stack.becomes(graph_id, drawn(document))
    assert set(document["nodes"]) == {"image", "blur", "save"}
    assert (document["nodes"]["blur"]["x"], document["nodes"]["blur"]["params"]) == (5, {"radius": 4})


def test_who_shows_no_token_gets_nothing(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    own_stack.tokens(ann="edit")
    with Peers(own_stack.rooms_url) as peers:
        for name, token in (("nobody", None), ("liar", "vtx_wrong")):
            peer = peers.open(name, graph_id, token=token, wait=False, reconnect=False)
            peer.wait_until(event=["close", "closed"])
            with pytest.raises(PeerError, match="not within"):
                peer.wait_synced(0.2)
            assert peer.state().document["nodes"] == {}


@pytest.mark.parametrize("room", ["nobody", "00000000-0000-4000-8000-000000000000", "..%2F..%2Fetc", "a/b"])
def test_rooms_of_no_graph(peers: Peers, room: str) -> None:
    peer = peers.open(next(NAMES), room, wait=False, reconnect=False)
    peer.wait_until(event=["close", "closed"])
    assert "synced" not in [event["type"] for event in peer.events()]
