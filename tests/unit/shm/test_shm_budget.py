from __future__ import annotations

from pathlib import Path

import pytest

from vortex_prefect.shm.budget import MemoryReadings, arena_budget, read_memory, shortage

MIB = 1 << 20


@pytest.mark.parametrize(
    ("readings", "configured", "expected"),
    [
        (MemoryReadings(1000 * MIB, 1000 * MIB), 0, 500 * MIB),
        (MemoryReadings(100 * MIB, 1000 * MIB), 0, 80 * MIB),
        (MemoryReadings(1000 * MIB, 1000 * MIB, 600 * MIB), 0, 300 * MIB),
        (MemoryReadings(1000 * MIB, 1000 * MIB, 2000 * MIB), 0, 500 * MIB),
        (MemoryReadings(1000 * MIB, 1000 * MIB), 64 * MIB, 64 * MIB),
        (MemoryReadings(1000 * MIB, 1000 * MIB), 900 * MIB, 500 * MIB),
        (MemoryReadings(10_001, 1000 * MIB), 0, 4096),
        (MemoryReadings(0, 0), 0, 0),
    ],
)
def test_the_least_limit_counts(readings: MemoryReadings, configured: int, expected: int) -> None:
    assert arena_budget(readings, configured) == expected


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    (folder / "self").mkdir(parents=True)
    (folder / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    (folder / "self/cgroup").write_text("4:memory:/v1/group\n0::/outer/inner\n")
    return folder


def test_lowest_limit_of_all_parents_is_read(tmp_path: Path, proc: Path) -> None:
    root = tmp_path / "cgroup"
    (root / "outer/inner").mkdir(parents=True)
    (root / "outer/memory.max").write_text("12345\n")
    (root / "outer/inner/memory.max").write_text("max\n")
    readings = read_memory(tmp_path, proc, root)
    assert readings.available_bytes == 2 * MIB
    assert readings.cgroup_bytes == 12345
    assert readings.filesystem_bytes > 0


def test_no_cgroup_is_no_limit(tmp_path: Path, proc: Path) -> None:
    assert read_memory(tmp_path, proc, tmp_path / "nothing").cgroup_bytes is None
    (proc / "self/cgroup").write_text("4:memory:/v1/group\n")
    assert read_memory(tmp_path, proc, tmp_path).cgroup_bytes is None


def test_this_machine_can_be_read(tmp_path: Path) -> None:
    assert arena_budget(read_memory(tmp_path)) > 0


def test_what_a_group_has_used_is_no_room_except_for_files_that_can_be_dropped(tmp_path: Path, proc: Path) -> None:
    root = tmp_path / "cgroup"
    (root / "outer/inner").mkdir(parents=True)
    (root / "outer/memory.max").write_text(f"{100 * MIB}\n")
    (root / "outer/memory.current").write_text(f"{90 * MIB}\n")
    (root / "outer/memory.stat").write_text(f"anon 1\ninactive_file {20 * MIB}\n")
    readings = read_memory(tmp_path, proc, root)
    assert readings.cgroup_free_bytes == 30 * MIB
    assert readings.total_bytes == 9 * 1024


@pytest.mark.parametrize(
    ("available", "free_in_group", "total", "expected"),
    [
        (60, None, 1000, 0),
        (49, None, 1000, 51),
        (500, 10, 1000, 90),
        (0, None, 1 << 40, 2 << 30),
    ],
)
def test_below_a_twentieth_memory_is_short(
    available: int, free_in_group: int | None, total: int, expected: int
) -> None:
    readings = MemoryReadings(0, available, cgroup_free_bytes=free_in_group, total_bytes=total)
    assert shortage(readings) == expected
