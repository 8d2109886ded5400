"""From reports to live state, stored records, events and messages."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.engine import PNG, image_value
from tests.unit.service.conftest import Bench
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, LogReport, NodeReport, NodeState
from vortex_prefect.service.executions import Options

FAILURE = WorkerError("WK-003", "node raised", node_id="blur").to_dict()


async def _started(bench: Bench, options: Options | None = None) -> ExecutionRecord:
    record = await bench.queued(options)
    await bench.control.reports.handle(
        ExecutionReport(record.id, ExecutionStatus.RUNNING, "flow-1", "http://prefect/flow-1", at_ms=1000)
    )
    return record


async def _stored(bench: Bench, execution_id: str) -> ExecutionRecord:
    record = await bench.store.read(lambda uow: uow.execution(execution_id))
    if record is None:
        raise LookupError(execution_id)
    return record


async def _node(bench: Bench, record: ExecutionRecord, node_id: str, state: NodeState, **fields: object) -> None:
    await bench.control.reports.handle(NodeReport(record.id, node_id, state, **fields))  # type: ignore[arg-type]


async def _end(bench: Bench, record: ExecutionRecord, status: ExecutionStatus, **fields: object) -> ExecutionRecord:
    await bench.control.reports.handle(ExecutionReport(record.id, status, at_ms=2500, **fields))  # type: ignore[arg-type]
    await bench.control.reports.settle()
    return await _stored(bench, record.id)


async def test_the_start_is_stored_with_its_event(bench: Bench) -> None:
    record = await _started(bench)
    stored = await _stored(bench, record.id)
    assert (stored.status, stored.started_ms, stored.flow_run_id) == (ExecutionStatus.RUNNING, 1000, "flow-1")
    assert bench.store.event_types(record.id) == ["ExecutionQueued", "ExecutionStarted"]
    assert bench.sink.messages[-1].payload == {
        "execution_id": record.id,
        "status": "running",
        "flow_run_id": "flow-1",
        "prefect_url": "http://prefect/flow-1",
    }


async def test_a_second_report_of_running_starts_nothing(bench: Bench) -> None:
    record = await _started(bench)
    await bench.control.reports.handle(ExecutionReport(record.id, ExecutionStatus.RUNNING, at_ms=1500))
    current = bench.control.reports.current(record.id)
    assert current is not None
    assert (current.started_ms, current.flow_run_id) == (1000, "flow-1")
    assert bench.store.event_types(record.id).count("ExecutionStarted") == 1


async def test_progress_is_told_at_once_and_stored_later(bench: Bench) -> None:
    record = await _started(bench)
    await bench.control.reports.flush()
    writes = bench.store.writes
    for percent in range(100):
        await _node(bench, record, "blur", NodeState.RUNNING, progress=float(percent), worker_id="w0", why="idle")
    assert bench.store.writes == writes
    message = bench.sink.messages[-1]
    assert message.type == "execution.progress"
    assert message.payload == {
        "execution_id": record.id, "node_id": "blur", "state": "running", "progress": 99.0,
        "attempt": 1, "worker_id": "w0", "why": "idle",
    }  # fmt: skip
    await bench.control.reports.flush()
    await bench.control.reports.flush()
    assert bench.store.writes == writes + 1
    assert (await _stored(bench, record.id)).nodes["blur"]["progress"] == 99.0


async def test_what_a_node_says_is_told_and_not_stored(bench: Bench) -> None:
    record = await _started(bench)
    await bench.control.reports.flush()
    writes = bench.store.writes
    await bench.control.reports.handle(LogReport(record.id, "blur", None, 1, 30, "odd", 1200))
    await bench.control.reports.flush()
    assert bench.store.writes == writes
    message = bench.sink.messages[-1]
    assert (message.type, message.droppable, message.held) == ("node.log", True, False)
    assert message.payload == {
        "execution_id": record.id, "node_id": "blur", "item": None, "attempt": 1, "level": 30, "text": "odd",
        "at_ms": 1200,
    }  # fmt: skip


async def test_repeated_reports_are_no_news(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "blur", NodeState.FAILED, error=FAILURE)
    told = len(bench.sink.messages)
    await _node(bench, record, "blur", NodeState.FAILED, error=FAILURE)
    assert len(bench.sink.messages) == told


@pytest.mark.parametrize("progress", [float("nan"), float("inf"), -5.0, 500.0])
async def test_absurd_progress_stays_within_its_bounds(bench: Bench, progress: float) -> None:
    record = await _started(bench)
    await _node(bench, record, "blur", NodeState.RUNNING, progress=progress)
    assert 0 <= bench.sink.messages[-1].payload["progress"] <= 100


async def test_complete_follows_the_kept_pictures(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "image", NodeState.CACHED, outputs={"image": image_value(1)})
    await _node(bench, record, "blur", NodeState.COMPLETED, outputs={"image": image_value(2)})
    await _node(bench, record, "save", NodeState.COMPLETED, outputs={"path": Value("PATH", data="out.png")})
    stored = await _end(bench, record, ExecutionStatus.COMPLETED)
    assert stored.status is ExecutionStatus.COMPLETED
    assert stored.finished_ms == 2500
    assert stored.nodes["image"]["cached"] is True
    message = bench.sink.messages[-1]
    base = f"/api/execution/{record.id}/outputs"
    assert message.type == "execution.complete"
    assert message.payload["outputs"] == {
        "picture": {
            "node": "blur",
            "port": "image",
            "type": "IMAGE",
            "url": f"{base}/blur/image",
            "shape": [1, 4, 4, 3],
            "dtype": "float32",
        },
        "file": {"node": "save", "port": "path", "type": "PATH", "url": f"{base}/save/path", "value": "out.png"},
    }
    kept = bench.settings.output_dir / record.id / "blur.image.png"
    assert kept.read_bytes() == PNG
    # Only what was asked for: the output of `image` is no declared one.
    assert [value for value, _ in bench.engine.reads] == [image_value(2)]
    assert bench.control.reports.current(record.id) is None


async def test_pictures_are_announced_as_previews(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "image", NodeState.COMPLETED, outputs={"image": image_value()})
    assert [message.payload["url"] for message in bench.sink.of("node.preview")] == [
        f"/api/execution/{record.id}/outputs/image/image"
    ]


async def test_targets_limit_what_is_told(bench: Bench) -> None:
    record = await _started(bench, Options(targets=("file",)))
    await _node(bench, record, "blur", NodeState.COMPLETED, outputs={"image": image_value()})
    await _node(bench, record, "save", NodeState.COMPLETED, outputs={"path": Value("PATH", data="out.png")})
    await _end(bench, record, ExecutionStatus.COMPLETED)
    assert list(bench.sink.messages[-1].payload["outputs"]) == ["file"]
    assert bench.engine.reads == []


async def test_nodes_that_nothing_was_heard_of_are_skipped_at_the_end(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "image", NodeState.COMPLETED)
    stored = await _end(bench, record, ExecutionStatus.COMPLETED)
    assert [node["state"] for node in stored.nodes.values()] == ["completed", "skipped", "skipped"]


async def test_failure_tells_each_node_then_the_whole(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "image", NodeState.COMPLETED, outputs={"image": image_value()})
    await _node(bench, record, "blur", NodeState.RETRYING, error=FAILURE)
    assert bench.sink.of("execution.error") == []
    await _node(bench, record, "blur", NodeState.FAILED, attempt=2, error=FAILURE)
    await _node(bench, record, "save", NodeState.SKIPPED, why="blur failed")
    stored = await _end(bench, record, ExecutionStatus.FAILED)
    (told,) = bench.sink.of("execution.error")
    assert told.payload == {"execution_id": record.id, "node_id": "blur", "error": FAILURE}
    last = bench.sink.messages[-1]
    assert last.type == "execution.failed"
    assert last.payload["errors"] == [{"node_id": "blur", "error": FAILURE}]
    assert stored.error == FAILURE
    assert bench.store.event_types(record.id)[-1] == "ExecutionFailed"


async def test_a_picture_that_is_gone_does_not_hide_the_end(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "blur", NodeState.COMPLETED, outputs={"image": image_value()})
    bench.engine.read_fault = WorkerError("WK-002", "gone")
    assert (await _end(bench, record, ExecutionStatus.COMPLETED)).status is ExecutionStatus.COMPLETED
    assert bench.sink.types()[-1] == "execution.complete"


async def test_a_defect_in_keeping_does_not_hide_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: ExecutionRecord) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.control.reports._outputs, "keep", broken)
    record = await _started(bench)
    await _end(bench, record, ExecutionStatus.COMPLETED)
    assert bench.sink.types()[-1] == "execution.complete"


async def test_cancelled_ends_what_was_left(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "image", NodeState.RUNNING, progress=10.0)
    stored = await _end(bench, record, ExecutionStatus.CANCELLED)
    assert {node["state"] for node in stored.nodes.values()} == {"cancelled"}
    assert bench.sink.types()[-1] == "execution.cancelled"
    assert bench.store.event_types(record.id)[-1] == "ExecutionCancelled"


async def test_after_the_end_only_the_flow_run_is_news(bench: Bench) -> None:
    record = await bench.queued()
    await _end(bench, record, ExecutionStatus.COMPLETED)
    told = len(bench.sink.messages)
    await _node(bench, record, "blur", NodeState.FAILED, error=FAILURE)
    late = ExecutionReport(record.id, ExecutionStatus.COMPLETED, "flow-9", "http://prefect/flow-9", at_ms=3000)
    await bench.control.reports.handle(late)
    await bench.control.reports.handle(late)
    stored = await _stored(bench, record.id)
    assert (stored.status, stored.flow_run_id, stored.prefect_url) == (
        ExecutionStatus.COMPLETED, "flow-9", "http://prefect/flow-9",
    )  # fmt: skip
    assert [message.type for message in bench.sink.messages[told:]] == ["execution.status"]
    assert bench.store.event_types(record.id).count("ExecutionCompleted") == 1


async def test_the_flow_run_may_arrive_while_the_end_is_being_kept(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "blur", NodeState.COMPLETED, outputs={"image": image_value()})
    await bench.control.reports.handle(ExecutionReport(record.id, ExecutionStatus.COMPLETED, at_ms=2000))
    await bench.control.reports.handle(ExecutionReport(record.id, ExecutionStatus.COMPLETED, "flow-2", at_ms=2001))
    await bench.control.reports.settle()
    stored = await _stored(bench, record.id)
    assert (stored.status, stored.flow_run_id) == (ExecutionStatus.COMPLETED, "flow-2")


async def test_an_execution_ends_once(bench: Bench) -> None:
    record = await _started(bench)
    await _node(bench, record, "blur", NodeState.COMPLETED, outputs={"image": image_value()})
    for status in (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.RUNNING):
        await bench.control.reports.handle(ExecutionReport(record.id, status, at_ms=2000))
    await _node(bench, record, "blur", NodeState.FAILED, error=FAILURE)
    await bench.control.reports.settle()
    assert bench.store.event_types(record.id) == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]
    assert bench.sink.types()[-1] == "execution.complete"
    assert (await _stored(bench, record.id)).nodes["blur"]["state"] == "completed"


async def test_reports_of_unknown_executions_are_passed_over(bench: Bench) -> None:
    await bench.control.reports.handle(NodeReport("nobody", "a", NodeState.RUNNING))
    await bench.control.reports.handle(ExecutionReport("nobody", ExecutionStatus.RUNNING, "flow"))
    assert bench.sink.messages == []


async def test_a_failing_store_does_not_stop_the_reports(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.store.fault = SystemFault("SY-006", "disk full")
    running.engine.started(record.id)
    running.engine.node(record.id, "blur", NodeState.RUNNING, progress=50.0)
    await running.sink.next("execution.progress")
    running.store.fault = None
    running.engine.ended(record.id, ExecutionStatus.COMPLETED)
    await running.sink.next("execution.complete")


async def test_the_end_is_told_though_the_store_fails(bench: Bench) -> None:
    record = await _started(bench)
    bench.store.fault = SystemFault("SY-006", "disk full")
    await bench.control.reports.handle(ExecutionReport(record.id, ExecutionStatus.COMPLETED, at_ms=2000))
    await bench.control.reports.settle()
    assert bench.sink.types()[-1] == "execution.complete"


async def test_values_that_json_lacks_are_named(bench: Bench) -> None:
    record = await _started(bench)
    data = [float("nan"), {"high": float("inf"), "low": -float("inf")}, 1.5]
    await _node(bench, record, "save", NodeState.COMPLETED, outputs={"path": Value("JSON", data=data)})
    stored = await _end(bench, record, ExecutionStatus.COMPLETED)
    assert stored.values["save"]["path"]["data"] == ["NaN", {"high": "Infinity", "low": "-Infinity"}, 1.5]


async def test_a_burst_of_reports_lets_others_run(bench: Bench) -> None:
    record = await _started(bench)
    stream = bench.engine.reports()
    for percent in range(500):
        bench.engine.node(record.id, "blur", NodeState.RUNNING, progress=percent / 5)
    task = asyncio.create_task(bench.control.reports.consume(stream))
    await bench.sink.next("execution.progress")
    assert len(bench.sink.of("execution.progress")) < 500
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
