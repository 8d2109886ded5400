"""The WebSocket contract, over a real server on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.fakes.bridge import Bridge, Peer, bridge, served
from tests.fakes.engine import image_value
from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.core.reports import ExecutionStatus, NodeState, PreviewReport
from vortex_prefect.service.messages import Message


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path, hub=Hub(queue=50)) as made, served(made):
        yield made


async def test_the_graph_comes_first(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        envelope = await peer.receive()
    assert set(envelope) == {"type", "payload", "seq", "ts_ms"}
    assert envelope["type"] == "graph.sync"
    assert envelope["payload"]["version"] == 1
    assert envelope["payload"]["graph"]["id"] == graph_id


async def test_an_execution_is_told_to_all_of_the_graph(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as first, made.socket(f"graph_id={graph_id}") as second:
        for peer in (first, second):
            await peer.next("graph.sync")
        execution_id = await made.execution(graph_id)
        made.engine.started(execution_id, "flow")
        made.engine.node(execution_id, "image", NodeState.RUNNING, progress=50.0)
        for peer in (first, second):
            assert (await peer.next("execution.progress"))["payload"]["progress"] == 50.0
        made.engine.node(execution_id, "image", NodeState.COMPLETED, outputs={"image": image_value(1)})
        made.engine.node(execution_id, "blur", NodeState.COMPLETED, outputs={"image": image_value(2)})
        made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
        for peer in (first, second):
            assert (await peer.next("node.preview"))["payload"]["node_id"] == "image"
            complete = (await peer.next("execution.complete"))["payload"]
            assert complete["execution_id"] == execution_id
            assert complete["outputs"]["picture"]["url"].endswith("/blur/image")
        # Told after the picture was kept: it can be loaded at once.
        assert (await made.http.get(complete["outputs"]["picture"]["url"])).status_code == 200


async def test_other_node_types_are_told_to_the_clients_of_all_graphs(made: Bridge) -> None:
    graphs = [await made.graph(), await made.graph()]
    types = {spec.type: spec for spec in catalogue().all()}
    blur = types.pop("test.blur").model_copy(update={"version": 7})
    gone = types.pop("test.save").type
    fresh = NodeSpec(type="test.fresh", title="Fresh", category="test")
    made.engine.next_catalogue = Catalogue((*types.values(), blur, fresh))
    async with made.socket(f"graph_id={graphs[0]}") as first, made.socket(f"graph_id={graphs[1]}") as second:
        for peer in (first, second):
            await peer.next("graph.sync")
        answer = await made.http.post("/api/nodes/reload", json={})
        expected = {"added": ["test.fresh"], "removed": [gone], "changed": ["test.blur"]}
        assert answer.json() == {**expected, "digest": made.engine.next_catalogue.digest}
        for peer in (first, second):
            assert (await peer.next("nodes.changed"))["payload"] == answer.json()
        assert (await made.http.get("/api/nodes/test.blur")).json()["version"] == 7

        fault = {"pack": "mine", "message": "SyntaxError"}
        answer = await made.http.post("/api/nodes/reload", json={"fault": fault})
        assert (answer.json()["added"], answer.json()["changed"]) == ([], [])
        for peer in (first, second):
            assert (await peer.next("nodes.fault"))["payload"] == fault
    assert made.engine.renewed == 1
    assert (await made.http.post("/api/nodes/reload", json={"fault": {"pack": "mine"}})).status_code == 400


async def test_failures_are_told_by_node_and_then_as_a_whole(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        execution_id = await made.execution(graph_id)
        made.engine.node(execution_id, "blur", NodeState.FAILED, error={"code": "WK-003", "message": "raised"})
        made.engine.ended(execution_id, ExecutionStatus.FAILED)
        assert (await peer.next("execution.error"))["payload"] == {
            "execution_id": execution_id, "node_id": "blur", "error": {"code": "WK-003", "message": "raised"},
        }  # fmt: skip
        failed = (await peer.next("execution.failed"))["payload"]
    assert failed["errors"][0]["node_id"] == "blur"


async def test_who_comes_later_learns_what_runs(made: Bridge) -> None:
    graph_id = await made.graph()
    execution_id = await made.execution(graph_id)
    made.engine.started(execution_id, "flow")
    made.engine.node(execution_id, "image", NodeState.RUNNING, progress=30.0)
    async with made.socket(f"graph_id={graph_id}") as early:
        while (await early.receive())["type"] != "execution.progress":
            pass
        async with made.socket(f"graph_id={graph_id}") as late:
            types = [(await late.receive())["type"] for _ in range(3)]
            made.engine.node(execution_id, "image", NodeState.RUNNING, progress=60.0)
            progress = await late.next("execution.progress")
    assert types == ["graph.sync", "execution.status", "execution.progress"]
    assert progress["payload"]["progress"] == 60.0


async def test_who_comes_later_sees_what_runs(made: Bridge) -> None:
    graph_id = await made.graph()
    execution_id = await made.execution(graph_id)
    made.engine.started(execution_id, "flow")
    async with made.socket(f"graph_id={graph_id}") as early:
        seq = (await early.next("graph.sync"))["seq"]
        for at_ms in (1200, 1500):
            made.engine.tell(PreviewReport(execution_id, "image", b"jpeg", at_ms))
            told = await early.next("node.preview")
            assert told["payload"] == {
                "execution_id": execution_id, "node_id": "image",
                "url": f"/api/execution/{execution_id}/preview/image?at={at_ms}",
            }  # fmt: skip
        assert (await made.http.get(told["payload"]["url"])).content == b"jpeg"
        for query in ("", f"&after={seq}"):
            async with made.socket(f"graph_id={graph_id}{query}") as late:
                assert (await late.next("node.preview"))["payload"] == told["payload"]
        made.engine.node(execution_id, "image", NodeState.COMPLETED, outputs={"image": image_value()})
        result = await early.next("node.preview")
        for query in ("", f"&after={seq}"):
            async with made.socket(f"graph_id={graph_id}{query}") as late:
                assert (await late.next("node.preview"))["payload"] == result["payload"]


async def test_who_comes_back_gets_what_was_missed(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        seq = (await peer.next("graph.sync"))["seq"]
    execution_id = await made.execution(graph_id)
    made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
    await made.ended(execution_id)
    async with made.socket(f"graph_id={graph_id}&after={seq}") as back:
        types = [(await back.receive())["type"] for _ in range(2)]
    assert types == ["execution.queued", "execution.complete"]
    async with made.socket(f"graph_id={graph_id}&after=3") as too_late:
        assert (await too_late.receive())["type"] == "graph.sync"


async def test_an_update_reaches_all_of_the_graph(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as sender, made.socket(f"graph_id={graph_id}") as other:
        for peer in (sender, other):
            await peer.next("graph.sync")
        await sender.send("graph.update", mutations=[{"op": "node.move", "id": "blur", "x": 1, "y": 2}], base_version=1)
        for peer in (sender, other):
            payload = (await peer.next("graph.sync"))["payload"]
            assert payload["version"] == 2
            assert payload["graph"]["nodes"]["blur"]["position"] == {"x": 1, "y": 2}
    (*_, event) = (await made.http.get(f"/api/graph/{graph_id}/events")).json()["events"]
    assert event["event_type"] == "NodeMoved"
    assert event["metadata"]["address"] == "127.0.0.1"


async def test_a_refused_update_is_told_to_its_sender(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as sender:
        await sender.next("graph.sync")
        rename = {"op": "graph.rename", "name": "Half"}
        await sender.send("graph.update", mutations=[rename, {"op": "node.delete", "id": "nobody"}])
        error = (await sender.next("error"))["payload"]["error"]
        assert error["code"].startswith("VE-")
        assert error["problems"][0]["path"].startswith("/mutations/1")
    assert (await made.http.get(f"/api/graph/{graph_id}")).json()["name"] == "Picture"


async def test_a_stale_update_brings_the_graph_as_it_is(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as sender:
        await sender.next("graph.sync")
        await made.http.put(f"/api/graph/{graph_id}", json=picture_graph(name="Two"))
        await sender.next("graph.sync")
        await sender.send("graph.update", mutations=[{"op": "graph.rename", "name": "x"}], base_version=1)
        assert (await sender.next("graph.sync"))["payload"]["version"] == 2
        assert (await sender.next("error"))["payload"]["error"]["code"] == "RQ-003"


MALFORMED: list[str | bytes] = [
    "",
    "{",
    "[]",
    "3",
    "null",
    '{"type": "nobody"}',
    '{"type": 7, "payload": {}}',
    '{"type": "ping", "payload": []}',
    '{"type": "graph.update"}',
    '{"type": "graph.update", "payload": {"mutations": {}}}',
    '{"type": "graph.update", "payload": {"mutations": [{"op": "nobody"}]}}',
    '{"type": "graph.update", "payload": {"mutations": [], "base_version": "1"}}',
    '{"type": "graph.update", "payload": {"mutations": [], "base_version": true}}',
    '{"type": "ping", "payload": {"x": NaN}}',
    "[" * 50_000,
    b"\x00\x01",
]


async def test_malformed_messages_are_answered_and_survived(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        for text in MALFORMED:
            await peer.connection.send(text)
            envelope = await peer.receive()
            assert envelope["type"] == "error", text
            assert envelope["payload"]["error"]["code"] in ("RQ-001", "VE-001")
        await peer.send("ping", n=1)
        assert (await peer.receive())["payload"] == {"n": 1}


@pytest.mark.parametrize(
    ("query", "code", "error"),
    [("", 4400, "RQ-001"), ("graph_id=", 4400, "RQ-001"), ("graph_id=nobody", 4404, "RQ-002")],
)
async def test_connections_to_nothing(made: Bridge, query: str, code: int, error: str) -> None:
    async with made.socket(query) as peer:
        assert (await peer.receive())["payload"]["error"]["code"] == error
        assert await peer.close_code() == code


async def test_a_malformed_after_is_refused(made: Bridge) -> None:
    for after in ("x", "-1", "9" * 30, "²"):
        async with made.socket(f"graph_id={await made.graph()}&after={after}") as peer:
            assert (await peer.receive())["payload"]["error"]["code"] == "RQ-001"


async def test_pages_of_others_get_no_connection(made: Bridge) -> None:
    graph_id = await made.graph()
    address = f"ws://127.0.0.1:{made.port}/ws?graph_id={graph_id}"
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{made.port + 1}"):
        with pytest.raises(InvalidStatus) as caught:
            await connect(address, additional_headers={"Origin": origin})
        assert caught.value.response.status_code == 403
    own = {"Origin": f"http://127.0.0.1:{made.port}"}
    async with connect(address, additional_headers=own) as connection:
        assert (await Peer(connection).receive())["type"] == "graph.sync"


async def test_who_does_not_read_is_closed_and_nobody_waits(made: Bridge) -> None:
    """One client stops reading; another still gets everything, and the stuck one's session ends."""
    graph_id = await made.graph()
    # Uncompressed, so that the sockets' buffers fill up and backpressure reaches the server.
    async with (
        made.socket(f"graph_id={graph_id}", max_queue=1, compression=None) as stuck,
        made.socket(f"graph_id={graph_id}") as reader,
    ):
        await stuck.next("graph.sync")
        await reader.next("graph.sync")
        stuck.connection.transport.pause_reading()
        padding = "x" * 200_000
        sent = 0
        async with asyncio.timeout(PATIENCE_S):
            while made.context.hub.statistics().overflowed == 0:
                made.context.hub.publish(Message("test", graph_id, {"number": sent, "padding": padding}))
                assert (await reader.next("test"))["payload"]["number"] == sent
                sent += 1
        assert made.context.hub.statistics().clients == 1
        stuck.connection.transport.resume_reading()
        assert await _drained(stuck) == 1013
        await reader.send("ping")
        await reader.next("pong")


async def _drained(peer: Peer) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await peer.connection.recv()
    return peer.connection.close_code


async def test_a_client_that_vanishes_leaves_nothing(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        peer.connection.transport.abort()
    async with asyncio.timeout(PATIENCE_S):
        while made.context.hub.statistics().clients:
            await asyncio.sleep(0)


async def test_the_end_of_the_server_ends_connections(tmp_path: Path) -> None:
    async with bridge(tmp_path) as made:
        async with served(made):
            graph_id = await made.graph()
            connection = await connect(f"ws://127.0.0.1:{made.port}/ws?graph_id={graph_id}")
            await Peer(connection).next("graph.sync")
        assert await Peer(connection).close_code() == 1001


async def test_deleting_a_graph_is_told(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        await made.http.delete(f"/api/graph/{graph_id}")
        assert (await peer.next("graph.deleted"))["payload"] == {"graph_id": graph_id}
        await peer.send("graph.update", mutations=[{"op": "graph.rename", "name": "x"}])
        assert (await peer.next("error"))["payload"]["error"]["code"] == "RQ-002"


async def test_numbers_grow_and_carry_the_time(made: Bridge) -> None:
    graph_id = await made.graph()
    received: list[dict[str, Any]] = []
    async with made.socket(f"graph_id={graph_id}") as peer:
        received.append(await peer.receive())
        for name in ("a", "b", "c"):
            await peer.send("graph.update", mutations=[{"op": "graph.rename", "name": name}])
            received.append(await peer.next("graph.sync"))
    assert [envelope["seq"] for envelope in received] == sorted({envelope["seq"] for envelope in received})
    assert all(isinstance(envelope["ts_ms"], int) for envelope in received)


async def test_real_requests_are_served(made: Bridge) -> None:
    """What the in-process transport cannot show: a chunked body, and an answer over a socket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    body = json.dumps(picture_graph()).encode()
    writer.write(
        b"POST /api/graph HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n\r\n"
    )
    for start in range(0, len(body), 100):
        piece = body[start : start + 100]
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    writer.write(b"0\r\n\r\n")
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 201")


async def test_who_joins_while_messages_go_out_misses_none_after_its_graph(tmp_path: Path) -> None:
    joined: set[int] = set()

    async def listen(made: Bridge, graph_id: str, number: int) -> list[int]:
        async with made.socket(f"graph_id={graph_id}") as peer:
            seen = [(await peer.next("graph.sync"))["seq"]]
            joined.add(number)
            while True:
                envelope = await peer.receive()
                seen.append(envelope["seq"])
                if envelope["payload"]["last"]:
                    return seen

    async with bridge(tmp_path, hub=Hub()) as made, served(made):
        graph_id = await made.graph()
        peers = [asyncio.create_task(listen(made, graph_id, number)) for number in range(10)]
        async with asyncio.timeout(PATIENCE_S):
            while len(joined) < len(peers):
                made.context.hub.publish(Message("execution.error", graph_id, {"last": False}))
                await asyncio.sleep(0)
            for last in [*[False] * 20, True]:
                made.context.hub.publish(Message("execution.error", graph_id, {"last": last}))
            for seen in await asyncio.gather(*peers):
                assert seen == list(range(seen[0], seen[-1] + 1))


async def test_each_delivery_is_counted_however_it_was_written(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        for count in range(1, 4):
            made.context.hub.publish(Message("execution.error", graph_id, {}))
            await peer.next("execution.error")
            assert made.context.hub.statistics().delivery.count == count
