"""What a supervisor leaves behind when it is killed."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vortex_prefect.shm.janitor import arena_path, orphans, sweep
from vortex_prefect.shm.segment import Segment

_OWNER = (
    "import sys; from pathlib import Path; from vortex_prefect.shm.arena import Arena\n"
    "arena = Arena.create(Path(sys.argv[1]), host='host', size_bytes=1 << 30)\n"
    "print('ready', flush=True); sys.stdin.read()\n"
    "arena.close()\n"
)


def start_owner(path: Path) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    return owner


def test_arena_of_a_killed_owner_goes_and_a_living_one_stays(shm_dir: Path) -> None:
    dead, alive = arena_path("dead", shm_dir), arena_path("alive", shm_dir)
    with start_owner(dead) as victim, start_owner(alive) as survivor:
        assert sweep(shm_dir) == []
        victim.send_signal(signal.SIGKILL)
        victim.wait(60)
        assert orphans(shm_dir) == [dead]
        assert dead.exists()
        assert sweep(shm_dir) == [dead]
        assert sweep(shm_dir) == []
        assert list(shm_dir.iterdir()) == [alive]
        survivor.communicate(timeout=60)
        assert survivor.returncode == 0


def test_only_arenas_are_touched(shm_dir: Path) -> None:
    strangers = [shm_dir / "vortex-notes.txt", shm_dir / "other.arena"]
    for path in strangers:
        path.touch()
    link, target = arena_path("link", shm_dir), shm_dir / "target"
    target.touch()
    link.symlink_to(target)
    half_made = arena_path("half", shm_dir)
    half_made.touch()
    assert sweep(shm_dir) == [half_made]
    for path in (*strangers, link, target):
        path.unlink()


def test_a_worker_that_has_it_mapped_does_not_keep_it(shm_dir: Path) -> None:
    path = arena_path("orphan", shm_dir)
    owner = Segment.create(path, 1 << 20)
    worker = Segment.open(path)
    owner.close()
    assert sweep(shm_dir) == [path]
    assert worker.header().clock_tick == 0
    worker.close()


def test_a_successor_of_that_name_is_spared(shm_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = arena_path("name", shm_dir)
    path.touch()
    pending = [path]
    successors: list[Segment] = []
    flock = fcntl.flock

    def successor_first(fd: int, operation: int) -> None:
        if pending:
            pending.pop().unlink()
            successors.append(Segment.create(path, 1 << 20))
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", successor_first)
    assert sweep(shm_dir) == []
    with successors.pop() as segment:
        assert path.exists()
        segment.unlink()
