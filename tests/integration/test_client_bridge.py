"""Both clients of the bridge against a served one, and against servers that are none."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.callers import Caller, caller
from tests.fakes.engine import PNG, image_value
from tests.fakes.graphs import picture_graph
from tests.fakes.peers import Handler, dies, drips, faulty, hangs, says
from vortex_prefect.core.errors import GraphError, RequestError, SystemFault, VortexError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus, NodeState

QUEUE = json.dumps({"paused": False, "concurrency": 4, "limit": 9, "running": [], "waiting": [], "new": 1}).encode()
ACCEPTED = b'{"execution_id": "e1", "status": "queued"}'


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both clients, one after the other."""
    return str(request.param)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made, served(made):
        yield made


@pytest.fixture
async def call(kind: str, made: Bridge, tmp_path: Path) -> AsyncIterator[Caller]:
    async with caller(kind, f"http://127.0.0.1:{made.port}", tmp_path) as call:
        yield call


# What the routes do


async def test_graphs_live_and_die(call: Caller) -> None:
    graph = await call("create_graph", picture_graph())
    assert (graph.name, graph.version, graph.nodes) == ("Picture", 1, 3)
    assert (await call("get_graph", graph.id)).graph == graph.graph
    renamed = await call("put_graph", graph.id, {**graph.graph, "name": "Other"}, version=1)
    assert (renamed.version, renamed.name) == (2, "Other")
    with pytest.raises(RequestError) as raised:
        await call("put_graph", graph.id, graph.graph, version=1)
    assert (raised.value.code, raised.value.hint) == ("RQ-003", "Read the graph again and repeat the change.")
    copy = await call("clone_graph", graph.id, "Copy")
    assert {found.id for found in await call.all("list_graphs", limit=1)} == {graph.id, copy.id}
    assert (await call("save_graph", graph.id)).version >= 2
    await call("save_graph", graph.id, "before the new lens")
    [newest, _] = await call.all("list_versions", graph.id, limit=1)
    assert newest.saved.label == "before the new lens"
    compared = await call("compare_versions", graph.id, 2)
    assert (compared.since, [change.event_type for change in compared.changes]) == (1, ["GraphRenamed"])
    assert (await call("compare_versions", graph.id, 1, since=2)).changes[0].payload == {"name": "Picture"}
    assert (await call("validate_graph", graph.id)).valid
    types = [event.event_type for event in await call.all("list_events", graph.id, limit=1)]
    assert types[0] == "GraphCreated"
    assert "GraphRenamed" in types
    await call("delete_graph", copy.id)
    with pytest.raises(RequestError, match="RQ-002"):
        await call("get_graph", copy.id)


async def test_a_draft_says_what_is_wrong_with_it(call: Caller) -> None:
    draft = picture_graph(edges=[])
    graph = await call("create_graph", draft)
    found = await call("validate_graph", graph.id)
    assert not found.valid
    assert {problem.code for problem in found.problems} == {"VE-007"}
    with pytest.raises(GraphError) as raised:
        await call("execute_graph", graph.id)
    assert raised.value.problems == found.problems


async def test_storing_makes_the_graph_what_it_shall_be(call: Caller) -> None:
    first = await call("store_graph", picture_graph())
    assert (await call("store_graph", first.graph)).version == 1, "nothing has changed"
    assert (await call("store_graph", {**first.graph, "name": "New"})).version == 2


async def test_an_execution_from_start_to_end(call: Caller, made: Bridge, tmp_path: Path) -> None:
    graph_id = await made.graph()
    accepted = await call("execute_graph", graph_id, inputs={"radius": 3}, priority=5)
    request = await made.engine.submitted.get()
    assert request.execution_id == accepted.execution_id
    assert (await call("get_execution", accepted.execution_id)).priority == 5
    for unfolded in (False, True):
        found = await call("get_executed_graph", accepted.execution_id, unfolded=unfolded)
        assert found.graph["nodes"]["blur"]["params"] == {"radius": 3}
    with pytest.raises(WorkerError, match="WK-005"):
        await call("wait", accepted.execution_id, timeout_s=0)
    made.engine.node(accepted.execution_id, "blur", NodeState.COMPLETED, outputs={"image": image_value()})
    made.engine.node(accepted.execution_id, "save", NodeState.COMPLETED, outputs={"path": Value("PATH", None, "/x")})
    made.engine.ended(accepted.execution_id, ExecutionStatus.COMPLETED)
    execution = await call("wait", accepted.execution_id)
    assert execution.status == "completed"
    assert execution.outputs["file"].value == "/x"
    assert (await call("get_output", accepted.execution_id, "save", "path")).value == "/x"
    picture = await call("get_content", execution.outputs["picture"].url)
    assert (picture.media_type, picture.data) == ("image/png", PNG)
    with pytest.raises(SystemFault, match="SY-007"):
        _ = picture.value
    await call("save_output", accepted.execution_id, "blur", "image", tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == PNG
    assert [found.id for found in await call.all("list_executions", graph_id, ["completed"], limit=1)] == [execution.id]
    assert await call.all("list_executions", graph_id, ["failed", "queued"]) == []
    assert (await call("pin_output", accepted.execution_id, "blur", "image")).pinned
    assert not (await call("unpin_output", accepted.execution_id, "blur", "image")).pinned
    with pytest.raises(RequestError, match="RQ-001"):
        await call("pin_output", accepted.execution_id, "save", "path")


async def test_an_execution_can_be_stopped(call: Caller, made: Bridge) -> None:
    execution_id = await made.execution()
    await call("cancel_execution", execution_id)
    assert (await call("wait", execution_id)).status == "cancelled"


async def test_the_queue_obeys(call: Caller, made: Bridge) -> None:
    assert (await call("pause_queue")).paused
    execution_id = (await call("execute_graph", await made.graph())).execution_id
    assert (await call("move_in_queue", execution_id, 7)).priority == 7
    assert [entry.priority for entry in (await call("get_queue")).waiting] == [7]
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    other = (await call("execute_graph", await made.graph(), not_before=tomorrow)).execution_id
    assert (await call("move_in_queue", other, before=execution_id)).status == "queued"
    waiting = (await call("get_queue")).waiting
    assert [entry.execution_id for entry in waiting] == [execution_id, other]
    assert datetime.fromisoformat(str(waiting[1].not_before)) == tomorrow.replace(
        microsecond=tomorrow.microsecond // 1000 * 1000
    )
    assert (await call("remove_from_queue", other)).status == "cancelled"
    with pytest.raises(RequestError, match="RQ-007"):
        await call("remove_from_queue", other)
    assert not (await call("resume_queue")).paused


async def test_what_is_asked_of_the_whole(call: Caller, made: Bridge) -> None:
    assert "test.blur" in await call("list_node_types")
    assert (await call("get_node_type", "test.blur")).params[0].name == "radius"
    assert [worker.id for worker in await call("list_workers")] == ["w0"]
    assert (await call("get_arena")).capacity_bytes == 1 << 30
    assert (await call("get_stack")).dask_dashboard == "http://127.0.0.1:8787"
    assert await call.all("list_worker_events") == []
    assert (await call("healthz")).status == "ok"
    assert "vortex_" in await call("metrics")
    made.engine.fault = SystemFault("SY-004", "engine not reachable")
    with pytest.raises(SystemFault, match="SY-004"):
        await call("readyz")


async def test_files_go_up_and_come_down(call: Caller, tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    source = tmp_path / 'odd "name" ö.bin'
    source.write_bytes(content)
    told: list[tuple[int, int | None]] = []
    stored = await call("upload_file", source, on_progress=lambda *at: told.append(at))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert told[-1] == (len(content), len(content))
    assert len(told) > 10, "it went in parts"
    stream = io.BytesIO(b"before" + content)
    stream.seek(6)
    assert (await call("upload_file", stream, name="s")).sha256 == stored.sha256
    assert not stream.closed
    assert (await call("upload_file", content)).sha256 == stored.sha256
    read, write = os.pipe()
    os.write(write, b"piped")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert (await call("upload_file", pipe)).size_bytes == 5
    told.clear()
    await call("save_file", stored.sha256, tmp_path / "copy", on_progress=lambda *at: told.append(at))
    assert (tmp_path / "copy").read_bytes() == content
    assert told[-1] == (len(content), len(content))
    assert (await call("get_file", stored.sha256)).data == content


async def test_an_upload_is_read_as_it_goes(call: Caller) -> None:
    class Endless(io.RawIOBase):
        """More than memory would hold, were it kept; it tells how far ahead of the wire it is read."""

        largest = 0
        left = 64 << 20

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.largest = max(self.largest, size)
            data = bytes(min(size, self.left))
            self.left -= len(data)
            return data

    source = Endless()
    assert (await call("upload_file", source)).size_bytes == 64 << 20
    assert source.largest <= 1 << 20


async def test_what_cannot_be_is_refused_before_it_is_sent(call: Caller, tmp_path: Path) -> None:
    for method, *args in (
        ("get_graph", ".."),
        ("get_graph", ""),
        ("create_graph", {"nodes": {"a": float("nan")}}),
        ("upload_file", tmp_path / "none"),
        ("get_content", "http://elsewhere.example/api/queue"),
        ("get_content", "//elsewhere.example/x"),
        ("get_content", "/api/../x"),
    ):
        with pytest.raises(RequestError):
            await call(method, *args)


async def test_a_file_is_not_written_where_it_cannot_be(call: Caller, tmp_path: Path) -> None:
    stored = await call("upload_file", b"content")
    with pytest.raises(SystemFault, match="SY-006"):
        await call("save_file", stored.sha256, tmp_path / "no folder" / "copy")


# What servers do that fail


@contextlib.asynccontextmanager
async def against(kind: str, home: Path, *script: Handler, **options: Any) -> AsyncIterator[tuple[Caller, Any]]:
    """A client of a server with that script, which asks again soon."""
    async with faulty(*script) as server, caller(kind, server.url, home, **options) as call:
        yield call, server


async def test_it_asks_again_where_that_does_no_harm(kind: str, tmp_path: Path) -> None:
    async with against(kind, tmp_path, dies, says(503), says(429, b"{}", "Retry-After: 0"), says(200, QUEUE)) as (
        call,
        server,
    ):
        assert (await call("get_queue")).limit == 9
        assert len(server.heads) == 4


async def test_an_execution_is_asked_for_again_under_the_same_key(kind: str, tmp_path: Path) -> None:
    async with against(kind, tmp_path, dies, dies, says(202, ACCEPTED)) as (call, server):
        assert (await call("execute_graph", "g")).execution_id == "e1"
        keys = {line for head in server.heads for line in head.split("\r\n") if line.startswith("idempotency-key")}
        assert len(server.heads) == 3
        assert len(keys) == 1


@pytest.mark.parametrize("method", ["put_graph", "delete_graph", "cancel_execution", "save_graph"])
async def test_what_may_have_been_done_is_not_done_again(kind: str, method: str, tmp_path: Path) -> None:
    async with against(kind, tmp_path, dies) as (call, server):
        with pytest.raises(SystemFault) as raised:
            await call(method, "g", *([{}] if method == "put_graph" else []))
        assert raised.value.code == "SY-004"
        assert "vortex up" in (raised.value.hint or "")
        assert len(server.heads) == 1


async def test_who_is_sent_away_comes_back_as_late_as_he_is_told_or_not_at_all(kind: str, tmp_path: Path) -> None:
    busy = json.dumps({"error": RequestError("RQ-004", "full").to_dict()}).encode()
    async with against(kind, tmp_path, says(429, busy, "Retry-After: 3600")) as (call, server):
        with pytest.raises(RequestError, match="RQ-004 full"):
            await call("execute_graph", "g")
        assert len(server.heads) == 1


async def test_patience_ends(kind: str, tmp_path: Path) -> None:
    async with against(kind, tmp_path, dies, retry_for_s=0.3) as (call, server):
        with pytest.raises(SystemFault, match="SY-004"):
            await call("get_queue")
        assert 1 < len(server.heads) < 10


@pytest.mark.parametrize("peer", [hangs, drips])
async def test_who_says_nothing_is_given_up(kind: str, peer: Handler, tmp_path: Path) -> None:
    async with against(kind, tmp_path, peer, timeout_s=0.3, retry_for_s=0.0) as (call, _):
        with pytest.raises(SystemFault, match="SY-004"):
            await call("get_queue")


async def test_nobody_is_there(kind: str, tmp_path: Path) -> None:
    async with faulty(dies) as server:
        url = server.url
    async with caller(kind, url, tmp_path, retry_for_s=0.2) as call:
        with pytest.raises(SystemFault, match=f"SY-004 the bridge at {url} does not answer"):
            await call("create_graph", {})


@pytest.mark.parametrize(
    ("peer", "code"),
    [
        (says(200, b"<html>Welcome</html>"), "SY-007"),
        (says(200, b'{"paused": fal'), "SY-007"),
        (says(200, b"[]"), "SY-007"),
        (says(200, b'{"paused": "perhaps"}'), "SY-007"),
        (says(200, b"[" * 100_000), "SY-007"),
        (says(200, b'{"paus', length=1000), "SY-004"),
        (says(404, b"<html>no</html>"), "RQ-002"),
        (says(500, b""), "SY-007"),
        (says(401, b'{"error": {"code": "RQ-010", "message": "who?"}}'), "RQ-010"),
        (says(403, b'{"error": {"code": "RQ-011", "message": "no"}}'), "RQ-011"),
        (
            says(403, b'{"error": {"code": "RQ-999", "message": "new", "problems": [{"code": "X", "more": 1}]}}'),
            "RQ-011",
        ),
        (says(400, b'{"error": "text"}'), "RQ-001"),
    ],
)
async def test_an_answer_that_is_none_is_an_error_of_ours(kind: str, peer: Handler, code: str, tmp_path: Path) -> None:
    async with against(kind, tmp_path, peer, retry_for_s=0.0) as (call, _):
        with pytest.raises(VortexError) as raised:
            await call("get_queue")
        assert raised.value.code == code


async def test_the_token_goes_to_the_bridge_and_nowhere_else(kind: str, tmp_path: Path) -> None:
    async with faulty(says(200, QUEUE)) as other:
        away = says(307, b"", f"Location: {other.url}/api/queue")
        async with against(kind, tmp_path, away, token="secret-token") as (call, server):
            with pytest.raises(SystemFault, match=r"SY-007.*redirection"):
                await call("get_queue")
            assert "authorization: bearer secret-token" in server.heads[0]
            assert "user-agent: vortex-client/" in server.heads[0]
            assert "secret" not in repr(call.client) + repr(vars(call.client))
        assert other.heads == []


async def test_a_graph_comes_again_only_if_it_has_changed(kind: str, tmp_path: Path) -> None:
    graph = {"id": "g", "name": "n", "version": 1, "created_at": "", "updated_at": "", "nodes": 0, "graph": {}}
    fresh = says(200, json.dumps(graph).encode(), 'ETag: "1"')
    async with against(kind, tmp_path, fresh, says(304), says(304)) as (call, server):
        first = await call("get_graph", "g")
        first.graph["mine"] = True
        again = await call("get_graph", "g")
        assert again.graph == {}
        assert "if-none-match" not in server.heads[0]
        assert 'if-none-match: "1"' in server.heads[1]


async def test_a_list_that_goes_in_circles_ends(kind: str, tmp_path: Path) -> None:
    page = says(200, b'{"graphs": [], "next": "x"}')
    async with against(kind, tmp_path, page) as (call, server):
        with pytest.raises(RequestError, match="RQ-001"):
            await call.all("list_graphs")
        assert len(server.heads) == 2


async def test_a_download_that_is_cut_off_leaves_nothing(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "copy").write_bytes(b"older")
    right = hashlib.sha256(b"whole").hexdigest()
    async with against(kind, tmp_path, says(200, b"who", length=5), retry_for_s=0.0) as (call, _):
        with pytest.raises(SystemFault, match="SY-004"):
            await call("save_file", right, folder / "copy")
    async with against(kind, tmp_path, says(200, b"wrong")) as (call, _):
        with pytest.raises(SystemFault, match="SY-007"):
            await call("save_file", right, folder / "copy")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("copy", b"older")]
    async with against(kind, tmp_path, says(200, b"who", length=5), says(200, b"whole")) as (call, _):
        await call("save_file", right, folder / "copy")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("copy", b"whole")]


async def test_tasks_and_threads_share_a_client(kind: str, made: Bridge, tmp_path: Path) -> None:
    graph_id = await made.graph()
    async with caller(kind, f"http://127.0.0.1:{made.port}", tmp_path) as call:
        found = await asyncio.gather(*(call("get_graph", graph_id) for _ in range(20)))
    assert {graph.id for graph in found} == {graph_id}
