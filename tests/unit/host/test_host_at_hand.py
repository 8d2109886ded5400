"""Who has which tensors at hand, in how many bytes, and what is forgotten."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.host.at_hand import AtHand


def _ref(offset: int, nbytes: int = 100, generation: int = 1) -> TensorRef:
    return TensorRef("h", generation, offset, nbytes, (nbytes,), "uint8", 0)


def test_nobody_has_what_nobody_used() -> None:
    at_hand = AtHand()
    assert at_hand.of([_ref(0)]) == {}
    at_hand.note("a", [_ref(0)])
    assert at_hand.of([]) == {}
    assert at_hand.of([_ref(64)]) == {}


def test_bytes_are_summed_for_each_worker() -> None:
    at_hand = AtHand()
    one, two, three = _ref(0, 100), _ref(64, 20), _ref(128, 3)
    at_hand.note("a", [one, two])
    at_hand.note("b", [two, three])
    assert at_hand.of([one, two, three]) == {"a": 120, "b": 23}
    assert at_hand.of([one]) == {"a": 100}


def test_using_it_again_counts_once() -> None:
    at_hand = AtHand()
    for _ in range(3):
        at_hand.note("a", [_ref(0)])
    assert at_hand.of([_ref(0)]) == {"a": 100}


def test_a_block_that_is_used_anew_is_another_tensor() -> None:
    at_hand = AtHand()
    at_hand.note("a", [_ref(0, generation=1)])
    assert at_hand.of([_ref(0, generation=2)]) == {}


def test_what_was_used_least_lately_is_forgotten() -> None:
    at_hand = AtHand(most=2)
    at_hand.note("a", [_ref(0), _ref(64)])
    at_hand.note("b", [_ref(0)])  # used again
    at_hand.note("a", [_ref(128)])
    assert at_hand.of([_ref(0)]) == {"a": 100, "b": 100}
    assert at_hand.of([_ref(64)]) == {}
    assert at_hand.of([_ref(128)]) == {"a": 100}


def test_of_more_than_it_remembers_the_last_are_kept() -> None:
    at_hand = AtHand(most=3)
    at_hand.note("a", [_ref(64 * index) for index in range(100)])
    assert [bool(at_hand.of([_ref(64 * index)])) for index in (96, 97, 98, 99)] == [False, True, True, True]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns so often that what is not guarded breaks."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
def test_many_threads_may_note_and_ask() -> None:
    at_hand = AtHand(most=50)
    refs = [_ref(64 * index, 1) for index in range(60)]

    def use(thread: int) -> None:
        for turn in range(200):
            at_hand.note(f"w{thread}-{turn % 50}", refs[thread : thread + 50])
            assert all(nbytes <= 50 for nbytes in at_hand.of(refs).values())

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(use, thread) for thread in range(4)]:
            done.result(60)
