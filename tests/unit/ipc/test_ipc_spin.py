"""When it pays to look for a packet before sleeping."""

from __future__ import annotations

import pytest

from vortex_prefect.ipc.spin import Spin


def _waits_until_wanted(spin: Spin) -> int:
    """Waits that begin without a look, before the next that begins with one."""
    for count in range(1000):
        if spin.wanted():
            return count
    raise AssertionError("it never looks again")


@pytest.mark.parametrize(("limit_us", "limit_s"), [(50, 50e-6), (1_000_000, 1.0), (0, 0.0)])
def test_the_limit_is_told_in_seconds(limit_us: int, limit_s: float) -> None:
    assert Spin(limit_us).limit_s == pytest.approx(limit_s)


def test_without_a_limit_it_never_looks() -> None:
    spin = Spin(0)
    assert not any(spin.wanted() for _ in range(200))


def test_it_looks_each_time_as_long_as_that_finds_something() -> None:
    spin = Spin(50)
    for _ in range(200):
        assert spin.wanted()
        spin.found()


def test_each_vain_look_doubles_the_waits_without_one_up_to_a_bound() -> None:
    spin = Spin(50)
    skipped = []
    for _ in range(10):
        spin.vain()
        skipped.append(_waits_until_wanted(spin))
    assert skipped == [1, 2, 4, 8, 16, 32, 64, 64, 64, 64]


def test_one_find_makes_up_for_all_vain_looks() -> None:
    spin = Spin(50)
    for _ in range(10):
        spin.vain()
        _waits_until_wanted(spin)
    spin.found()
    assert spin.wanted()
    spin.vain()
    assert _waits_until_wanted(spin) == 1
