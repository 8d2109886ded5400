"""What a host keeps of its workers' events: in memory for engines that ask, on disk for the host after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vortex_prefect.core.ids import is_id
from vortex_prefect.core.reports import TensorReport, WorkerReport
from vortex_prefect.engine import event_spool
from vortex_prefect.engine.event_spool import EventSpool
from vortex_prefect.engine.worker_events import WorkerEvents

FULL = OSError(28, "No space left on device")


def a_report(number: int, **fields: Any) -> WorkerReport:
    return WorkerReport("spawned", "h/0", "h", number, event_id=f"id-{number}", **fields)


class Host:
    """One host after the other over the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nudges = 0
        self._open: list[WorkerEvents] = []

    def begin(self, keep: int = 1000) -> WorkerEvents:
        self.end()
        events = WorkerEvents(EventSpool(self.path, keep), self._nudged, keep)
        self._open.append(events)
        return events

    def end(self) -> None:
        while self._open:
            self._open.pop().close()

    def told_on(self, *numbers: int, keep: int = 1000) -> WorkerEvents:
        events = self.begin(keep)
        for number in numbers:
            events.note(a_report(number))
        return events

    def _nudged(self) -> None:
        self.nudges += 1


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path / "state" / "worker-events.jsonl")
    yield host
    host.end()


def pids(reports: list[dict[str, Any]]) -> list[int]:
    return [report["pid"] for report in reports]


class TestTheList:
    def test_tells_what_comes_after_a_number(self, host: Host) -> None:
        events = host.told_on(10, 11, 12)
        reports, last = events.after(1)
        assert (pids(reports), last) == ([11, 12], 3)
        assert reports[0] == a_report(11).to_dict()
        assert events.after(last) == ([], 3)
        assert host.nudges == 3

    def test_keeps_the_last_ones_and_their_numbers(self, host: Host) -> None:
        events = host.told_on(*range(5), keep=3)
        assert events.after(0) == ([a_report(number).to_dict() for number in (2, 3, 4)], 5)
        assert pids(events.after(4)[0]) == [4]

    def test_tells_everything_to_whom_counts_otherwise(self, host: Host) -> None:
        events = host.told_on(1, 2)
        first = events.answer(None, 0)
        assert (pids(first["reports"]), first["last"]) == ([1, 2], 2)
        assert events.answer(first["log"], 2) == {**first, "reports": []}
        assert events.answer("another", 2) == first

    def test_gives_an_id_to_what_has_none(self, host: Host) -> None:
        events = host.begin()
        for _ in range(2):
            events.note(replace(a_report(1), event_id=""))
        ids = {report["event_id"] for report in events.after(0)[0]}
        assert len(ids) == 2
        assert all(map(is_id, ids))

    def test_loses_nothing_between_threads(self, host: Host) -> None:
        events = host.begin()

        def tell(first: int) -> None:
            for number in range(first, first + 50):
                events.note(a_report(number))

        tellers = [threading.Thread(target=tell, args=(first,)) for first in range(0, 400, 50)]
        for teller in tellers:
            teller.start()
        for teller in tellers:
            teller.join()
        reports, last = events.after(0)
        assert (sorted(pids(reports)), last) == (list(range(400)), 400)
        assert pids(host.begin().after(0)[0]) == pids(reports)


class TestTheFile:
    def test_is_read_by_the_host_that_follows(self, host: Host) -> None:
        first = host.told_on(1, 2)
        second = host.told_on(3)
        assert pids(second.after(0)[0]) == [1, 2, 3]
        assert second.id != first.id
        assert pids(host.begin().after(0)[0]) == [1, 2, 3]

    def test_keeps_every_field(self, host: Host) -> None:
        crash = replace(a_report(1), event="crashed", reason="SIGSEGV – “odd”", job={"node_id": "σ"}, at_ms=5)
        host.begin().note(crash)
        assert host.begin().after(0)[0] == [crash.to_dict()]

    @pytest.mark.parametrize(
        "damage",
        [
            b'{"kind": "worker", "event": "spa',
            b"\xff\xfe\n",
            b"[1]\n",
            b'{"kind": "worker"}\n',
            b'{"kind": "lo',
            b'{"kind": "sort that comes", "a": 1}\n',
        ],
    )
    def test_that_is_damaged_loses_only_the_damaged_line(
        self, host: Host, damage: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        host.told_on(1, 2)
        host.end()
        with host.path.open("ab") as file:
            file.write(damage)
        assert pids(host.told_on(3).after(0)[0]) == [1, 2, 3]
        assert "1 damaged lines" in caplog.text
        caplog.clear()
        assert pids(host.begin().after(0)[0]) == [1, 2, 3]
        assert caplog.text == ""

    def test_that_cannot_be_read_keeps_no_host_from_starting(self, host: Host) -> None:
        host.path.mkdir(parents=True)
        assert pids(host.told_on(1).after(0)[0]) == [1]

    def test_stays_small(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(event_spool, "MAX_BYTES", 4096)
        events = host.begin()
        sizes = []
        for number in range(200):
            events.note(a_report(number))
            if number % 20 == 0:
                events = host.begin()
                sizes.append(host.path.stat().st_size)
        events = host.begin()
        assert max(sizes) <= 4096
        kept = pids(events.after(0)[0])
        assert kept == list(range(200 - len(kept), 200))
        assert len(kept) >= 5
        assert [path.name for path in host.path.parent.iterdir()] == [host.path.name]

    def test_holds_no_more_than_is_kept_after_a_restart(self, host: Host) -> None:
        host.told_on(*range(10))
        assert pids(host.begin(keep=3).after(0)[0]) == [7, 8, 9]


class TestADisk:
    def test_that_is_full_costs_the_file_and_one_line_in_the_log(
        self, host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        events = host.told_on(1)
        host.end()
        events = host.begin()
        with monkeypatch.context() as full:
            full.setattr(event_spool, "_write_to", _half_written)
            for number in (2, 3):
                events.note(a_report(number))
            events._spool._writer.submit(lambda: None).result(60)
        assert caplog.text.count("not kept on disk") == 1
        assert pids(events.after(0)[0]) == [1, 2, 3]
        # It has room again: everything that is kept goes there, and nothing is glued to the half line.
        events.note(a_report(4))
        assert pids(host.begin().after(0)[0]) == [1, 2, 3, 4]

    def test_that_stands_still_holds_up_nobody(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        moving, write = threading.Event(), event_spool._write_to

        def slow(path: Path, mode: str, data: bytes) -> int:
            moving.wait(60)
            return write(path, mode, data)

        monkeypatch.setattr(event_spool, "_write_to", slow)
        events = host.told_on(1, 2)
        assert (pids(events.after(0)[0]), host.nudges) == ([1, 2], 2)
        assert not host.path.exists()
        moving.set()
        assert pids(host.begin().after(0)[0]) == [1, 2]

    def test_hears_nothing_after_the_end(self, host: Host) -> None:
        events = host.told_on(1)
        host.end()
        events.note(a_report(2))
        assert pids(events.after(0)[0]) == [1, 2]
        assert pids(host.begin().after(0)[0]) == [1]


def _half_written(path: Path, mode: str, data: bytes) -> int:
    with path.open(mode) as file:
        file.write(data[: len(data) // 2])
    raise FULL


def test_tensors_have_a_file_of_their_own_and_one_numbering(tmp_path: Path) -> None:
    def begin() -> WorkerEvents:
        spools = [EventSpool(tmp_path / name, 3) for name in ("workers", "tensors")]
        return WorkerEvents(spools[0], lambda: None, 3, tensor_spool=spools[1])

    events = begin()
    events.note(a_report(1))
    for number in range(10):
        events.note(TensorReport("evicted", "h", ({"generation": number},), reason="room", event_id=f"t{number}"))
    events.note(a_report(2))
    told, last = events.after(0)
    assert [report["event_id"] for report in told] == ["id-1", "t7", "t8", "t9", "id-2"]
    assert last == 12
    assert [report["event_id"] for report in events.after(10)[0]] == ["t9", "id-2"]
    events.close()
    again = begin()
    assert [report["event_id"] for report in again.after(0)[0]] == ["id-1", "id-2", "t7", "t8", "t9"]
    again.close()
