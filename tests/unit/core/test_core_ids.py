"""Identifiers that are made by hand are the UUIDs they say they are."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from vortex_prefect.core import ids

MANY = 1000


@pytest.mark.parametrize(("make", "version"), [(ids.new_id, 4), (ids.new_ordered_id, 7)])
def test_they_are_uuids_and_none_comes_twice(make: Callable[[], str], version: int) -> None:
    made = [make() for _ in range(MANY)]
    assert len(set(made)) == MANY
    for text in made:
        known = uuid.UUID(text)
        assert (known.version, known.variant, str(known)) == (version, uuid.RFC_4122, text)
        assert ids.is_id(text)


def test_ordered_ids_go_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    times_ms = [0, 1, 1_790_000_000_000, 1_790_000_000_001, (1 << 48) - 1]
    monkeypatch.setattr(ids, "now_ms", iter(times_ms).__next__)
    made = [ids.new_ordered_id() for _ in times_ms]
    assert [uuid.UUID(text).int >> 80 for text in made] == times_ms
    assert made == sorted(made)
