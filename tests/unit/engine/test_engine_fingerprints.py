"""Asking a worker for a fingerprint, from a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from tests.unit.engine.scripted import RAISED, Act, ScriptedLanes
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine import fingerprints as module
from vortex_prefect.engine.fingerprints import Fingerprints

TRACE = TraceContext(b"t" * 16, b"s" * 8)


async def ask(lanes: ScriptedLanes) -> str:
    loop = asyncio.get_running_loop()

    def on_loop(work: Coroutine[Any, Any, JobOutcome]) -> Future[JobOutcome]:
        return asyncio.run_coroutine_threadsafe(work, loop)

    return await asyncio.to_thread(Fingerprints(lanes, on_loop, TRACE), "t.load", {"path": "x"})


def lanes_that(act: Act) -> ScriptedLanes:
    return ScriptedLanes({"t.load": [act]})


async def test_a_job_of_its_own_kind_asks() -> None:
    lanes = lanes_that({"fingerprint": Value("STRING", data="names")})
    assert await ask(lanes) == "names"
    (job,) = lanes.jobs
    assert (job.purpose, job.node_type, job.params, job.key) == ("fingerprint", "t.load", {"path": "x"}, None)
    assert job.trace == TRACE


async def test_a_failure_is_told() -> None:
    with pytest.raises(WorkerError, match="as told"):
        await ask(lanes_that(RAISED))


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    with pytest.raises(WorkerError, match="WK-005"):
        await ask(lanes_that(None))
