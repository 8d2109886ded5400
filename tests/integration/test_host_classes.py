"""A pack of somebody's, in real workers: instances that are kept, and steps that are told and cancelled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.host_jobs import config, job, running
from tests.integration.polling import eventually
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.files.packs import Manifest, Origin, write_lock
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.wire.payloads import Progress

pytestmark = pytest.mark.integration

NODES = '''\
"""Nodes that keep something, and that take steps."""

import os
import time

from vortex_worker.sdk import Context, Steps, node


@node("mine.model", category="mine")
class Counts:
    """Tells which process made it, and how often it was called."""

    def __init__(self, ctx: Context, size: int = 1) -> None:
        self.size, self.calls, self.nbytes = size, 0, 1000 * size

    def __call__(self, again: int = 0) -> list[int]:
        self.calls += 1
        return [os.getpid(), self.calls]


@node("mine.steps", category="mine")
def steps(count: int = 4, seconds: float = 0.0) -> Steps[int]:
    """Takes steps."""
    for step in range(count):
        yield (step + 1) / count
        time.sleep(seconds)
    return count
'''


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostRuntime]:
    folder = tmp_path_factory.mktemp("classes")
    package = folder / "packs" / "mine" / "mine_pack"
    package.mkdir(parents=True)
    (package / "pack.toml").write_text('[pack]\nname = "mine"\nversion = "1"\n')
    (package / "__init__.py").write_text(NODES)
    _lock(folder / "packs")
    with running(config(folder, packs_dir=folder / "packs", workers=2, beat_ms=50)) as found:
        assert eventually(lambda: all(worker["state"] == "ready" for worker in found.statistics().workers))
        yield found


def _lock(packs: Path) -> None:
    write_lock(packs / "mine", Manifest("mine", "1", "mine_pack"), Origin("a test"))


def run(host: HostRuntime, kind: str, ears: Ears | None = None, **params: Any) -> JobOutcome:
    base = job("value")
    return host.run(Job(base.job_id, base.execution_id, "node", kind, params=params), ears)


def items(outcome: JobOutcome) -> list[int]:
    assert outcome.error is None, outcome.error
    return list(outcome.outputs["int"].data)


def kept(host: HostRuntime) -> set[str]:
    return {name for worker in host.statistics().workers for name in worker["residents"]}


def test_jobs_go_to_the_worker_that_has_the_instance(host: HostRuntime) -> None:
    first = run(host, "mine.model", size=2)
    pid, calls = items(first)
    assert calls == 1
    assert eventually(lambda: kept(host) == {'mine.model@1 {"size": 2}'})
    for number in range(2, 8):
        outcome = run(host, "mine.model", size=2.0, again=number)
        assert items(outcome) == [pid, number]
        assert 'has mine.model@1 {"size": 2} loaded' in outcome.why


def test_steps_are_told_and_a_cancel_lands_at_one(host: HostRuntime) -> None:
    told: list[float] = []
    done = run(host, "mine.steps", Ears(progress=lambda said: told.append(said.fraction)), count=4, seconds=0.04)
    assert done.outputs["int"].data == 4
    assert told == [0.25, 0.5, 0.75, 1.0]
    before = [worker["pid"] for worker in host.statistics().workers]
    base = job("value")
    endless = Job(base.job_id, base.execution_id, "node", "mine.steps", params={"count": 10_000, "seconds": 0.01})
    begun = threading.Event()

    def hear(_: Progress) -> None:
        begun.set()

    found: list[JobOutcome] = []
    thread = threading.Thread(target=lambda: found.append(host.run(endless, Ears(progress=hear))))
    thread.start()
    assert begun.wait(20)
    assert host.cancel(endless.execution_id) == 1
    thread.join()
    assert found[0].error is not None
    assert found[0].error.code == "WK-006"
    assert [worker["pid"] for worker in host.statistics().workers] == before


def test_of_packs_that_changed_all_workers_are_new_and_none_is_lost_on_the_way(host: HostRuntime) -> None:
    """Last, since it changes the pack: jobs that run end, and those after `renew` have the new code."""
    packs = host.config.packs_dir
    assert packs is not None
    old = {worker["pid"] for worker in host.statistics().workers}
    begun, found = threading.Event(), list[JobOutcome]()
    base = job("value")
    slow = Job(base.job_id, base.execution_id, "node", "mine.steps", params={"count": 400, "seconds": 0.01})
    thread = threading.Thread(target=lambda: found.append(host.run(slow, Ears(progress=lambda _: begun.set()))))
    thread.start()
    assert begun.wait(20)
    (packs / "mine" / "mine_pack" / "__init__.py").write_text(NODES.replace("os.getpid(), self", "-1, self"))
    _lock(packs)
    assert host.renew().get("mine.model") is not None
    assert {items(run(host, "mine.model", size=9, again=number))[0] for number in range(20)} == {-1}
    thread.join()
    assert found[0].error is None, "the job that ran was not let end"
    assert eventually(lambda: old.isdisjoint(worker["pid"] for worker in host.statistics().workers))
