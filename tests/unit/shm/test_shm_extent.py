"""Single extents: what is shared, what is private, and when a mapping goes."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vortex_prefect.shm.extent import detach, map_extent

NBYTES = 3 * 4096 + 100


@pytest.fixture
def file(shm_dir: Path) -> Iterator[Path]:
    path = shm_dir / "extents"
    path.write_bytes(bytes(range(256)) * 64)
    yield path
    path.unlink()


def mappings(path: Path) -> int:
    return sum(str(path) in line for line in Path("/proc/self/maps").read_text().splitlines())


def map_file(path: Path, offset: int, nbytes: int, *, writable: bool) -> tuple[np.ndarray, memoryview]:
    fd = os.open(path, os.O_RDWR)
    try:
        return map_extent(fd, offset, nbytes, writable=writable)
    finally:
        os.close(fd)


@pytest.mark.parametrize("offset", [0, 64, 4096, 4096 + 192])
def test_it_has_the_bytes_of_the_file_without_a_copy(file: Path, offset: int) -> None:
    owner, view = map_file(file, offset, 1000, writable=False)
    assert bytes(view) == file.read_bytes()[offset : offset + 1000]
    with file.open("r+b") as handle:
        handle.seek(offset)
        handle.write(b"new")
    assert bytes(view[:3]) == b"new"
    assert not owner.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        owner.flags.writeable = True


def test_what_is_written_stays_private(file: Path) -> None:
    before = file.read_bytes()
    _, view = map_file(file, 64, NBYTES, writable=True)
    view[:] = bytes(len(view))
    assert file.read_bytes() == before


@pytest.mark.parametrize("writable", [False, True])
def test_it_is_unmapped_with_the_last_array_over_it(file: Path, writable: bool) -> None:
    owner, view = map_file(file, 0, NBYTES, writable=writable)
    derived = owner[10:].view(np.uint8)[5:]
    del owner, view
    gc.collect()
    assert mappings(file) == 1
    assert derived[0] == 15
    del derived
    gc.collect()
    assert mappings(file) == 0


@pytest.mark.parametrize("writable", [False, True])
def test_detached_it_keeps_its_bytes_and_its_address(file: Path, writable: bool) -> None:
    owner, view = map_file(file, 64, NBYTES, writable=writable)
    expected, address = bytes(view), owner.ctypes.data
    detach(owner)
    file.write_bytes(bytes(16_384))
    assert mappings(file) == 0
    assert bytes(view) == expected
    assert owner.ctypes.data == address
    assert owner.flags.writeable is writable
    if writable:
        view[0] = 7
        assert owner[64] == 7


def test_many_need_no_descriptors(file: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    kept = [map_file(file, 0, 100, writable=False) for _ in range(200)]
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(kept) == 200


def test_what_cannot_be_mapped_is_refused(file: Path) -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        map_extent(9_999, 0, 100, writable=False)
