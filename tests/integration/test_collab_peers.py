"""People who edit one graph at once, each with the editor's own Yjs packages, against a real bridge.

That clients converge is compared by their encoded states: equal state vectors say that everybody has the same edits
of everybody, but nothing of deletions or contents; so canonical forms of the encoded documents are compared too
(`states.mjs` says why the bytes of equal documents may differ, and what is compared instead). The server is compared
by a client that comes last and has only what it was given, and by the graph that the API gives.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fakes.graphs import picture_graph
from tests.integration.collab_process import CollabProcess, drawn
from tests.integration.collab_room import agreed, broken, joined
from tests.integration.yjs_peer import Peer, State, covers
from tests.integration.yjs_peers import Peers

#: What "at once" is for awareness: clients repeat theirs after 15 s, and forget others' after 30 s.
AT_ONCE_S = 3.0
pytestmark = pytest.mark.integration


# -- edits at the same time -----------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5])
def test_moves_of_one_node(collab_stack: CollabProcess, peers: Peers, graph_id: str, count: int) -> None:
    people = joined(peers, graph_id, count)
    with peers.together():
        for number, peer in enumerate(people, 1):
            peer.move("blur", number, 10 * number)
    node = agreed(collab_stack, peers, graph_id, *people).document["nodes"]["blur"]
    assert (node["x"], node["y"]) in [(number, 10 * number) for number in range(1, count + 1)], "a move is whole"


@pytest.mark.parametrize("count", [2, 3, 5])
def test_parameters_of_one_node(collab_stack: CollabProcess, peers: Peers, graph_id: str, count: int) -> None:
    """Different ones are all kept; of the same one, one value."""
    people = joined(peers, graph_id, count)
    with peers.together():
        for number, peer in enumerate(people):
            peer.set_param("blur", "radius", number + 0.5)
            peer.set_param("blur", f"of {number}", number)
    params = agreed(collab_stack, peers, graph_id, *people).document["nodes"]["blur"]["params"]
    assert params.pop("radius") in [number + 0.5 for number in range(count)]
    assert params == {f"of {number}": number for number in range(count)}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_connections_to_one_input(collab_stack: CollabProcess, peers: Peers, graph_id: str, count: int) -> None:
    people = joined(peers, graph_id, count)
    for number, peer in enumerate(people):
        peer.create_node(f"source{number}", "test.image", x=number)
    peers.converge(*people)
    with peers.together():
        for number, peer in enumerate(people):
            peer.connect_edge((f"source{number}", "image"), ("blur", "image"))
    edges = agreed(collab_stack, peers, graph_id, *people).document["edges"].values()
    sources = [edge["source"] for edge in edges if edge["target"] == "blur"]
    assert len(sources) == 1
    assert sources[0].startswith("source")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_deletion_wins_over_edits(collab_stack: CollabProcess, peers: Peers, graph_id: str, count: int) -> None:
    deleter, *editors = people = joined(peers, graph_id, count)
    with peers.together():
        deleter.delete_node("blur")
        for number, peer in enumerate(editors):
            peer.move("blur", number, number)
            peer.set_param("blur", "radius", number)
            peer.set_title("blur", f"Title {number}")
    document = agreed(collab_stack, peers, graph_id, *people).document
    assert set(document["nodes"]) == {"image", "save"}
    assert document["edges"] == document["inputs"] == {}
    assert set(document["outputs"]) == {"file"}


def test_an_edge_to_a_node_that_is_deleted_meanwhile(collab_stack: CollabProcess, peers: Peers, graph_id: str) -> None:
    ann, bob = joined(peers, graph_id, 2)
    ann.create_node("other", "test.blur")
    peers.converge(ann, bob)
    with peers.together():
        ann.delete_node("blur")
        bob.connect_edge(("blur", "image"), ("other", "image"))
    agreed(collab_stack, peers, graph_id, ann, bob)
    assert collab_stack.graph(graph_id)["edges"] == []


def test_everything_that_can_be_edited(collab_stack: CollabProcess, peers: Peers, graph_id: str) -> None:
    ann, bob = joined(peers, graph_id, 2)
    ann.rename("Renamed")
    ann.create_node("new", "test.blur", x=1.5, y=-2, title="New", mode="muted", params={"radius": 3})
    key = ann.connect_edge(("blur", "image"), ("new", "image"))
    assert key == "new:image"
    bob.wait_value(("edges", key), exists=True)
    bob.set_mode("new", "bypassed")
    bob.set_title("new", None)
    bob.delete_param("new", "radius")
    bob.delete_edge(key)
    document = agreed(collab_stack, peers, graph_id, ann, bob).document
    assert document["meta"]["name"] == "Renamed"
    made = {"type": "test.blur", "x": 1.5, "y": -2, "title": None, "mode": "bypassed", "params": {}}
    assert document["nodes"]["new"] == made
    assert key not in document["edges"]


# -- any order of edits, partitions, drops ----------------------------------------------------------

_WHO = st.integers(0, 4)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), _WHO, st.integers(0, 1 << 30)),
        st.tuples(st.just("edit together"), _WHO, st.integers(0, 1 << 30)),
        st.tuples(st.sampled_from(["disconnect", "drop by destroy", "drop by reset", "connect", "settle"]), _WHO,
                  st.just(0)),
    ),
    min_size=5, max_size=30,
)  # fmt: skip


# Looking for a smaller example of what does not converge would wait out the patience each time.
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=_STEPS)
def test_whatever_happens_all_converge(
    collab_stack: CollabProcess, peers: Peers, steps: list[tuple[str, int, int]]
) -> None:
    graph_id = collab_stack.create(picture_graph())
    people = joined(peers, graph_id, 5)
    online = set(people)
    for step, who, seed in steps:
        take(step, people[who], seed, people, online)
    for peer in people:
        peer.connect()
    state = agreed(collab_stack, peers, graph_id, *people)
    # Each has all that each has done, not merely the same as the others.
    assert all(covers(state.vector, peer.vector()) for peer in people)
    for peer in people:
        peer.close()


def take(step: str, peer: Peer, seed: int, people: list[Peer], online: set[Peer]) -> None:
    """One step of the property; who is not connected cannot be cut off."""
    match step:
        case "edit":
            peer.random_edits(3, seed)
        case "edit together":
            with peer.peers.together():
                for number, each in enumerate(people):
                    each.random_edits(2, seed + number)
        case "connect":
            peer.connect()
            online.add(peer)
        case "settle":
            if len(online) > 1:
                peer.peers.converge(*online)
        case "disconnect":
            peer.disconnect()
            online.discard(peer)
        case _ if peer in online:
            # Not until it is synced: being cut off in the middle of that is what happens to people.
            peer.wait_until(connected=True)
            with peer.peers.together():
                peer.random_edits(2, seed)
                peer.drop(step.rpartition(" ")[2])
            online.discard(peer)


# -- a server that is killed ------------------------------------------------------------------------


def test_what_somebody_has_seen_survives_kill_9(own_stack: CollabProcess) -> None:
    """In the middle of 5,000 updates, and with nobody there afterwards who could bring back what the server lost."""
    graph_id, count, seq = own_stack.create(picture_graph()), 5000, ("nodes", "blur", "params", "seq")
    with Peers(own_stack.rooms_url) as peers:
        writer, watcher = (peers.open(name, graph_id, reconnect=False) for name in ("writer", "watcher"))
        written = writer.stream("blur", count, watcher=watcher)
        watcher.wait_value(seq, at_least=count * 2 // 5)
        own_stack.kill()
        watcher.wait_until(connected=False)
        seen = watcher.state()
        assert number_of(seen) < count, "it was killed too late to show anything"
        assert written.result() == count
        own_stack.start()
        late = peers.open("late", graph_id)
        assert covers(late.vector(), seen.vector), f"{late.vector()} after the kill, {seen.vector} before"
        assert number_of(late.state()) >= number_of(seen)
        writer.connect()
        watcher.connect()
        state = agreed(own_stack, peers, graph_id, writer, watcher, late)
    assert number_of(state) == count
    assert own_stack.replayed(graph_id) == own_stack.graph(graph_id)


def number_of(state: State) -> int:
    number: int = state.document["nodes"]["blur"]["params"]["seq"]
    return number


def test_what_the_disk_did_not_have_when_the_power_failed_comes_back_from_those_who_saw_it(
    own_stack: CollabProcess, tmp_path: Path
) -> None:
    graph_id = own_stack.create(picture_graph())
    with Peers(own_stack.rooms_url) as peers:
        ann, bob = (peers.open(name, graph_id, reconnect=False) for name in ("ann", "bob"))
        ann.random_edits(20, seed=1)
        peers.converge(ann, bob)
        # What is committed from here on is what the disk has not got.
        own_stack.becomes(graph_id, drawn(bob.state().document))
        own_stack.copy_store(tmp_path / "disk")
        ann.random_edits(20, seed=2)
        before = peers.converge(ann, bob)
        own_stack.kill()
        ann.close()
        own_stack.put_store(tmp_path / "disk")
        own_stack.start()
        late = peers.open("late", graph_id)
        assert late.state().hash != before.hash
        bob.connect()
        assert agreed(own_stack, peers, graph_id, bob, late).hash == before.hash
    assert own_stack.replayed(graph_id) == own_stack.graph(graph_id)


def test_a_server_that_ends_in_good_order_keeps_all(own_stack: CollabProcess) -> None:
    graph_id = own_stack.create(picture_graph())
    with Peers(own_stack.rooms_url) as peers:
        ann, bob = (peers.open(name, graph_id, reconnect=False) for name in ("ann", "bob"))
        ann.random_edits(200, seed=1)
        before = peers.converge(ann, bob)
        own_stack.stop()
        own_stack.start()
        after = peers.open("late", graph_id).state()
        assert after.hash == before.hash
        own_stack.becomes(graph_id, drawn(before.document))
    assert own_stack.replayed(graph_id) == own_stack.graph(graph_id)


# -- clients that are cut off -----------------------------------------------------------------------


def test_a_hundred_drops_disturb_nobody(collab_stack: CollabProcess, peers: Peers, graph_id: str) -> None:
    people = joined(peers, graph_id, 5)
    for number, peer in enumerate(people):
        peer.create_node(f"own{number}", "test.blur")
    peers.converge(*people)
    streams = [peer.stream(f"own{number}", 500, every_ms=5) for number, peer in enumerate(people)]
    for number in range(100):
        (doomed,) = joined(peers, graph_id, 1)
        with peers.together():
            doomed.move("blur", number, number)
            doomed.create_node(f"doomed{number}", "test.image")
            doomed.connect_edge((f"doomed{number}", "image"), ("blur", "image"))
            doomed.drop("reset" if number % 2 else "destroy")
        doomed.close()
    assert [stream.result(60.0) for stream in streams] == [500] * 5
    assert [broken(peer) for peer in people] == [[]] * 5
    nodes = agreed(collab_stack, peers, graph_id, *people).document["nodes"]
    assert [nodes[f"own{number}"]["params"]["seq"] for number in range(5)] == [500] * 5


def test_a_client_that_stops_reading_holds_up_nobody(collab_stack: CollabProcess, peers: Peers, graph_id: str) -> None:
    ann, bob, stuck = people = joined(peers, graph_id, 3)
    stuck.freeze()
    for number in range(40):
        ann.set_param("blur", "text", f"{number}" + "x" * 100_000)
    ann.move("blur", 123, 0)
    bob.wait_value(("nodes", "blur", "x"), equals=123)
    assert broken(ann) == broken(bob) == []
    ann.set_param("blur", "text", "")
    stuck.thaw()
    agreed(collab_stack, peers, graph_id, *people)


# -- awareness ----------------------------------------------------------------------------------------


def test_who_joins_sees_who_is_there(peers: Peers, graph_id: str) -> None:
    ann, bob = joined(peers, graph_id, 2)
    ann.set_awareness({"user": {"name": "Ann"}, "cursor": {"x": 1, "y": 2}})
    bob.set_awareness({"user": {"name": "Bob"}})
    ann.wait_until(others=1)
    (late,) = joined(peers, graph_id, 1)
    late.wait_until(AT_ONCE_S, others=2)
    told = {"Ann": {"user": {"name": "Ann"}, "cursor": {"x": 1, "y": 2}}, "Bob": {"user": {"name": "Bob"}}}
    assert late.awareness() == {ann.client_id: told["Ann"], bob.client_id: told["Bob"]}


@pytest.mark.parametrize("how", ["destroy", "reset", "disconnect"])
def test_who_is_gone_is_seen_no_more(peers: Peers, graph_id: str, how: str) -> None:
    ann, bob, gone = joined(peers, graph_id, 3)
    for peer in (ann, bob, gone):
        peer.set_awareness({"user": {"name": peer.name}})
    for peer in (ann, bob, gone):
        peer.wait_until(others=2)
    gone.disconnect() if how == "disconnect" else gone.drop(how)
    for peer, other in ((ann, bob), (bob, ann)):
        peer.wait_until(AT_ONCE_S, others=1)
        assert set(peer.awareness()) == {other.client_id}
    # With the clock that it had, which the others were told is over (y-protocols 1.0.7): only the server can help.
    gone.connect()
    ann.wait_until(AT_ONCE_S, others=2)
