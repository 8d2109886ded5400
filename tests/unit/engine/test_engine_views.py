"""The register of views: what is passed on by reference, until when, and what of a lender that ends."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.engine.tensors import must_share
from vortex_prefect.engine.shared_tensor import SharedTensor, map_tensor
from vortex_prefect.engine.views import Views
from vortex_prefect.shm.arena import Arena

ARRAY = np.arange(1 << 16, dtype=np.float32)


class Lender:
    """Counts what came back to it."""

    def __init__(self) -> None:
        self.ended = 0

    def end(self) -> None:
        self.ended += 1


def add(views: Views, shared: SharedTensor, lender: Lender) -> Any:
    view = map_tensor(shared)
    assert view is not None
    return views.add(view, shared, lender.end, lender)


def mappings(arena: Arena) -> int:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sum(str(arena.segment.path) in line for line in lines) - 2  # the arena's own


@pytest.mark.parametrize("tensor", [ARRAY, torch.from_numpy(ARRAY.copy())], ids=["numpy", "torch"])
def test_exactly_the_view_is_known(arena: Arena, tensor: Any) -> None:
    views, lender = Views(), Lender()
    shared = must_share(arena, tensor)
    view = add(views, shared, lender)
    assert views.find(view) == shared
    for other in (view[1:], view.reshape(2, -1), view + 0, tensor, None, 7):
        assert views.find(other) is None


@pytest.mark.parametrize("tensor", [ARRAY, torch.from_numpy(ARRAY.copy())], ids=["numpy", "torch"])
def test_it_is_held_until_nothing_shares_its_memory(arena: Arena, tensor: Any) -> None:
    views, lender = Views(), Lender()
    view = add(views, must_share(arena, tensor), lender)
    part = view[10:20]
    del view
    gc.collect()
    assert len(views) == 0
    assert lender.ended == 0
    assert float(part[0]) == 10
    del part
    gc.collect()
    assert lender.ended == 1
    assert mappings(arena) == 0


def test_a_reshaped_view_travels_as_bytes(arena: Arena) -> None:
    views, lender = Views(), Lender()
    view = add(views, must_share(arena, ARRAY), lender)
    view.resize((2, 1 << 15), refcheck=False)
    assert views.find(view) is None


@pytest.mark.parametrize("write", [lambda t: t.add_(1), lambda t: t.numpy().fill(1), lambda t: t.data.zero_()])
def test_a_torch_view_that_was_written_to_travels_as_bytes(arena: Arena, write: Any) -> None:
    views, lender = Views(), Lender()
    view = add(views, must_share(arena, torch.from_numpy(ARRAY.copy())), lender)
    write(view)
    assert views.find(view) is None
    assert not views.is_whole(view)


def test_what_a_lender_lent_is_copied_when_it_ends(arena: Arena) -> None:
    views, lender, other = Views(), Lender(), Lender()
    shared = must_share(arena, ARRAY)
    view, others = add(views, shared, lender), add(views, shared, other)
    part = view[5:]
    assert views.end(lender) == 1
    arena.segment.writable(shared.ref.offset, shared.ref.nbytes)[:] = bytes(shared.ref.nbytes)
    assert np.array_equal(view, ARRAY)
    assert part[0] == 5
    assert others[1] == 0
    assert views.find(view) is None
    assert views.find(others) == shared
    assert not view.flags.writeable
    assert mappings(arena) == 1
    assert views.end(lender) == 0
