"""The worker pool without a process: a table of its transitions, and a model under thousands of stimuli."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from vortex_prefect.host.pool import Pool, Spawn, WorkerState, respawn_delay_s

DEAD, STARTING, READY, BUSY = WorkerState
NAME = "h/0"


def _pool(state: WorkerState) -> Pool:
    pool = Pool("h", 1)
    if state is not DEAD:
        pool.start()
    if state in (READY, BUSY):
        pool.connected(NAME, 7, "cpu")
    if state is BUSY:
        pool.assign("job")
    return pool


@pytest.mark.parametrize("before", list(WorkerState))
@pytest.mark.parametrize(
    ("stimulus", "effect"),
    [
        (lambda pool: pool.start(), {DEAD: STARTING}),
        (lambda pool: pool.connected(NAME, 8, "cpu"), {STARTING: READY}),
        (lambda pool: pool.assign("other"), {READY: BUSY}),
        (lambda pool: pool.finished(NAME), {BUSY: READY}),
        (lambda pool: pool.died(NAME), {READY: STARTING, BUSY: STARTING}),
    ],
    ids=["start", "connected", "assign", "finished", "died"],
)
def test_each_stimulus_changes_only_the_states_that_it_may(
    before: WorkerState, stimulus: Callable[[Pool], object], effect: dict[WorkerState, WorkerState]
) -> None:
    pool = _pool(before)
    stimulus(pool)
    assert pool.worker(NAME).state is effect.get(before, before)


def test_start_brings_up_every_dead_worker_at_once_and_no_other() -> None:
    pool = Pool("h", 2)
    assert pool.start() == [Spawn("h/0", 0.0), Spawn("h/1", 0.0)]
    assert pool.start() == []


def test_a_worker_that_nobody_starts_is_not_let_in() -> None:
    pool = Pool("h", 1)
    assert not pool.connected(NAME, 7, "cpu")
    assert not pool.connected("somebody", 7, "cpu")
    pool.start()
    assert pool.connected(NAME, 7, "cpu")
    assert not pool.connected(NAME, 8, "cpu")
    assert pool.worker(NAME).pid == 7


def test_an_assigned_worker_has_the_job_until_it_ends() -> None:
    pool = _pool(READY)
    worker = pool.assign("one")
    assert worker is not None
    assert (worker.id, worker.job_id) == (NAME, "one")
    assert pool.assign("two") is None
    pool.finished(NAME)
    assert pool.worker(NAME).job_id is None
    assert pool.assign("two") is not None


def test_a_dead_worker_forgets_its_process_and_its_job() -> None:
    pool = _pool(BUSY)
    assert pool.died(NAME) == [Spawn(NAME, 0.0)]
    worker = pool.worker(NAME)
    assert (worker.pid, worker.job_id, worker.restarts, worker.deaths_in_a_row) == (None, None, 1, 1)


def test_the_worker_that_failed_least_is_taken_first() -> None:
    pool = Pool("h", 2)
    pool.start()
    pool.died("h/0")
    for name in ("h/0", "h/1"):
        pool.connected(name, 7, "cpu")
    chosen = pool.assign("job")
    assert chosen is not None
    assert chosen.id == "h/1"


def test_only_a_finished_job_makes_up_for_deaths() -> None:
    pool = _pool(READY)
    delays = []
    for _ in range(12):
        delays += [spawn.delay_s for spawn in pool.died(NAME)]
        pool.connected(NAME, 7, "cpu")
    assert delays == [0, 0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    pool.assign("job")
    pool.finished(NAME)
    assert pool.died(NAME) == [Spawn(NAME, 0.0)]


def test_delays_grow_and_are_bounded() -> None:
    delays = [respawn_delay_s(deaths) for deaths in range(2_000)]
    assert all(earlier <= later for earlier, later in pairwise(delays))
    assert (delays[0], delays[1], delays[-1]) == (0, 0, 30)


SIZE = 3
WORKER = st.integers(0, SIZE - 1).map("h/{}".format)


class PoolModel(RuleBasedStateMachine):
    """`alive` is what processes there are: the pool may ask for one more only where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool("h", SIZE)
        self.alive: set[str] = set()
        self.connected: set[str] = set()
        self.jobs: dict[str, str] = {}
        self.count = 0
        self.carry_out(self.pool.start())

    def carry_out(self, spawns: list[Spawn]) -> None:
        for spawn in spawns:
            assert spawn.worker_id not in self.alive, "a second process of one worker"
            assert 0 <= spawn.delay_s <= 30
            self.alive.add(spawn.worker_id)

    @rule()
    def start_again(self) -> None:
        assert self.pool.start() == []

    @rule(name=WORKER)
    def connect(self, name: str) -> None:
        assert self.pool.connected(name, 7, "cpu") == (name not in self.connected)
        self.connected.add(name)

    @rule()
    def assign(self) -> None:
        self.count += 1
        ready = self.connected - self.jobs.keys()
        worker = self.pool.assign(f"job {self.count}")
        assert (worker is None) == (not ready)
        if worker is not None:
            assert worker.id in ready
            self.jobs[worker.id] = f"job {self.count}"

    @rule(name=WORKER)
    def finish(self, name: str) -> None:
        self.pool.finished(name)
        self.jobs.pop(name, None)

    @rule(name=WORKER)
    def die(self, name: str) -> None:
        self.alive.discard(name)
        self.connected.discard(name)
        self.jobs.pop(name, None)
        spawns = self.pool.died(name)
        assert [spawn.worker_id for spawn in spawns] == [name]
        self.carry_out(spawns)

    @invariant()
    def the_pool_agrees(self) -> None:
        workers = {worker.id: worker for worker in self.pool.workers()}
        assert {name: worker.job_id for name, worker in workers.items() if worker.job_id} == self.jobs
        assert {name for name, worker in workers.items() if worker.pid is not None} == self.connected
        for name, worker in workers.items():
            expected = BUSY if name in self.jobs else READY if name in self.connected else STARTING
            assert worker.state is expected


TestPoolModel = PoolModel.TestCase
TestPoolModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
