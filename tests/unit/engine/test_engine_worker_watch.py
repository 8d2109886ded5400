"""An engine asks hosts what happened to their workers, and tells it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.engine.scripted import settled
from vortex_prefect.core.reports import HostReport, TensorReport, WorkerReport
from vortex_prefect.engine import worker_watch
from vortex_prefect.engine.worker_watch import WorkerHistory, WorkerWatch


def a_report(name: str, at_ms: int = 0) -> WorkerReport:
    return WorkerReport("crashed", "h/0", "h", 1, at_ms=at_ms, event_id=name)


class ScriptedHosts:
    """Hosts by their address, with what each would tell; `log` names its numbering."""

    def __init__(self) -> None:
        self.reports: dict[str, list[dict[str, Any]]] = {}
        self.log: dict[str, str] = {}
        self.asked: list[tuple[str, str | None, int]] = []
        self.fault: Exception | None = None
        self.stuck: set[str] = set()
        #: Hosts answer only while it is set.
        self.open = asyncio.Event()
        self.open.set()

    def add(self, address: str, *names: str) -> None:
        self.log.setdefault(address, f"log of {address}")
        self.reports.setdefault(address, []).extend(a_report(name).to_dict() for name in names)

    async def hosts(self) -> Iterable[str]:
        if self.fault is not None:
            raise self.fault
        return list(self.reports)

    async def ask(self, address: str, operation: str, **arguments: Any) -> Any:
        assert operation == "vortex_events"
        log, after = arguments["log"], arguments["after"]
        self.asked.append((address, log, after))
        if self.fault is not None:
            raise self.fault
        if address in self.stuck:
            await asyncio.Event().wait()
        await self.open.wait()
        reports = self.reports[address]
        seen = after if log == self.log[address] else 0
        return {"log": self.log[address], "reports": reports[seen:], "last": len(reports)}


class Watching:
    """A watch whose rounds a test lets happen."""

    def __init__(self) -> None:
        self.hosts = ScriptedHosts()
        self.told: list[HostReport] = []
        self.watch = WorkerWatch(self.hosts, self.told.append, sleep=self._sleep)
        self._round = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        self._running = asyncio.create_task(self.watch.run())
        await settled()

    async def round(self) -> None:
        self._round.set()
        await settled()

    async def end(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def names(self) -> list[str]:
        return [report.event_id for report in self.told]

    async def _sleep(self, _: float) -> None:
        await self._round.wait()
        self._round.clear()


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    watching = Watching()
    yield watching
    await watching.end()


async def test_all_hosts_are_asked_at_once_and_again_for_what_is_new(watching: Watching) -> None:
    watching.hosts.add("a", "a1", "a2")
    watching.hosts.add("b", "b1")
    await watching.begin()
    assert sorted(watching.names()) == ["a1", "a2", "b1"]
    assert watching.told[0] == a_report(watching.names()[0])
    watching.hosts.add("a", "a3")
    await watching.round()
    assert sorted(watching.names()) == ["a1", "a2", "a3", "b1"]
    assert sorted(watching.hosts.asked[2:]) == [("a", "log of a", 2), ("b", "log of b", 1)]


async def test_a_nudge_asks_that_host_and_no_other(watching: Watching) -> None:
    watching.hosts.add("a", "a1")
    watching.hosts.add("b", "b1")
    watching.watch.nudge("a")
    await settled()
    assert (watching.names(), watching.hosts.asked) == (["a1"], [("a", None, 0)])


async def test_nudges_while_a_host_answers_ask_it_once_more(watching: Watching) -> None:
    watching.hosts.add("a", "a1")
    watching.hosts.open.clear()
    watching.watch.nudge("a")
    await settled()
    for _ in range(5):
        watching.watch.nudge("a")
    watching.hosts.open.set()
    await settled()
    assert watching.hosts.asked == [("a", None, 0), ("a", "log of a", 1)]
    assert watching.names() == ["a1"]


async def test_a_host_that_appears_or_comes_back_is_asked(watching: Watching) -> None:
    watching.hosts.add("a", "a1")
    for seen in (["a"], ["a"], [], ["a"]):
        watching.watch.see(seen)
        await settled()
    assert len(watching.hosts.asked) == 2


async def test_a_host_that_was_started_again_tells_again_and_is_heard_once(watching: Watching) -> None:
    watching.hosts.add("a", "a1", "a2")
    await watching.begin()
    watching.hosts.log["a"] = "another log"
    watching.hosts.add("a", "a3")
    await watching.round()
    assert watching.names() == ["a1", "a2", "a3"]


async def test_one_event_from_two_hosts_is_one(watching: Watching) -> None:
    watching.hosts.add("old address", "a1")
    watching.hosts.add("new address", "a1", "a2")
    await watching.begin()
    assert sorted(watching.names()) == ["a1", "a2"]


async def test_a_host_that_stands_still_holds_up_nobody(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    watching.hosts.add("still", "s1")
    watching.hosts.add("b", "b1")
    watching.hosts.stuck.add("still")
    await watching.begin()
    assert watching.names() == ["b1"]
    watching.hosts.add("b", "b2")
    watching.watch.nudge("b")
    await settled()
    assert watching.names() == ["b1", "b2"]


async def test_a_host_that_stood_still_is_asked_again(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_watch, "_PATIENCE_S", 0)
    watching.hosts.add("still", "s1")
    watching.hosts.stuck.add("still")
    watching.watch.nudge("still")
    async with asyncio.timeout(10):
        while watching.watch._asking:
            await asyncio.sleep(0)
    watching.hosts.stuck.clear()
    monkeypatch.undo()
    watching.watch.nudge("still")
    await settled()
    assert watching.names() == ["s1"]


@pytest.mark.parametrize("fault", [OSError("gone"), ValueError("unknown operation"), RuntimeError("closed")])
async def test_whatever_fails_is_tried_in_the_next_round(
    watching: Watching, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    watching.hosts.add("a", "a1")
    watching.hosts.fault = fault
    await watching.begin()
    watching.watch.nudge("a")
    await settled()
    assert caplog.text.count(str(fault)) == 2
    watching.hosts.fault = None
    await watching.round()
    assert watching.names() == ["a1"]


async def test_what_is_no_report_keeps_no_other_out(watching: Watching) -> None:
    watching.hosts.add("a", "a1")
    watching.hosts.reports["a"][:0] = [{"kind": "worker", "mood": "bad"}, {"kind": "other"}, {}]
    await watching.begin()
    assert watching.names() == ["a1"]


async def test_a_bridge_that_comes_later_hears_what_was_told(watching: Watching) -> None:
    watching.hosts.add("a")
    watching.hosts.reports["a"] = [a_report(name, at_ms).to_dict() for name, at_ms in (("late", 9), ("early", 3))]
    await watching.begin()
    assert watching.names() == ["late", "early"]
    assert watching.watch.known() == [a_report("early", 3), a_report("late", 9)]


async def test_nothing_is_asked_after_the_end(watching: Watching) -> None:
    watching.hosts.add("a", "a1")
    watching.hosts.stuck.add("a")
    await watching.begin()
    await watching.end()
    assert not watching.watch._asking
    asked = len(watching.hosts.asked)
    watching.watch.nudge("a")
    await settled()
    assert len(watching.hosts.asked) == asked


def test_the_oldest_is_forgotten_first_however_late_it_was_told() -> None:
    history = WorkerHistory(keep=3)
    assert all(history.put(a_report(str(at_ms), at_ms)) for at_ms in (30, 10, 20, 40))
    assert not history.put(replace(a_report("40"), at_ms=50))
    history.put(a_report("5", 5))
    assert [report.event_id for report in history.in_order()] == ["20", "30", "40"]


async def test_tensors_come_the_same_way_and_drive_no_crash_out(watching: Watching) -> None:
    crash = WorkerReport("crashed", "h/0", "h", 1, at_ms=1, event_id="crash")
    tensors = [TensorReport("evicted", "h", (), reason="room", at_ms=n, event_id=f"t{n}") for n in range(1500)]
    watching.hosts.add("a")
    watching.hosts.reports["a"] += [crash.to_dict(), *(report.to_dict() for report in tensors)]
    await watching.begin()
    assert len(watching.told) == 1501
    assert crash in watching.watch.known()
    assert len(watching.watch.known()) == 1001
