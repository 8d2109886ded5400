"""Whoever is killed, and wherever: nothing leaks, nothing is damaged, and those that live go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration import dying_owner, dying_worker
from tests.integration.host_jobs import code, config, job, output, running
from tests.integration.polling import eventually
from vortex_prefect.core.job import JobOutcome
from vortex_prefect.host import watch
from vortex_prefect.host.process import WorkerCommand
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, arena_path, sweep

pytestmark = pytest.mark.integration

_WORKER = Path(dying_worker.__file__)
#: Points in the life of what a worker reads; all others are in that of what it writes.
_READING = ("before it maps", "looking at the checksum", "mapped")


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("order") / "point"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, order: Path) -> Iterator[HostRuntime]:
    def start(command: WorkerCommand, number: int) -> subprocess.Popen[bytes]:
        command.log_dir.mkdir(parents=True, exist_ok=True)
        arguments = [sys.executable, str(_WORKER), "--socket", str(command.socket), "--debug"]
        with open(command.log_dir / f"worker-{number}.log", "ab") as log:
            return subprocess.Popen(
                arguments, stdout=log, stderr=log, env={**os.environ, "VORTEX_TEST_DIES_AT": str(order)}
            )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "start_worker", start)
        # A spare, or every point would wait for torch.
        with running(config(tmp_path_factory.mktemp("host"), spares=1, quarantine_after=0)) as found:
            yield found


def in_use(host: HostRuntime) -> tuple[int, int]:
    arena = host.statistics().arena
    return arena["in_use_bytes"], arena["leases"]


def alone(outcome: JobOutcome) -> None:
    """It is a loss, and no other failure."""
    assert code(outcome) in (None, "WK-001"), outcome.error


@pytest.mark.parametrize("point", dying_worker.POINTS)
def test_a_worker_that_is_killed_leaves_no_byte_in_use(host: HostRuntime, order: Path, point: str) -> None:
    made = job("allocate", mb=8, seed=3)
    if point in _READING:
        tensor = output(host.run(made))
        checked = replace(job("checksum", {"in": tensor}), execution_id=made.execution_id)
        expected = output(host.run(checked)).data
    order.write_text(point, encoding="utf-8")
    if point in _READING:
        # The worker knows the tensor, and looks at no checksum: its successor does.
        if point == "looking at the checksum":
            assert code(host.run(job("crash"))) == "WK-001"
        assert code(host.run(checked)) == "WK-001"
        assert not order.exists()
        # A new process has to look at the checksum, and finds the bytes as they were.
        assert output(host.run(checked)).data == expected
    else:
        alone(host.run(made))
        eventually(lambda: not order.exists())
        # Who died after its result may have been given the next job before anybody knew.
        alone(host.run(replace(made, attempt=2)))
        assert output(host.run(replace(made, attempt=3))).ref is not None
    host.release(made.execution_id)
    assert eventually(lambda: in_use(host) == (0, 0)), in_use(host)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = DEFAULT_DIRECTORY / f"vortex-crash-{os.getpid()}"
    made.mkdir(mode=0o700)
    yield made
    for left in made.iterdir():
        left.unlink()
    made.rmdir()


@pytest.mark.parametrize("point", ["never", *dying_owner.POINTS])
def test_of_an_owner_that_is_killed_the_janitor_leaves_nothing(folder: Path, point: str) -> None:
    dead, alive = arena_path("dead", folder), arena_path("alive", folder)
    command = [sys.executable, "-m", "tests.integration.dying_owner", str(dead), point]
    root = Path(__file__).parents[2]
    code = subprocess.run(command, cwd=root, check=False, timeout=120).returncode
    if point == "never":
        assert code == 0
        assert list(folder.iterdir()) == []
        return
    assert code == -signal.SIGKILL, f"it never came to where {point}"
    alive.touch()
    with alive.open("rb") as held:
        import fcntl  # noqa: PLC0415 - as a living owner does

        fcntl.flock(held, fcntl.LOCK_EX)
        gone = sweep(folder)
        assert gone in ([], [dead])
        assert list(folder.iterdir()) == [alive]
    assert sweep(folder) == [alive]


def test_a_host_that_was_killed_is_followed_by_one_that_starts_clean(tmp_path: Path) -> None:
    wanted = config(tmp_path)
    script = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from tests.integration.host_jobs import config, job, output, running\n"
        "from vortex_prefect.shm.books import Books\n"
        "import os, signal\n"
        f"wanted = replace(config(Path({str(tmp_path)!r})), host_id={wanted.host_id!r},"
        f" arena_path=Path({str(wanted.arena_path)!r}))\n"
        "with running(wanted) as host:\n"
        "    output(host.run(replace(job('allocate', mb=8, seed=1), key='kept')))\n"
        "    Books.let_go = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    host.release('none'); host.run(job('allocate', mb=1, seed=2)); print('ready', flush=True)\n"
        "    [host.release(f'execution-{number}') for number in range(10)]\n"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", script], cwd=root, check=False, timeout=120, stdout=subprocess.PIPE)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, b"ready\n")
    assert wanted.arena_path.exists()
    with running(wanted) as host:
        # What lay there was one process's to explain, and that is gone: the cache starts empty.
        assert host.known(["kept"]) == []
        arena = host.statistics().arena
        assert (arena["in_use_bytes"], arena["cached_bytes"], arena["leases"]) == (0, 0, 0)
        assert output(host.run(job("allocate", mb=8, seed=1))).ref is not None
    assert not wanted.arena_path.exists()
