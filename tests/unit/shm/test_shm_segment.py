from __future__ import annotations

import ctypes
import errno
import fcntl
import gc
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.shm.layout import DATA_OFFSET, FLAG_CLEAN_SHUTDOWN, Header, Slot, SlotState
from vortex_prefect.shm.segment import Segment


def refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_64_gib_take_one_page(shm_dir: Path) -> None:
    with Segment.create(shm_dir / "large", 64 << 30) as segment:
        status = os.stat(segment.path)
        assert status.st_size == segment.size_bytes == 64 << 30
        assert status.st_blocks * 512 == 4096
        assert status.st_mode & 0o777 == 0o600
        assert len(segment.view((64 << 30) - 64, 64)) == 64
        segment.unlink()


def test_what_one_process_writes_another_reads(segment: Segment) -> None:
    segment.reserve(DATA_OFFSET, 4096)
    with Segment.open(segment.path, segment.size_bytes) as other:
        segment.writable(DATA_OFFSET + 64, 5)[:] = b"hello"
        assert bytes(other.view(DATA_OFFSET + 64, 5)) == b"hello"
        other.writable(DATA_OFFSET, 2)[:] = b"ok"
        assert bytes(segment.view(DATA_OFFSET, 2)) == b"ok"


def test_views_are_read_only(segment: Segment) -> None:
    view = segment.view(DATA_OFFSET, 64)
    assert view.readonly
    with pytest.raises(TypeError, match="read-only"):
        view[0] = 1


def test_writing_through_a_views_address_kills(segment: Segment) -> None:
    segment.reserve(DATA_OFFSET, 4096)
    code = (
        "import ctypes, sys, numpy; from pathlib import Path; from vortex_prefect.shm.segment import Segment\n"
        f"view = Segment.open(Path(sys.argv[1])).view({DATA_OFFSET}, 64)\n"
        "ctypes.memset(numpy.frombuffer(view, 'u1').ctypes.data, 1, 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, segment.path], check=False, timeout=60)
    assert done.returncode == -signal.SIGSEGV
    assert bytes(segment.view(DATA_OFFSET, 1)) == b"\0"


@pytest.mark.parametrize(
    ("offset", "nbytes"), [(0, 8), (DATA_OFFSET - 1, 8), (DATA_OFFSET, 1 << 40), (DATA_OFFSET, -1)]
)
def test_views_beyond_the_data_are_refused(segment: Segment, offset: int, nbytes: int) -> None:
    for take in (segment.view, segment.writable):
        with pytest.raises(WorkerError, match="WK-002"):
            take(offset, nbytes)


def test_reserve_backs_the_file_and_a_hole_gives_whole_pages_back(segment: Segment) -> None:
    segment.reserve(DATA_OFFSET, 1 << 20)
    assert os.stat(segment.path).st_blocks * 512 == DATA_OFFSET + (1 << 20)
    segment.writable(DATA_OFFSET, 4096)[:] = bytes([7]) * 4096
    segment.punch(DATA_OFFSET + 1, 3 * 4096)
    assert os.stat(segment.path).st_blocks * 512 == DATA_OFFSET + (1 << 20) - 2 * 4096
    assert bytes(segment.view(DATA_OFFSET, 4096)) == bytes([7]) * 4096


def test_full_memory_is_wk_008_and_changes_nothing(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.stat(segment.path).st_blocks
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", refuse)
        with pytest.raises(WorkerError, match=r"WK-008 .*No space left"):
            segment.reserve(DATA_OFFSET, 1 << 20)
    assert os.stat(segment.path).st_blocks == before
    segment.reserve(DATA_OFFSET, 1 << 20)
    with pytest.raises(WorkerError, match="WK-008"):
        segment.reserve(segment.size_bytes, 1)


def test_failed_create_leaves_nothing(shm_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", refuse)
        with pytest.raises(WorkerError, match="WK-008"):
            Segment.create(shm_dir / "none", 1 << 20)
    assert list(shm_dir.iterdir()) == []
    with pytest.raises(SystemFault, match="SY-003"):
        Segment.create(shm_dir / "no folder" / "none", 1 << 20)


def test_a_second_arena_of_that_name_is_refused(segment: Segment) -> None:
    with pytest.raises(SystemFault, match="SY-005"):
        Segment.create(segment.path, 1 << 20)
    assert segment.header() == Header()


def test_prefault_keeps_bytes_and_the_pages_are_the_files_not_the_hosts(segment: Segment) -> None:
    segment.reserve(DATA_OFFSET, 1 << 20)
    segment.writable(DATA_OFFSET + 100, 3)[:] = b"abc"
    segment.prefault(DATA_OFFSET + 100, (1 << 20) - 100)
    assert bytes(segment.view(DATA_OFFSET + 99, 5)) == b"\0abc\0"
    assert resident_bytes(segment) == 0


def resident_bytes(segment: Segment) -> int:
    """Resident bytes of the writable mapping, from the kernel's own account."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith(str(segment.path)) and " rw-s " in line)
    return next(int(line.split()[1]) for line in lines[start:] if line.startswith("Rss:")) * 1024


def test_header_words_are_where_the_specification_puts_them(segment: Segment) -> None:
    segment.set_clock_tick(7)
    segment.set_flags(FLAG_CLEAN_SHUTDOWN)
    segment.set_slot(255, Slot(SlotState.BUSY, 1, 2, 3))
    raw = segment.path.read_bytes()[:4096]
    assert struct.unpack_from("<QIIQ", raw) == (0x5654_5833_0000_0001, 1, 1, 7)
    assert struct.unpack_from("<BBHI", raw, 64 + 8 * 255) == (SlotState.BUSY, 1, 2, 3)
    with Segment.open(segment.path) as other:
        assert other.header() == segment.header()
        assert other.header().slots[255].pid == 3


def test_only_the_owner_writes_the_header_and_reserves(segment: Segment) -> None:
    with Segment.open(segment.path) as other:
        attempts: list[Callable[[], None]] = [
            lambda: other.set_clock_tick(1),
            lambda: other.set_flags(1),
            lambda: other.set_slot(0, Slot()),
            lambda: other.reserve(DATA_OFFSET, 1),
        ]
        for forbidden in attempts:
            with pytest.raises(WorkerError, match="WK-010"):
                forbidden()
    assert segment.header() == Header()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "length of 0"),
        (Header().pack(), "length of 4096"),
        (Header().pack() + b"x", "length of 4097"),
        (bytes(8192), "magic"),
        (Header(version=9).pack() + bytes(4096), "version"),
    ],
)
def test_a_wrong_file_is_wk_010(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(WorkerError, match=f"WK-010 .*{why}"):
        Segment.open(path)


def test_wrong_size_folder_and_missing_file_are_wk_010(segment: Segment, tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"WK-010 .*bytes, not 4096"):
        Segment.open(segment.path, 4096)
    link = tmp_path / "link"
    link.symlink_to(segment.path)
    for path in (tmp_path, tmp_path / "missing", link):
        with pytest.raises(WorkerError, match="WK-010"):
            Segment.open(path)


def test_close_leaves_living_views_valid(shm_dir: Path) -> None:
    segment = Segment.create(shm_dir / "segment", 1 << 20)
    segment.reserve(DATA_OFFSET, 64)
    writing = segment.writable(DATA_OFFSET, 64)
    reading = np.frombuffer(segment.view(DATA_OFFSET, 64), np.uint8)
    path = segment.path
    segment.unlink()
    segment.close()
    segment.close()
    writing[:3] = b"abc"
    assert bytes(reading[:3]) == b"abc"
    assert "segment (deleted)" in Path("/proc/self/maps").read_text()
    del writing, reading
    gc.collect()
    assert str(path) not in Path("/proc/self/maps").read_text()


def test_a_closed_segment_refuses(segment: Segment) -> None:
    other = Segment.open(segment.path)
    other.close()
    assert other.closed
    for use in (lambda: other.view(DATA_OFFSET, 1), lambda: other.writable(DATA_OFFSET, 1), other.header):
        with pytest.raises(WorkerError, match=r"WK-002 .*closed"):
            use()


def test_close_drops_the_lock_though_a_view_lives(shm_dir: Path) -> None:
    segment = Segment.create(shm_dir / "segment", 1 << 20)
    view = segment.view(DATA_OFFSET, 1)
    fd = os.open(segment.path, os.O_RDWR)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        segment.close()
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert len(view) == 1
    finally:
        os.close(fd)
        segment.path.unlink()


def test_unlink_spares_a_successor(shm_dir: Path) -> None:
    with Segment.create(shm_dir / "segment", 1 << 20) as first:
        first.path.unlink()
        with Segment.create(shm_dir / "segment", 1 << 20) as second:
            first.unlink()
            assert second.path.exists()
            second.unlink()
        first.unlink()


def test_create_begins_again_when_a_janitor_was_faster(shm_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shm_dir / "segment"
    removals = [path]
    flock = fcntl.flock

    def janitor_first(fd: int, operation: int) -> None:
        if removals:
            removals.pop().unlink()
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", janitor_first)
    with Segment.create(path, 1 << 20) as segment:
        assert os.path.samestat(path.stat(), os.fstat(segment._fd))
        segment.unlink()


def test_pointers_of_both_mappings_differ(segment: Segment) -> None:
    writing = ctypes.addressof(ctypes.c_char.from_buffer(segment.writable(DATA_OFFSET, 64)))
    reading = np.frombuffer(segment.view(DATA_OFFSET, 64), np.uint8).ctypes.data
    assert writing != reading
    assert writing % 4096 == reading % 4096 == 0
