"""Two hundred executions, and `kill -9` for whoever handles them: each ends once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.integration.queue_process import GRAPH_ID
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.service.replay import compare
from vortex_prefect.store import reading

pytestmark = pytest.mark.integration

_ROOT = Path(__file__).parents[2]
_WANTED = 200
_LIMIT_S = 240.0
_ENDS = frozenset({"ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled"})


class Process:
    """One of the two, started again whenever it is killed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._arguments = arguments
        self._log = (folder / f"{arguments[0]}.log").open("ab")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it works."""
        command = [sys.executable, "-m", "tests.integration.queue_process", *self._arguments]
        env = {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'workers'}"}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, cwd=_ROOT, env=env)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """SIGKILL, and nothing of it is left."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def close(self) -> None:
        """For good."""
        if self._process.poll() is None:
            self.kill()
        self._log.close()


@contextmanager
def both(folder: Path, url: str) -> Iterator[tuple[Process, Process]]:
    with ExitStack() as stack:
        engine = Process(folder, "engine", str(folder))
        stack.callback(engine.close)
        control = Process(folder, "control", str(folder), url, str(_WANTED))
        stack.callback(control.close)
        yield engine, control


def ended(unit: UnitOfWork) -> int:
    statuses = [status for status in ExecutionStatus if status.final]
    return len(unit.executions(10 * _WANTED, statuses=statuses))


def wait_for(url: str, count: int) -> None:
    """Until so many have ended."""
    limit = time.monotonic() + _LIMIT_S
    while time.monotonic() < limit:
        try:
            with reading(url) as unit:
                if ended(unit) >= count:
                    return
        except SystemFault:  # it is not there yet
            pass
        time.sleep(0.05)  # another process's progress, which only looking shows
    raise AssertionError(f"{count} executions did not end in {_LIMIT_S} s")


def check_log(url: str) -> Counter[str]:
    """Each was queued once and ended once, and the tables say so; how they ended."""
    with reading(url) as unit:
        found = compare(unit)
        events = [event for event in unit.events(limit=100_000) if event.aggregate_type == "Execution"]
        records = unit.executions(10 * _WANTED, graph_id=GRAPH_ID)
    assert found.differences == ()
    assert len(records) == _WANTED
    queued = Counter(event.aggregate_id for event in events if event.event_type == "ExecutionQueued")
    ends = Counter(event.aggregate_id for event in events if event.event_type in _ENDS)
    ids = {record.id for record in records}
    assert queued == Counter(dict.fromkeys(ids, 1))
    assert ends == Counter(dict.fromkeys(ids, 1))
    return Counter(record.status.value for record in records)


def runs(folder: Path) -> dict[str, Counter[str]]:
    """`begun` and `ended` → execution → times."""
    told: dict[str, Counter[str]] = {"begun": Counter(), "ended": Counter()}
    for line in (folder / "ran").read_text().splitlines():
        what, execution_id = line.split()
        told[what][execution_id] += 1
    return told


def test_a_control_plane_that_is_killed_again_and_again_lets_each_run_exactly_once(tmp_path: Path) -> None:
    url, chance = f"sqlite:///{tmp_path}/vortex.db", random.Random(3)
    with both(tmp_path, url) as (_, control):
        for done in sorted(chance.sample(range(1, _WANTED - 10), 5)):
            wait_for(url, done)
            time.sleep(chance.uniform(0, 0.03))  # wherever it is then
            control.kill()
            control.start()
        wait_for(url, _WANTED)
    assert check_log(url) == {"completed": _WANTED}
    told = runs(tmp_path)
    assert len(told["begun"]) == _WANTED
    assert set(told["begun"].values()) == set(told["ended"].values()) == {1}


def test_whoever_is_killed_each_ends_once_and_what_completed_ran(tmp_path: Path) -> None:
    url, chance = f"sqlite:///{tmp_path}/vortex.db", random.Random(4)
    with both(tmp_path, url) as processes:
        for done in sorted(chance.sample(range(1, _WANTED - 20), 6)):
            wait_for(url, done)
            time.sleep(chance.uniform(0, 0.03))  # wherever they are then
            killed = chance.choice(processes)
            killed.kill()
            killed.start()
        wait_for(url, _WANTED)
    outcome = check_log(url)
    assert set(outcome) <= {"completed", "crashed"}
    # An engine that dies takes along what it runs: at most as many as run at once, each time.
    assert outcome["completed"] >= _WANTED - 6 * 8
    with reading(url) as unit:
        completed = {record.id for record in unit.executions(999, statuses=[ExecutionStatus.COMPLETED])}
    told = runs(tmp_path)
    assert completed <= set(told["ended"])
    # What was begun before anybody heard of it is sent once more, never twice.
    assert max(told["begun"].values()) <= 2
