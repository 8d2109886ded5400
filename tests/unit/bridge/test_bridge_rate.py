"""Token buckets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.bridge.rate import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_a_rate() -> None:
    clock = Clock()
    limit = RateLimit(2.0, 4, clock=clock)
    assert [limit.take("ann") for _ in range(4)] == [0.0] * 4
    assert limit.wait_s("ann") == limit.take("ann") == 0.5
    assert limit.take("bob") == 0.0
    clock.now = 0.5
    assert limit.take("ann") == 0.0
    assert limit.take("ann") == 0.5


def test_whoever_asked_longest_ago_is_forgotten() -> None:
    limit = RateLimit(1.0, 1, remembered=2, clock=Clock())
    for who in ("ann", "bob", "cid"):
        limit.take(who)
    assert limit.take("cid") > 0
    assert limit.take("bob") > 0
    assert limit.take("ann") == 0.0


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_promised(pauses: list[float]) -> None:
    clock = Clock()
    limit = RateLimit(2.0, 5, clock=clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += limit.take("ann") == 0.0
    assert taken <= 5 + 2.0 * clock.now + 1e-6
