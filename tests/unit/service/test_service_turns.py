"""Whose turn it is: priority, then people in turns, then place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.core.contracts import QueueEntry
from vortex_prefect.service.turns import Turns, places_before


def an_entry(name: str, user: str = "ada", priority: int = 0, place: int = 0, **fields: int) -> QueueEntry:
    return QueueEntry(name, "graph", user, priority, place, 0, **fields)


def names(entries: list[QueueEntry]) -> list[str]:
    return [entry.execution_id for entry in entries]


def test_of_one_person_the_first_goes_first() -> None:
    waiting = [an_entry("b", place=2), an_entry("a", place=1), an_entry("c", place=3, priority=1)]
    assert names(Turns().in_order(waiting, [], 0)) == ["c", "a", "b"]


def test_people_take_turns_however_much_one_of_them_asks_for() -> None:
    flood = [an_entry(f"a{n}", place=n) for n in range(4)]
    waiting = [*flood, an_entry("b0", "bob", place=90), an_entry("b1", "bob", place=91), an_entry("c", "cem", place=92)]
    assert names(Turns().in_order(waiting, [], 0)) == ["a0", "b0", "c", "a1", "b1", "a2", "a3"]


def test_who_holds_places_of_the_engine_waits_for_who_holds_fewer() -> None:
    waiting = [an_entry("a", place=1), an_entry("b", "bob", place=2)]
    assert names(Turns().in_order(waiting, ["ada"], 0)) == ["b", "a"]
    assert names(Turns().in_order(waiting, ["ada", "bob"], 0)) == ["a", "b"]


def test_who_was_served_last_waits_though_nothing_of_his_runs_any_more() -> None:
    turns = Turns()
    turns.serve(an_entry("a0"))
    assert names(turns.in_order([an_entry("a1", place=1), an_entry("b", "bob", place=2)], [], 0)) == ["b", "a1"]


def test_a_higher_priority_is_before_fairness() -> None:
    waiting = [an_entry("a", place=1, priority=1), an_entry("b", "bob", place=2)]
    assert names(Turns().in_order(waiting, ["ada"] * 3, 0)) == ["a", "b"]


def test_whose_time_has_not_come_waits_behind_all_and_is_nobodys_turn() -> None:
    later = an_entry("later", place=0, priority=9, not_before_ms=100)
    assert Turns().next([later], [], 99) is None
    assert Turns().next([later, an_entry("a", place=5)], [], 99) == an_entry("a", place=5)
    assert Turns().next([later, an_entry("a", place=5)], [], 100) == later
    assert names(Turns().in_order([later, an_entry("a", place=5)], [], 99)) == ["a", "later"]


_entries = st.lists(
    st.builds(
        an_entry,
        st.uuids().map(str),
        st.sampled_from(["ada", "bob", "cem"]),
        st.integers(-1, 1),
        st.integers(0, 6),
    ),
    max_size=12,
    unique_by=lambda entry: entry.execution_id,
)


@given(_entries, st.lists(st.sampled_from(["ada", "bob"]), max_size=3))
def test_the_order_that_is_told_is_the_order_in_which_they_are_taken(
    waiting: list[QueueEntry], held: list[str]
) -> None:
    turns, told = Turns(), names(Turns().in_order(waiting, held, 0))
    left, holding, taken = list(waiting), list(held), []
    while (entry := turns.next(left, holding, 0)) is not None:
        left.remove(entry)
        holding.append(entry.user)
        turns.serve(entry)
        taken.append(entry.execution_id)
    assert taken == told


@given(_entries.filter(lambda entries: len(entries) > 1), st.data())
def test_who_is_moved_comes_just_before_the_other(waiting: list[QueueEntry], draw: st.DataObject) -> None:
    pairs = st.lists(st.permutations(range(len(waiting))), min_size=1, max_size=40)
    for one, other, *_ in draw.draw(pairs):  # often enough for the room between two to be used up
        moved, target = waiting[one], waiting[other]
        ordered = sorted((each for each in waiting if each != moved), key=lambda each: (each.place, each.execution_id))
        ordered.insert(ordered.index(target), moved)
        places = places_before(waiting, target, moved)
        waiting = [replace(each, place=places.get(each.execution_id, each.place)) for each in waiting]
        now = sorted(waiting, key=lambda each: (each.place, each.execution_id))
        assert names(now) == names(ordered)
