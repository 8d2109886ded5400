"""What comes back from a host through two ways: a topic at once, and the answer at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from distributed import Client

from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.engine.lanes import Lane, LanePool

LINES = [LogLine(20, text, 5) for text in ("one", "two", "three")]


class Host:
    """Stands for Dask: one host with one lane that is free, and answers a call with `outcomes`."""

    def __init__(self) -> None:
        self.outcomes: list[JobOutcome] = []
        self.fault: OSError | None = None
        #: Lines that go through the topic before the answer.
        self.told: list[tuple[str, LogLine]] = []
        #: Pictures that do.
        self.shown: list[tuple[str, bytes]] = []
        self.event: Callable[[Any], None] = lambda event: None

    def subscribe_topic(self, topic: str, handler: Callable[[Any], None]) -> None:
        self.event = handler

    def rpc(self, address: str) -> Host:
        return self

    async def vortex_run(self, lane: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for job_id, line in self.told:
            self.tell(job_id, line)
        for job_id, jpeg in self.shown:
            self.show(job_id, jpeg)
        if self.fault is not None:
            raise self.fault
        return [outcome.to_dict() for outcome in self.outcomes]

    def tell(self, job_id: str, line: LogLine) -> None:
        message = {"kind": "log", "job_id": job_id, "level": line.level, "text": line.text, "at_ms": line.at_ms}
        self.event((0.0, message))

    def show(self, job_id: str, jpeg: bytes) -> None:
        self.event((0.0, {"kind": "preview", "job_id": job_id, "jpeg": jpeg}))


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def pool(host: Host) -> LanePool:
    pool = LanePool(cast(Client, host))
    pool._hosts, pool._heard = {"tcp://host": 1}, float("inf")
    lane = Lane("lane", "tcp://host")
    pool._lanes[lane.id] = lane
    pool._idle.append(lane)
    pool._futures[lane.id] = asyncio.Future
    return pool


async def heard(pool: LanePool, *job_ids: str) -> dict[str, list[LogLine]]:
    found: dict[str, list[LogLine]] = {job_id: [] for job_id in job_ids}
    jobs = [Job(job_id, "e", "n", "t") for job_id in job_ids]
    async with asyncio.timeout(10):
        deaf = [lambda _: None] * len(jobs)
        await pool.run_segment(jobs, 0, lambda: None, deaf, [lines.append for lines in found.values()])
    return found


@pytest.mark.parametrize("early", range(4))
async def test_every_line_is_heard_once_however_many_came_early(host: Host, pool: LanePool, early: int) -> None:
    host.told = [("j", line) for line in LINES[:early]]
    host.outcomes = [JobOutcome("j", logs=tuple(LINES))]
    assert await heard(pool, "j") == {"j": LINES}


async def test_each_job_of_a_segment_is_heard(host: Host, pool: LanePool) -> None:
    host.told = [("a", LINES[0]), ("b", LINES[1])]
    host.outcomes = [JobOutcome("a", logs=tuple(LINES[:1])), JobOutcome("b", logs=tuple(LINES[1:]))]
    assert await heard(pool, "a", "b", "c") == {"a": LINES[:1], "b": LINES[1:], "c": []}


async def test_what_a_lost_host_said_is_not_lost(host: Host, pool: LanePool) -> None:
    host.told, host.fault = [("j", LINES[0])], OSError("gone")
    assert await heard(pool, "j") == {"j": LINES[:1]}


async def test_late_lines_are_nobodys(host: Host, pool: LanePool) -> None:
    host.outcomes = [JobOutcome("j", logs=tuple(LINES))]
    found = await heard(pool, "j")
    host.tell("j", LINES[2])
    assert found == {"j": LINES}


async def shown(pool: LanePool, job_id: str = "j") -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(10):
        await pool.run(Job(job_id, "e", "n", "t"), 0, lambda: None, lambda _: None, lambda _: None, found.append)
    return found


async def test_a_job_shows_pictures_to_who_asked_for_it(host: Host, pool: LanePool) -> None:
    host.shown = [("j", b"one"), ("i", b"another's"), ("j", b"two")]
    host.outcomes = [JobOutcome("j")]
    assert await shown(pool) == [b"one", b"two"]


@pytest.mark.parametrize("fault", [None, OSError("gone")])
async def test_late_pictures_are_nobodys(host: Host, pool: LanePool, fault: OSError | None) -> None:
    host.fault, host.outcomes = fault, [JobOutcome("j")]
    found = await shown(pool)
    host.show("j", b"late")
    assert found == []
    assert not pool._previews


async def test_pictures_of_a_segment_are_nobodys(host: Host, pool: LanePool) -> None:
    host.shown = [("a", b"picture")]
    host.outcomes = [JobOutcome("a"), JobOutcome("b")]
    assert await heard(pool, "a", "b") == {"a": [], "b": []}
