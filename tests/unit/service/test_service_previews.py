"""What running nodes show: held within bounds, for as long as it is worth anything."""

from __future__ import annotations

import pytest

from tests.fakes.engine import image_value
from tests.unit.service.conftest import Bench
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import (
    ExecutionReport,
    ExecutionStatus,
    NodeReport,
    NodeState,
    PreviewReport,
    RunReport,
)
from vortex_prefect.service import previews as module
from vortex_prefect.service.previews import Previews


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def previews(clock: Clock) -> Previews:
    return Previews(clock)


def shown(node_id: str = "n", jpeg: bytes = b"jpeg", execution_id: str = "e", at_ms: int = 5) -> PreviewReport:
    return PreviewReport(execution_id, node_id, jpeg, at_ms)


def jpeg_of(previews: Previews, node_id: str = "n", execution_id: str = "e") -> bytes | None:
    report = previews.get(execution_id, node_id)
    return None if report is None else report.jpeg


# -- what is held ----------------------------------------------------------------------------


def test_each_node_has_its_newest(previews: Previews) -> None:
    for report in (shown("a", b"1"), shown("b", b"2"), shown("a", b"3"), shown("a", b"4", "f")):
        previews.put(report)
    assert [jpeg_of(previews, "a"), jpeg_of(previews, "b"), jpeg_of(previews, "a", "f")] == [b"3", b"2", b"4"]
    assert {report.node_id for report in previews.of("e")} == {"a", "b"}
    assert len(previews) == 3
    assert jpeg_of(previews, "c") is None


def test_what_was_shown_the_longest_ago_gives_way(previews: Previews) -> None:
    for number in range(module._MOST):
        previews.put(shown(str(number)))
    previews.put(shown("0", b"again"))
    previews.put(shown("one more"))
    assert len(previews) == module._MOST
    assert jpeg_of(previews, "1") is None
    assert jpeg_of(previews, "0") == b"again"
    assert jpeg_of(previews, "one more") == b"jpeg"


def test_bytes_have_a_bound_too(previews: Previews) -> None:
    large = bytes(module._MOST_BYTES // 4)
    for _ in range(3):
        for name in "abcd":
            previews.put(shown(name, large))
    assert len(previews) == 4
    previews.put(shown("e", b"x"))
    assert [jpeg_of(previews, name) is not None for name in "abcde"] == [False, True, True, True, True]
    previews.drop("e", "b")
    previews.put(shown("f", large))
    assert [jpeg_of(previews, name) is not None for name in "cdef"] == [True] * 4


def test_an_execution_is_forgotten_a_while_after_its_end(previews: Previews, clock: Clock) -> None:
    previews.put(shown("a"))
    previews.put(shown("b", execution_id="f"))
    previews.end("e")
    clock.now = module._AFTER_THE_END_S - 1
    assert jpeg_of(previews, "a") == b"jpeg"
    previews.end("f")
    clock.now += 1
    assert jpeg_of(previews, "a") is None
    assert previews.of("e") == []
    assert jpeg_of(previews, "b", "f") == b"jpeg"
    clock.now += module._AFTER_THE_END_S
    previews.put(shown("c", execution_id="g"))
    assert len(previews) == 1


def test_an_execution_that_was_begun_again_is_not_forgotten(previews: Previews, clock: Clock) -> None:
    previews.put(shown())
    previews.end("e")
    previews.put(shown(jpeg=b"second round"))
    clock.now = 2 * module._AFTER_THE_END_S
    assert jpeg_of(previews) == b"second round"


def test_of_executions_that_showed_nothing_nothing_is_kept(previews: Previews) -> None:
    previews.end("e")
    assert not previews._until


# -- from reports to messages ------------------------------------------------------------------


async def _handle(bench: Bench, *reports: RunReport) -> None:
    for report in reports:
        await bench.control.reports.handle(report)


async def _started(bench: Bench) -> ExecutionRecord:
    record = await bench.queued()
    await _handle(bench, ExecutionReport(record.id, ExecutionStatus.RUNNING, at_ms=1000))
    return record


async def test_what_a_node_shows_is_told_and_not_stored(bench: Bench) -> None:
    record = await _started(bench)
    await bench.control.reports.flush()
    writes = bench.store.writes
    await _handle(bench, shown("blur", execution_id=record.id, at_ms=1200))
    await bench.control.reports.flush()
    assert bench.store.writes == writes
    message = bench.sink.messages[-1]
    assert (message.type, message.graph_id, message.droppable) == ("node.preview", record.graph_id, True)
    assert message.payload == {
        "execution_id": record.id, "node_id": "blur", "url": f"/api/execution/{record.id}/preview/blur?at=1200",
    }  # fmt: skip
    content = bench.control.executions.preview(record.id, "blur")
    assert (content.media_type, content.body) == ("image/jpeg", b"jpeg")


async def test_the_result_takes_the_place_of_what_was_shown(bench: Bench) -> None:
    record = await _started(bench)
    await _handle(bench, shown("blur", execution_id=record.id))
    outputs = {"image": image_value()}
    await _handle(bench, NodeReport(record.id, "blur", NodeState.COMPLETED, outputs=outputs))
    running, result = bench.sink.of("node.preview")
    assert running.key == result.key
    assert result.payload["port"] == "image"
    with pytest.raises(RequestError) as raised:
        bench.control.executions.preview(record.id, "blur")
    assert raised.value.code == "RQ-002"


async def test_pictures_of_a_node_and_of_two_nodes_keep_apart(bench: Bench) -> None:
    record = await _started(bench)
    outputs = {"mask": image_value(1), "count": Value("INT", data=1), "image": image_value(2)}
    await _handle(bench, NodeReport(record.id, "blur", NodeState.COMPLETED, outputs=outputs))
    await _handle(bench, shown("image", execution_id=record.id))
    told = bench.sink.of("node.preview")
    assert [message.payload.get("port") for message in told] == ["mask", "image", None]
    assert len({message.key for message in told}) == 3


async def test_a_result_that_is_no_picture_leaves_it(bench: Bench) -> None:
    record = await _started(bench)
    outputs = {"path": Value("PATH", data="out.png")}
    await _handle(bench, shown("save", execution_id=record.id))
    await _handle(bench, NodeReport(record.id, "save", NodeState.COMPLETED, outputs=outputs))
    assert bench.control.executions.preview(record.id, "save").body == b"jpeg"


async def test_after_the_end_pictures_go(bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await _started(bench)
    monkeypatch.setattr(bench.control.reports.previews, "_clock", clock)
    await _handle(bench, shown("blur", execution_id=record.id))
    await _handle(bench, ExecutionReport(record.id, ExecutionStatus.CANCELLED, at_ms=2500))
    await bench.control.reports.settle()
    told = len(bench.sink.messages)
    await _handle(bench, shown("image", execution_id=record.id))
    assert len(bench.sink.messages) == told
    assert len(bench.control.reports.previews) == 1
    clock.now = module._AFTER_THE_END_S
    with pytest.raises(RequestError):
        bench.control.executions.preview(record.id, "blur")
