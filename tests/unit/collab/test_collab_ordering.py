from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.collab.ordering import Place, read_order, renumber

INF = math.inf


def moved(places: Sequence[Place | None]) -> list[Place]:
    """Where the entries stand afterwards."""
    numbers = renumber(places)
    return [
        (numbers[index], "new" if place is None else place[1]) if index in numbers else place or (INF, "")
        for index, place in enumerate(places)
    ]


@pytest.mark.parametrize(
    ("places", "numbers"),
    [
        ([], {}),
        ([None, None], {0: 0.0, 1: 1.0}),
        ([(0.0, "a"), None, (1.0, "b")], {1: 0.5}),
        ([(0.0, "a"), (1.0, "b"), None], {2: 2.0}),
        ([None, (0.0, "a")], {0: -1.0}),
        # One that moved is one number, not three.
        ([(3.0, "d"), (0.0, "a"), (1.0, "b"), (2.0, "c")], {0: -1.0}),
        ([(1.0, "a"), (1.0, "b"), (INF, "a"), (INF, "b")], {}),
        # Nothing fits between two that stand by key alone.
        ([(1.0, "a"), None, (1.0, "b")], {0: 0.0, 2: 2.0, 1: 1.0}),
        ([(INF, "a"), None], {0: 0.0, 1: 1.0}),
        ([None, (INF, "a")], {0: 0.0}),
        ([(5.0, "a"), (INF, "b"), None, (INF, "c")], {1: 6.0, 2: 7.0}),
        ([(1e308, "a"), None], {0: 0.0, 1: 1.0}),
    ],
)
def test_as_few_entries_as_possible_get_numbers(places: list[Place | None], numbers: dict[int, float]) -> None:
    assert renumber(places) == numbers


orders = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 1.0, 2.0, INF, 5e-324, 1e308])


@given(st.lists(st.none() | st.tuples(orders, st.uuids().map(str)), max_size=8))
def test_entries_stand_in_the_wanted_order_afterwards(places: list[Place | None]) -> None:
    found = moved(places)
    assert found == sorted(found)
    assert len({order for order, key in found if key == "new"}) == places.count(None)


@pytest.mark.parametrize("value", [None, True, "1", math.nan, INF, -INF, [1], {}])
def test_what_is_no_finite_number_is_no_order(value: object) -> None:
    assert read_order(value) == INF


def test_integers_of_any_size_are_orders() -> None:
    assert read_order(1 << 62) == 2.0**62
