"""What a worker keeps between jobs: made once, named in the order of use, and all let go at once."""

from __future__ import annotations

import gc
import weakref

import pytest

from vortex_worker.residents import Residents


class Model:
    """Something that is costly to make."""


@pytest.fixture
def residents() -> Residents:
    return Residents()


def _never() -> Model:
    raise AssertionError("it was there already")


def test_a_thing_is_made_once(residents: Residents) -> None:
    made = residents.get("model", Model, 100)
    assert residents.get("model", _never, 100) is made
    assert residents.names() == ("model",)
    assert residents.sizes() == {"model": 100}


def test_other_names_are_other_things(residents: Residents) -> None:
    assert residents.get("one", Model) is not residents.get("other", Model)


def test_even_nothing_is_a_thing_that_is_kept(residents: Residents) -> None:
    assert residents.get("nothing", lambda: None) is None
    assert residents.get("nothing", _never) is None


def test_the_one_used_last_stands_last(residents: Residents) -> None:
    for name in ("one", "two", "three", "one"):
        residents.get(name, Model)
    assert residents.names() == ("two", "three", "one")


def test_its_size_is_what_was_told_last(residents: Residents) -> None:
    residents.get("model", Model)
    assert residents.sizes() == {"model": 0}
    residents.get("model", _never, 7)
    assert residents.sizes() == {"model": 7}


def test_what_cannot_be_made_leaves_nothing_behind(residents: Residents) -> None:
    def fail() -> Model:
        raise MemoryError

    residents.get("there", Model, 5)
    with pytest.raises(MemoryError):
        residents.get("model", fail, 100)
    assert (residents.names(), residents.sizes()) == (("there",), {"there": 5})
    assert isinstance(residents.get("model", Model, 100), Model)


def test_whoever_makes_a_thing_may_need_another(residents: Residents) -> None:
    residents.get("outer", lambda: [residents.get("inner", Model, 1)], 2)
    assert residents.sizes() == {"inner": 1, "outer": 2}


def test_everything_is_let_go_at_once(residents: Residents) -> None:
    gone = [weakref.ref(residents.get(name, Model, 1)) for name in ("one", "two")]
    used = residents.get("used", Model, 1)
    assert residents.evict_all() == 3
    gc.collect()
    assert [each() for each in gone] == [None, None]
    assert isinstance(used, Model)
    assert (residents.names(), residents.sizes()) == ((), {})
    assert residents.evict_all() == 0
    assert residents.get("used", Model) is not used


def test_what_was_told_of_sizes_is_ones_own(residents: Residents) -> None:
    residents.get("model", Model, 1)
    residents.sizes().clear()
    assert residents.sizes() == {"model": 1}


def test_what_was_not_used_for_longest_makes_room_before_another_is_made() -> None:
    limited = Residents(limit_bytes=100)
    gone = weakref.ref(limited.get("one", Model, 60))
    limited.get("two", Model, 40)
    limited.get("two", _never, 40)
    seen: list[object] = []

    def make() -> Model:
        seen.append(gone())
        return Model()

    limited.get("three", make, 50)
    assert seen == [None]
    assert limited.names() == ("two", "three")


def test_one_that_is_too_large_stands_alone() -> None:
    limited = Residents(limit_bytes=100)
    limited.get("small", Model, 1)
    limited.get("large", Model, 1000)
    assert limited.names() == ("large",)
    limited.get("outer", lambda: [limited.get("inner", Model, 80)], 50)
    assert limited.names() == ("outer",)
