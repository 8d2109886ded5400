from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.arrow import message_body
from vortex_prefect.shm.checksum import verify_crc32
from vortex_prefect.shm.janitor import arena_path
from vortex_prefect.shm.layout import align_up
from vortex_prefect.shm.segment import Segment

MIB = 1 << 20


def test_an_array_comes_back_without_a_copy(arena: Arena) -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    ref = arena.put_array(array, holder="upload")
    assert (ref.host, ref.shape, ref.dtype, ref.offset % 64) == ("host", (2, 3, 4), "float32", 0)
    verify_crc32(arena.message(ref), ref.crc)
    read = arena.get_array(ref)
    np.testing.assert_array_equal(read, array)
    assert not read.flags.writeable
    base = np.frombuffer(arena.segment.view(ref.offset, ref.nbytes), np.uint8).ctypes.data
    assert base <= read.ctypes.data < base + ref.nbytes


def test_a_worker_reads_what_the_host_put(arena: Arena) -> None:
    ref = arena.put_array(np.arange(5), holder="upload")
    with Segment.open(arena.segment.path, arena.segment.size_bytes) as worker:
        assert bytes(worker.view(ref.offset, ref.nbytes)) == bytes(arena.message(ref))


def test_a_failed_put_leaves_no_block(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise MemoryError

    monkeypatch.setattr("vortex_prefect.shm.arena.write_array", fail)
    with pytest.raises(MemoryError):
        arena.put_array(np.zeros(100), holder="upload")
    with pytest.raises(WorkerError, match="WK-010"):
        arena.put_array(np.array(["text"]), holder="upload")
    assert arena.statistics().blocks.blocks == 0


def test_the_budget_binds(arena: Arena) -> None:
    with pytest.raises(WorkerError, match="WK-008"):
        arena.put_array(np.zeros(17 * MIB, np.uint8), holder="upload")


def test_memory_is_reserved_before_an_offset_is_known(arena: Arena) -> None:
    ref = arena.put_array(np.zeros(MIB, np.uint8), holder="upload")
    assert os.stat(arena.segment.path).st_blocks * 512 >= ref.offset + ref.nbytes


def test_warming_pre_faults_once_and_within_the_budget(arena: Arena) -> None:
    ref = arena.put_array(np.arange(10), holder="run")
    assert arena.warm(1 << 40) == 16 * MIB - align_up(ref.nbytes)
    assert arena.warm(1 << 40) == 0
    assert arena.statistics().blocks.reserved_bytes == 16 * MIB
    assert arena.get_array(ref).tolist() == list(range(10))
    arena.close()
    with pytest.raises(WorkerError, match="WK-002"):
        arena.warm(1)


def test_stale_references_are_refused(arena: Arena) -> None:
    ref = arena.put_array(np.zeros(10 * MIB, np.uint8), holder="old")
    arena.blocks.release("old")
    arena.put_array(np.zeros(10 * MIB, np.uint8), holder="new")
    for read in (arena.message, arena.get_array):
        with pytest.raises(WorkerError, match="WK-002"):
            read(ref)


def test_references_into_an_earlier_arena_do_not_fit_the_next(shm_dir: Path) -> None:
    refs = []
    for _ in range(2):
        with Arena.create(arena_path("again", shm_dir), host="host", size_bytes=MIB) as arena:
            refs.append(arena.put_array(np.zeros(4), holder="run"))
    assert refs[0].offset == refs[1].offset
    assert refs[0].generation != refs[1].generation


def test_close_marks_removes_and_may_be_repeated(shm_dir: Path) -> None:
    arena = Arena.create(arena_path("closing", shm_dir), host="host", size_bytes=MIB)
    worker = Segment.open(arena.segment.path)
    array = arena.get_array(arena.put_array(np.arange(3), holder="run"))
    assert not worker.header().clean_shutdown
    arena.close()
    arena.close()
    assert worker.header().clean_shutdown
    assert not arena.segment.path.exists()
    assert array.tolist() == [0, 1, 2]
    worker.close()


def test_statistics_are_what_the_route_tells(arena: Arena) -> None:
    arena.put_array(np.zeros(100, np.uint8), holder="run")
    told = json.loads(json.dumps(arena.statistics().to_dict()))
    assert told["path"] == str(arena.segment.path)
    assert (told["capacity_bytes"], told["budget_bytes"], told["leases"]) == (1 << 30, 16 * MIB, 1)
    assert {"in_use_bytes", "cached_bytes", "hits", "misses", "evictions"} <= told.keys()


def test_the_control_plane_never_loads_torch() -> None:
    code = "import sys, vortex_prefect.shm.arena, vortex_prefect.shm.janitor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_tensor_is_put_as_bytes(arena: Arena) -> None:
    array = np.arange(6, dtype=np.uint16).reshape(2, 3)
    ref = arena.put_body(array.data.cast("B"), (2, 3), "bfloat16", holder="task")
    assert (ref.shape, ref.dtype) == ((2, 3), "bfloat16")
    assert np.array_equal(arena.get_array(ref), array)
    body = message_body(arena.message(ref), ref.shape, ref.dtype)
    assert bytes(body) == array.tobytes()
    with pytest.raises(WorkerError, match="WK-010"):
        arena.put_body(memoryview(b"too short"), (2, 3), "bfloat16", holder="task")
    assert arena.blocks.statistics().blocks == 1


def test_what_the_last_holder_drops_is_free_at_once(arena: Arena) -> None:
    ref = arena.put_array(np.zeros(1000), holder="task")
    arena.blocks.hold(ref, "view")
    assert arena.blocks.drop("task") == 1
    arena.blocks.check(ref)
    assert arena.blocks.drop("view") == 1
    with pytest.raises(WorkerError, match="WK-002"):
        arena.blocks.check(ref)
    statistics = arena.blocks.statistics()
    assert (statistics.blocks, statistics.cached_bytes, statistics.evictions) == (0, 0, 0)
