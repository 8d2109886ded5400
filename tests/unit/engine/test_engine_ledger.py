"""The ledger of flow runs in flight, and what the next engine makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fakes.prefect import FakePrefect
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine import recovery
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.recovery import recover


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "state" / "flow-runs")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "_RETRY_S", 0)


async def after_recovery(api: FakePrefect, ledger: Ledger) -> FakePrefect:
    async with asyncio.timeout(10):
        await recover(api, ledger, ledger.entries(), lambda _: False, lambda _: None)
    assert [entry for entry in ledger.entries() if not entry.suspended] == []
    return api


def test_an_entry_is_replaced_and_removed(ledger: Ledger) -> None:
    assert ledger.entries() == []
    ledger.put(Entry("a", "d"))
    ledger.put(Entry("b", "d", "f2"))
    ledger.put(Entry("a", "d", "f1"))
    assert ledger.entries() == [Entry("a", "d", "f1"), Entry("b", "d", "f2")]
    ledger.remove("a")
    ledger.remove("a")
    ledger.remove("never")
    assert ledger.entries() == [Entry("b", "d", "f2")]


def test_an_entry_is_there_as_a_whole_or_not_at_all(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.put(Entry("a", "d"))

    def full(path: Path, text: str, encoding: str) -> int:
        with path.open("w") as file:
            file.write(text[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    ledger.put(Entry("a", "d", "f"))
    ledger.put(Entry("b", "d", "f"))
    assert ledger.entries() == [Entry("a", "d")]


def test_files_that_are_no_entries_are_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.put(Entry("a", "d"))
    folder = tmp_path / "state" / "flow-runs"
    foreign = {"half.json": b'{"execution_id": "b", ', "other.json": b"[]", "more.json": b'{"x": 1}', "notes": b"hi"}
    for name, content in {**foreign, "bytes.json": b"\xff\xfe"}.items():
        (folder / name).write_bytes(content)
    (folder / "folder.json").mkdir()
    assert ledger.entries() == [Entry("a", "d")]
    assert {path.name for path in folder.iterdir()} >= {*foreign, "folder.json"}


async def test_what_ran_has_crashed_and_its_task_runs_too(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("RUNNING")
    api.task_run_states_by_run[flow_run_id] = {"t1": {"type": "RUNNING"}, "t2": {"type": "COMPLETED"}}
    ledger.put(Entry("e", "d", flow_run_id))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == "Crashed"
    assert "Retry the run" in api.runs[flow_run_id]["state"]["message"]
    assert {task: state["type"] for task, state in api.task_run_states_by_run[flow_run_id].items()} == {
        "t1": "CRASHED",
        "t2": "COMPLETED",
    }


async def test_of_many_task_runs_none_is_left(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("RUNNING")
    api.task_run_states_by_run[flow_run_id] = {f"t{number}": {"type": "SCHEDULED"} for number in range(450)}
    ledger.put(Entry("e", "d", flow_run_id))
    await after_recovery(api, ledger)
    assert {state["type"] for state in api.task_run_states_by_run[flow_run_id].values()} == {"CRASHED"}


@pytest.mark.parametrize(
    ("state_type", "name", "expected"),
    [
        ("PENDING", "Pending", "Crashed"),
        ("PAUSED", "Paused", "Crashed"),
        ("CANCELLING", "Cancelling", "Cancelled"),
        ("PAUSED", "Suspended", "Suspended"),
        ("SCHEDULED", "AwaitingRetry", "AwaitingRetry"),
        ("COMPLETED", "Completed", "Completed"),
        ("FAILED", "Failed", "Failed"),
        ("CANCELLED", "Cancelled", "Cancelled"),
        ("CRASHED", "Crashed", "Crashed"),
    ],
)
async def test_states(ledger: Ledger, state_type: str, name: str, expected: str) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run(state_type, name)
    ledger.put(Entry("e", "d", flow_run_id))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == expected
    assert ("set_flow_run_state" in api.asked) == (expected != name)


@pytest.mark.parametrize(
    ("status", "expected", "task_run"),
    [
        ("completed", "Completed", "COMPLETED"),
        ("failed", "Failed", "CRASHED"),
        ("cancelled", "Cancelled", "CRASHED"),
    ],
)
async def test_what_had_ended_ends_in_prefect_as_it_did(
    ledger: Ledger, status: str, expected: str, task_run: str
) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("RUNNING")
    api.task_run_states_by_run[flow_run_id] = {"t1": {"type": "RUNNING"}}
    ledger.put(Entry("e", "d", flow_run_id))
    ledger.end("e", ExecutionStatus(status), "as it was")
    await after_recovery(api, ledger)
    assert (api.state(flow_run_id), api.runs[flow_run_id]["state"]["message"]) == (expected, "as it was")
    assert api.task_run_states_by_run[flow_run_id]["t1"]["type"] == task_run


async def test_a_claim_that_another_worker_was_given_is_not_ours_to_end(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("RUNNING")
    ledger.put(Entry(flow_run_id, "", flow_run_id, claimed=True))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == "Running"


async def test_a_flow_run_whose_id_was_not_known_yet_is_found_by_its_key(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("PENDING", idempotency_key="e")
    ledger.put(Entry("e", "d"))
    ledger.put(Entry("never created", "d"))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == "Crashed"


async def test_a_deleted_flow_run_is_forgotten(ledger: Ledger) -> None:
    ledger.put(Entry("e", "d", "0" * 32))
    await after_recovery(FakePrefect(), ledger)


async def test_a_server_that_is_away_is_waited_for(ledger: Ledger) -> None:
    api = FakePrefect()
    api.away = 3
    flow_run_id = api.given_run("RUNNING")
    ledger.put(Entry("e", "d", flow_run_id))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == "Crashed"


async def test_a_refusal_does_not_keep_the_others_waiting(ledger: Ledger) -> None:
    api = FakePrefect()
    ids = [api.given_run("RUNNING") for _ in range(2)]
    for number, flow_run_id in enumerate(ids):
        ledger.put(Entry(f"e{number}", "d", flow_run_id))
    api.refusal = SystemFault("SY-007", "no")
    await after_recovery(api, ledger)
    assert api.asked.count("set_flow_run_state") == 2


async def test_a_suspended_run_is_kept_for_being_resumed(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("PAUSED", "Suspended")
    ledger.put(Entry("e", "d", flow_run_id))
    kept: list[Entry] = []
    await recover(api, ledger, ledger.entries(), lambda _: False, kept.append)
    assert kept == ledger.entries() == [Entry("e", "d", flow_run_id, suspended=True)]


async def test_what_a_worker_had_claimed_and_nobody_began_goes_back_to_its_pool(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("PENDING")
    ledger.put(Entry(flow_run_id, "", flow_run_id, claimed=True))
    await after_recovery(api, ledger)
    assert api.state(flow_run_id) == "Scheduled"


async def test_what_was_begun_anew_meanwhile_is_left_alone(ledger: Ledger) -> None:
    api = FakePrefect()
    flow_run_id = api.given_run("RUNNING")
    ledger.put(Entry("e", "d", flow_run_id))
    await recover(api, ledger, ledger.entries(), lambda _: True, lambda _: None)
    assert api.state(flow_run_id) == "Running"
    assert ledger.entries() == [Entry("e", "d", flow_run_id)]
