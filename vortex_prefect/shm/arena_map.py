"""Where blocks lie, in a form that people look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.shm.lifecycle import Block, BlockState

#: Parts into which the arena is divided, from its start to the last byte that is handed out.
_CELLS = 64
#: Blocks that are told one by one.
_LARGEST = 10

Layout = Sequence[tuple[int, int, Block | None]]


def arena_map(layout: Layout) -> dict[str, Any]:
    """`{cell_bytes, cells, largest}`: of each cell the bytes in use, cached and free; and the largest blocks.

    Args:
        layout: see `BlockTable.layout`.
    """
    total = sum(nbytes for _, nbytes, _ in layout)
    cell_bytes = max(-(-total // _CELLS), 1)
    cells = [[0, 0, 0] for _ in range(-(-total // cell_bytes))]
    for offset, nbytes, block in layout:
        kind = 2 if block is None else 1 if block.state is BlockState.CACHED else 0
        start, end = offset - DATA_OFFSET, offset - DATA_OFFSET + nbytes
        while start < end:
            index = start // cell_bytes
            till = min(end, (index + 1) * cell_bytes)
            cells[index][kind] += till - start
            start = till
    blocks = sorted((block for *_, block in layout if block is not None), key=lambda block: -block.nbytes)
    return {"cell_bytes": cell_bytes, "cells": cells, "largest": [_told(block) for block in blocks[:_LARGEST]]}


def _told(block: Block) -> dict[str, Any]:
    return {
        "offset": block.offset,
        "generation": block.generation,
        "size_bytes": block.nbytes,
        "state": block.state.value,
        "dtype": None if block.ref is None else block.ref.dtype,
        "shape": None if block.ref is None else list(block.ref.shape),
        "holders": len(block.holders),
        "readers": len(block.readers),
        "uses": block.uses,
    }
