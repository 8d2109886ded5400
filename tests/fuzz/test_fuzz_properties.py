"""The same targets under hypothesis: bytes that are made up, and seeds that were damaged, for some seconds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


@st.composite
def _damaged(draw: st.DrawFn, target: str) -> bytes:
    """One or two seeds, cut, joined and overwritten somewhere."""
    data = bytearray(draw(st.sampled_from(seeds(target))))
    if draw(st.booleans()):
        data += draw(st.sampled_from(seeds(target)))[draw(st.integers(0, 8)) :]
    for _ in range(draw(st.integers(0, 4))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nothing_breaks_a_target(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(st.binary(max_size=300) | _damaged(target)))
