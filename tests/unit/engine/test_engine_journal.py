from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgpack
import pytest

from vortex_prefect.core.reports import (
    AdoptionReport,
    ExecutionReport,
    ExecutionStatus,
    LogReport,
    NodeReport,
    NodeState,
    PreviewReport,
    Report,
    report_from_dict,
)
from vortex_prefect.engine import journal as module
from vortex_prefect.engine.journal import History, Journal


def node(node_id: str, state: NodeState = NodeState.RUNNING) -> NodeReport:
    return NodeReport("e", node_id, state)


def execution(status: ExecutionStatus) -> ExecutionReport:
    return ExecutionReport("e", status)


ADOPTED = AdoptionReport("e", "g", "h", {}, {}, 1)
ENDED = execution(ExecutionStatus.COMPLETED)


async def heard(stream: AsyncIterator[Report], count: int) -> list[Report]:
    async with asyncio.timeout(10):
        return [await anext(stream) for _ in range(count)]


def test_the_last_report_of_each_kind_stays() -> None:
    history = History()
    for report in (execution(ExecutionStatus.RUNNING), node("a"), node("b"), node("a", NodeState.COMPLETED), ENDED):
        history.put(report)
    assert history.execution() == ENDED
    assert {report.node_id: report.state for report in history.nodes()} == {
        "a": NodeState.COMPLETED,
        "b": NodeState.RUNNING,
    }


def test_the_adoption_comes_first_and_the_end_last() -> None:
    history = History()
    for report in (execution(ExecutionStatus.RUNNING), node("b"), ENDED, node("a"), ADOPTED):
        history.put(report)
    assert history.in_order() == [ADOPTED, node("b"), node("a"), ENDED]
    assert History().execution() is None


async def test_a_listener_hears_what_is_known_and_then_everything() -> None:
    journal = Journal()
    stream = journal.listen(lambda: [ADOPTED, node("a")])
    assert await heard(stream, 1) == [ADOPTED]
    journal.publish(ENDED)
    assert await heard(stream, 2) == [node("a"), ENDED]


async def test_listeners_do_not_take_from_one_another() -> None:
    journal = Journal()
    streams = [journal.listen(iter([node(str(number))]).__iter__) for number in range(3)]
    for stream in streams:
        await heard(stream, 1)
    journal.publish(ENDED)
    assert [await heard(stream, 1) for stream in streams] == [[ENDED]] * 3


async def test_nothing_is_kept_for_a_listener_that_has_gone() -> None:
    journal = Journal()

    async def listen() -> None:
        async for _ in journal.listen(lambda: []):
            raise AssertionError("there was nothing to hear")

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    assert len(journal._listeners) == 1
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not journal._listeners
    journal.publish(ENDED)


async def test_a_listener_that_does_not_keep_up_misses_lines_and_nothing_else() -> None:
    journal = Journal()
    stream = journal.listen(lambda: [ENDED])
    await heard(stream, 1)
    lines = [LogReport("e", "n", None, 1, 20, str(number)) for number in range(module._LOGS_UP_TO + 10)]
    for line in lines:
        journal.publish(line)
    journal.publish(node("a"))
    assert await heard(stream, module._LOGS_UP_TO + 1) == [*lines[: module._LOGS_UP_TO], node("a")]


def test_a_line_comes_back_from_its_json_form() -> None:
    line = LogReport("e", "n", 3, 2, 30, "text", 5)
    assert report_from_dict(line.to_dict()) == line


def preview(node_id: str, number: int = 0, execution_id: str = "e") -> PreviewReport:
    return PreviewReport(execution_id, node_id, b"%d" % number)


async def test_of_pictures_that_wait_a_node_has_the_newest_in_the_first_ones_place() -> None:
    journal = Journal()
    stream = journal.listen(lambda: [ENDED])
    await heard(stream, 1)
    for report in (preview("a", 1), preview("b", 1), preview("a", 1, "f"), node("a"), preview("a", 2)):
        journal.publish(report)
    assert await heard(stream, 4) == [preview("a", 2), preview("b", 1), preview("a", 1, "f"), node("a")]
    journal.publish(preview("a", 3))
    assert await heard(stream, 1) == [preview("a", 3)]


async def test_each_listener_takes_its_pictures_for_itself() -> None:
    journal = Journal()
    streams = [journal.listen(lambda: [ENDED]) for _ in range(2)]
    for stream in streams:
        await heard(stream, 1)
    journal.publish(preview("a", 1))
    assert await heard(streams[0], 1) == [preview("a", 1)]
    journal.publish(preview("a", 2))
    assert [await heard(stream, 1) for stream in streams] == [[preview("a", 2)]] * 2


async def test_a_listener_that_does_not_keep_up_misses_pictures_first() -> None:
    journal = Journal()
    stream = journal.listen(lambda: [ENDED])
    await heard(stream, 1)
    pictures = [preview(str(number)) for number in range(module._PREVIEWS_UP_TO + 10)]
    line = LogReport("e", "n", None, 1, 20, "text")
    told: list[Report] = [*pictures, line, node("a"), preview("0", 7)]
    for report in told:
        journal.publish(report)
    wanted = [preview("0", 7), *pictures[1 : module._PREVIEWS_UP_TO], line, node("a")]
    assert await heard(stream, len(wanted)) == wanted
    assert module._PREVIEWS_UP_TO < module._LOGS_UP_TO


def test_a_picture_comes_back_from_the_form_that_travels() -> None:
    picture = PreviewReport("e", "n", b"\xff\xd8\xff", 5)
    assert report_from_dict(msgpack.unpackb(msgpack.packb(picture.to_dict()))) == picture


async def test_a_listener_that_stands_still_is_told_anew_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ALL_UP_TO", 10)
    journal, history = Journal(), History()
    stream = journal.listen(history.in_order)
    history.put(node("a"))
    assert await heard(stream, 1) == [node("a")]
    for _ in range(100):
        for report in (node("a"), node("b", NodeState.COMPLETED), ENDED):
            history.put(report)
            journal.publish(report)
    listener = next(iter(journal._listeners))
    assert listener._queue.qsize() <= 10
    assert await heard(stream, 3) == [node("a"), node("b", NodeState.COMPLETED), ENDED]
    journal.publish(ADOPTED)
    assert await heard(stream, 1) == [ADOPTED]
