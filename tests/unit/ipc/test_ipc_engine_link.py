"""The link between bridge and engine: what is asked arrives as it was asked, and so do answers and failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.engine import FakeEngine
from vortex_prefect.core.contracts import DeployRequest
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus, WorkerReport
from vortex_prefect.ipc.engine_link import EngineLink, serve_engine

DEPLOY = DeployRequest({"nodes": {}}, "n", "p", None, 60.0, "UTC", {"radius": 2**63, "text": "ü"}, ("a", "b"), 3, True)


class Engine(FakeEngine):
    """`flow_outcome` takes until it is cancelled, or `outcome` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.outcome: asyncio.Future[tuple[ExecutionStatus, str]] = asyncio.get_running_loop().create_future()
        self.begun = asyncio.Event()
        self.gone = asyncio.Event()

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        self._check()
        self.flow_runs.append(flow_run_id)
        self.begun.set()
        try:
            return await asyncio.shield(self.outcome)
        except asyncio.CancelledError:
            self.gone.set()
            raise

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        raise NotImplementedError

    async def release(self, holder: str) -> None:
        raise NotImplementedError


@pytest.fixture
async def engine() -> Engine:
    return Engine()


@pytest.fixture
async def link(engine: Engine, tmp_path: Path) -> AsyncIterator[EngineLink]:
    server = await serve_engine(engine, tmp_path / "run" / "engine.sock")
    link = EngineLink(tmp_path / "run" / "engine.sock")
    yield link
    await link.close()
    server.close()
    await server.wait_closed()


async def test_a_deployment_request_arrives_whole(engine: Engine, link: EngineLink) -> None:
    answer = await link.deploy(DEPLOY)
    assert engine.deployed == [DEPLOY]
    assert answer["deployment_id"] == "d1"


async def test_a_flow_run_is_handed_over(engine: Engine, link: EngineLink) -> None:
    await link.run_flow_run("f1")
    assert engine.flow_runs == ["f1"]


@pytest.mark.parametrize("status", [ExecutionStatus.COMPLETED, ExecutionStatus.PAUSED, ExecutionStatus.FAILED])
async def test_an_outcome_comes_back(engine: Engine, link: EngineLink, status: ExecutionStatus) -> None:
    engine.outcome.set_result((status, "3 completed"))
    assert await link.flow_outcome("f1") == (status, "3 completed")


async def test_failures_keep_their_codes(engine: Engine, link: EngineLink) -> None:
    for fault in (SystemFault("SY-008", "Prefect is away"), RequestError("RQ-001", "no schedule", "Say when.")):
        engine.fault = fault
        for call in (lambda: link.deploy(DEPLOY), lambda: link.run_flow_run("f"), lambda: link.flow_outcome("f")):
            with pytest.raises(VortexError) as caught:
                await call()
            assert (caught.value.code, caught.value.message) == (fault.code, fault.message)
            assert caught.value.hint == (fault.hint or fault.info.hint)


async def test_a_broken_connection_of_the_engines_own_is_answered(
    engine: Engine, link: EngineLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller would wait for ever if that were taken for its own going."""

    async def broken(request: DeployRequest) -> None:
        raise ConnectionResetError("Prefect hung up")

    monkeypatch.setattr(engine, "deploy", broken)
    with pytest.raises(SystemFault, match="Prefect hung up"):
        await asyncio.wait_for(link.deploy(DEPLOY), 10)


async def test_a_caller_that_goes_away_lets_go_of_its_call(engine: Engine, link: EngineLink) -> None:
    calling = asyncio.create_task(link.flow_outcome("f1"))
    async with asyncio.timeout(10):
        await engine.begun.wait()
        await link.close()
        await engine.gone.wait()
        with pytest.raises(SystemFault, match="SY-004"):
            await calling


async def test_a_long_call_does_not_keep_others_waiting(engine: Engine, link: EngineLink) -> None:
    calling = asyncio.create_task(link.flow_outcome("f1"))
    await engine.begun.wait()
    assert (await link.status())["running"] == []
    engine.outcome.set_result((ExecutionStatus.COMPLETED, ""))
    assert (await calling)[0] is ExecutionStatus.COMPLETED


async def test_nothing_listens(tmp_path: Path) -> None:
    with pytest.raises(SystemFault, match="SY-004"):
        await EngineLink(tmp_path / "none.sock").run_flow_run("f1")


async def test_an_adoption_and_a_crash_are_told(engine: Engine, link: EngineLink) -> None:
    adopted = AdoptionReport("e", "g", "h", {"nodes": {"a": {}}}, {"targets": ["x"], "force": False}, 2, 7)
    job = {"execution_id": "e", "node_id": "a", "job_id": "j"}
    crashed = WorkerReport("crashed", "h/0", "h", 7, "cpu", "SIGSEGV – “odd”", job, None, 8, "id")
    ended = ExecutionReport("e", ExecutionStatus.COMPLETED, "f", "http://prefect/f", None, 8)
    reports = link.reports()
    first = asyncio.ensure_future(anext(reports))
    async with asyncio.timeout(10):
        while not engine._streams:
            await asyncio.sleep(0)
        engine.tell(adopted, crashed, ended)
        assert await first == adopted
        assert await anext(reports) == crashed
        assert await anext(reports) == ended
    await reports.aclose()  # type: ignore[attr-defined]
