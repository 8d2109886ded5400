from __future__ import annotations

from vortex_prefect.shm.lfu import LfuOrder


def test_least_used_goes_first_and_ties_go_by_age() -> None:
    order = LfuOrder()
    for offset, uses in ((64, 3), (128, 1), (192, 1), (256, 2)):
        order.add(offset, uses)
    assert [order.pop() for _ in range(5)] == [128, 192, 256, 64, None]


def test_discarded_blocks_are_not_evicted() -> None:
    order = LfuOrder()
    order.add(64, 1)
    order.add(128, 2)
    order.discard(64)
    order.discard(999)
    assert len(order) == 1
    assert 64 not in order
    assert order.pop() == 128


def test_what_was_popular_once_ages() -> None:
    order = LfuOrder()
    order.add(0, 5)
    evicted = []
    for offset in range(64, 64 * 20, 64):
        order.add(offset, 1)
        evicted.append(order.pop())
    assert 0 in evicted
    assert evicted.index(0) >= 4
