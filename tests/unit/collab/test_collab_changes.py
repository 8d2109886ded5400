"""Changes that wait for the log: a drag is one of them, everything else stands as it came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_collab_document import graphs, text, unhurried
from tests.unit.graph.builders import graph
from vortex_prefect.collab.changes import Unsettled
from vortex_prefect.graph.changes import replay
from vortex_prefect.graph.model import Graph, Position

ANN, BOB = {"user": "ann"}, {"user": "bob"}
START = graph({"a": "load", "b": "blur"}, "a.image > b.image")


def moved(start: Graph, node: str, x: float) -> Graph:
    there = start.nodes[node].model_copy(update={"position": Position(x=x, y=0)})
    return start.model_copy(update={"nodes": start.nodes | {node: there}})


def log(unsettled: Unsettled) -> list[tuple[str, str, object]]:
    """Kind, author and what it is about."""
    return [
        (each.change.event_type, each.author["user"], each.change.payload.get("node_id")) for each in unsettled.take()
    ]


def test_a_drag_is_one_move_to_its_end() -> None:
    unsettled = Unsettled(lambda: START)
    now = START
    for x in range(1, 50):
        unsettled.note(now := moved(now, "b", x), ANN)
    assert unsettled.moves_only
    (only,) = unsettled.take()
    assert (only.change.event_type, only.author) == ("NodeMoved", ANN)
    assert replay([only.change], START) == now
    assert not unsettled


def test_a_node_that_two_drag_stays_where_the_last_one_left_it() -> None:
    unsettled = Unsettled(lambda: START)
    unsettled.note(first := moved(START, "b", 1), ANN)
    unsettled.note(second := moved(first, "a", 2), ANN)
    unsettled.note(moved(second, "b", 3), BOB)
    assert log(unsettled) == [("NodeMoved", "ann", "a"), ("NodeMoved", "bob", "b")]


def test_all_else_keeps_its_order_and_its_author() -> None:
    unsettled = Unsettled(lambda: START)
    unsettled.note(first := moved(START, "b", 1), ANN)
    unsettled.note(second := first.model_copy(update={"name": "One"}), BOB)
    unsettled.note(third := moved(second, "b", 2), ANN)
    assert not unsettled.moves_only
    unsettled.note(third.model_copy(update={"name": "Two"}), ANN)
    assert [(kind, who) for kind, who, _ in log(unsettled)] == [
        ("GraphRenamed", "bob"),
        ("NodeMoved", "ann"),
        ("GraphRenamed", "ann"),
    ]


def test_a_drag_that_is_taken_in_between_is_two_moves() -> None:
    unsettled = Unsettled(lambda: START)
    unsettled.note(first := moved(START, "b", 1), ANN)
    assert len(unsettled.take()) == 1
    unsettled.note(moved(first, "b", 2), ANN)
    assert log(unsettled) == [("NodeMoved", "ann", "b")]


def test_a_graph_is_read_when_something_changes() -> None:
    reads: list[Graph] = []

    def read() -> Graph:
        reads.append(START)
        return START

    unsettled = Unsettled(read)
    assert not unsettled
    assert reads == []
    unsettled.note(START, ANN)
    unsettled.note(moved(START, "b", 1), ANN)
    assert len(reads) == 1


steps = st.lists(st.tuples(graphs, st.sampled_from([ANN, BOB]), st.booleans()), max_size=6)


@unhurried
@given(graphs, steps)
def test_what_was_taken_replays_to_the_graph(start: Graph, noted: list[tuple[Graph, dict[str, str], bool]]) -> None:
    unsettled = Unsettled(lambda: start)
    known = now = start
    for target, author, takes in noted:
        now = target.model_copy(update={"id": start.id})
        unsettled.note(now, author)
        if takes:
            known = replay([each.change for each in unsettled.take()], known)
            assert text(known) == text(now)
    known = replay([each.change for each in unsettled.take()], known)
    assert text(known) == text(now)


@unhurried
@given(graphs, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=12), graphs)
def test_moves_among_other_changes_replay_to_the_graph(
    start: Graph, moves: list[tuple[int, int]], other: Graph
) -> None:
    unsettled = Unsettled(lambda: start)
    now = start
    for place, (choice, x) in enumerate(moves):
        if place == len(moves) // 2:
            unsettled.note(now := other.model_copy(update={"id": start.id}), BOB)
        if names := sorted(now.nodes):
            unsettled.note(now := moved(now, names[choice % len(names)], x), ANN)
    changes = [each.change for each in unsettled.take()]
    assert text(replay(changes, start)) == text(now)
    nodes = [change.payload["node_id"] for change in changes if change.event_type == "NodeMoved"]
    assert len(nodes) == len(set(nodes))
