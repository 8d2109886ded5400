from __future__ import annotations

import numpy as np

from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.arena_map import arena_map

MIB = 1 << 20


def test_a_map_accounts_for_every_byte_and_names_the_largest(arena: Arena) -> None:
    assert arena_map([]) == {"cell_bytes": 1, "cells": [], "largest": []}
    arena.put_array(np.zeros(4 * MIB, np.uint8), holder="held")
    arena.put_array(np.zeros(2 * MIB, np.uint8), holder="cached")
    arena.blocks.release("cached")
    arena.blocks.allocate(MIB, "worker")
    told = arena_map(arena.blocks.layout())
    statistics = arena.blocks.statistics()
    sums = [sum(cell[kind] for cell in told["cells"]) for kind in range(3)]
    assert sums == [statistics.in_use_bytes, statistics.cached_bytes, statistics.free_bytes]
    assert len(told["cells"]) == 64
    assert all(sum(cell) == told["cell_bytes"] for cell in told["cells"])
    assert told["cells"][0] == [told["cell_bytes"], 0, 0]
    first, second, third = told["largest"]
    assert (first["state"], first["dtype"], first["shape"], first["holders"]) == ("written", "uint8", [4 * MIB], 1)
    assert (second["state"], second["holders"]) == ("cached", 0)
    assert (third["state"], third["dtype"], third["size_bytes"]) == ("allocated", None, MIB)


def test_many_blocks_make_no_larger_answer(arena: Arena) -> None:
    for number in range(500):
        arena.put_array(np.zeros(1000, np.uint8), holder=f"run-{number}")
    told = arena_map(arena.blocks.layout())
    assert (len(told["cells"]), len(told["largest"])) == (64, 10)
