"""Blocks that a process maps which is no part of the host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.arrow import read_array
from vortex_prefect.shm.layout import HEADER_BYTES
from vortex_prefect.shm.reader import map_block


def test_a_block_is_read_without_a_copy_and_outlives_its_arena(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    with Arena.create(tmp_path / "a.arena", host="h", size_bytes=1 << 20) as arena:
        arena.put_array(np.zeros(1000), holder="x")
        ref = arena.put_array(values, holder="x")
        owner, view = map_block(arena.segment.path, ref.offset, ref.nbytes)
        assert view.readonly
        assert len(view) == ref.nbytes
        found = read_array(view, ref.shape, ref.dtype)
        assert owner.size < 1 << 14
    del owner, view
    assert np.array_equal(found, values)


OUTSIDE = [(0, 10), (HEADER_BYTES - 64, 10), (HEADER_BYTES, 1 << 30), (1 << 40, 1), (HEADER_BYTES, 0)]


@pytest.mark.parametrize(("offset", "nbytes"), OUTSIDE)
def test_what_is_not_within_the_arena_is_refused(tmp_path: Path, offset: int, nbytes: int) -> None:
    path = tmp_path / "a.arena"
    with Arena.create(path, host="h", size_bytes=1 << 20), pytest.raises(WorkerError, match="WK-002"):
        map_block(path, offset, nbytes)


def test_what_is_no_arena_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "empty", "link", "none"):
        with pytest.raises(WorkerError, match="WK-002"):
            map_block(tmp_path / name, HEADER_BYTES, 64)
