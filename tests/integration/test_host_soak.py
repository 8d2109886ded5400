"""Hundreds of jobs while workers are killed or stopped at random: each ends once, and nothing is left."""

from __future__ import annotations

import functools
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.host_jobs import config, job, output, running
from tests.integration.polling import eventually
from tests.integration.processes import descendants
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.members import Policy
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.wire.payloads import Progress

pytestmark = pytest.mark.integration

#: A longer soak: VORTEX_SOAK_JOBS=20000.
JOBS = int(os.environ.get("VORTEX_SOAK_JOBS", "200"))
#: A worker is struck once in so many jobs.
EVERY = 20
#: Jobs that travel together, now and then.
BATCH = 8
ATTEMPTS = 6
#: Left alone for that long, a stopped worker is found out.
HANG_AFTER_S = 0.8


class Soak:
    """Runs jobs with retries, and strikes the worker when its turn comes."""

    def __init__(self, host: HostRuntime, strike: signal.Signals) -> None:
        self.host = host
        self.strike = strike
        self.random = random.Random(strike)
        self.results: dict[str, list[object]] = {}
        self.strikes = 0
        self.losses = 0

    def run(self) -> None:
        """All jobs: single ones, batches, and those that make a tensor."""
        begun = 0
        while begun < JOBS:
            size = BATCH if self.random.random() < 0.1 else 1
            jobs = [self._job(begun + number) for number in range(size)]
            due = (begun + size) // EVERY > begun // EVERY
            begun += size
            self._finish(jobs, due)
            for each in jobs:
                self.host.release(each.execution_id)

    def _job(self, number: int) -> Job:
        made = job("allocate", mb=1, seed=number) if number % 7 == 0 else job("value", value=number)
        return replace(made, job_id=f"job-{number}")

    def _finish(self, jobs: list[Job], due: bool) -> None:
        moment = self.random.choice(["before", "during"]) if due else None
        if moment == "before":
            self._strike()
        elif moment == "during":
            # It reports progress, so that the strike hits it in the middle.
            jobs.insert(0, replace(job("sleep", seconds=0.05), job_id=f"{jobs[0].job_id} sleep"))
        left, attempt = list(jobs), 1
        while left:
            assert attempt <= ATTEMPTS, left
            struck = [moment != "during" or attempt > 1]
            outcomes = self.host.run_segment(left, Ears(progress=functools.partial(self._strike_once, struck)))
            for done, outcome in zip(list(left), outcomes, strict=False):
                if outcome.error is None:
                    self._note(done, outcome)
                    left.remove(done)
                else:
                    assert outcome.error.code == "WK-001", outcome.error
                    self.losses += 1
            attempt += 1

    def _note(self, done: Job, outcome: JobOutcome) -> None:
        value = output(outcome)
        self.results.setdefault(done.job_id, []).append(value.ref.shape if value.ref else value.data)

    def _strike_once(self, struck: list[bool], progress: Progress) -> None:
        if not struck[0]:
            struck[0] = True
            self._strike()

    def _strike(self) -> None:
        worker = self.host.statistics().workers[0]
        if worker["pid"] is not None:
            os.kill(worker["pid"], self.strike)
            self.strikes += 1


@pytest.mark.parametrize("strike", [signal.SIGKILL, signal.SIGSTOP], ids=lambda strike: strike.name)
def test_every_job_ends_once_whatever_happens_to_its_worker(tmp_path: Path, strike: signal.Signals) -> None:
    children, descriptors = descendants(), _descriptors()
    events: list[WorkerReport] = []
    wanted = config(tmp_path, spares=2, beat_ms=100, policy=Policy(1, hang_after_s=HANG_AFTER_S))
    with running(wanted, on_event=events.append) as host:
        soak = Soak(host, strike)
        soak.run()
        numbers = [name for name in soak.results if not name.endswith("sleep")]
        assert len(numbers) >= JOBS
        for name in numbers:
            number = int(name.removeprefix("job-"))
            assert soak.results[name] == [(1 << 20,) if number % 7 == 0 else number]
        assert soak.strikes >= 0.9 * JOBS / EVERY
        assert soak.losses > 0.3 * soak.strikes
        arena = host.statistics().arena
        assert (arena["leases"], arena["in_use_bytes"]) == (0, 0)
        # One worker and two spares: no more and no less, though many have been there.
        eventually(lambda: len(descendants() - children) == 3)
    crashed = [event for event in events if event.event == "crashed"]
    assert len(crashed) >= 0.9 * soak.strikes
    assert descendants() == children
    assert _descriptors() == descriptors
    assert not wanted.arena_path.exists()


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
