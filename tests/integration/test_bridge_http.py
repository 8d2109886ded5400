"""Every HTTP route: what it answers, and in which shape it fails."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.engine import PNG, image_value, unreachable
from tests.fakes.graphs import catalogue, picture_graph
from vortex_prefect.core.errors import CODES, SystemFault, WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus, NodeState, PreviewReport
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.png_text import png_texts


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


def error_of(response: httpx.Response, code: str, status: int | None = None) -> dict[str, Any]:
    """The failure, after a look at its shape."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert error["code"] == code, error
    assert response.status_code == (status or CODES[code].http_status)
    assert error["message"]
    assert error["hint"]
    assert all(set(problem) >= {"code", "message", "node_id", "port", "path"} for problem in error["problems"])
    return error


JSON = {"content-type": "application/json"}


async def test_graphs_from_creation_to_deletion(made: Bridge) -> None:
    created = await made.http.post("/api/graph", json=picture_graph())
    assert created.status_code == 201
    graph = created.json()
    assert created.headers["etag"] == '"1"'
    assert graph["graph"]["nodes"]["blur"]["params"] == {"radius": 2.0}
    address = f"/api/graph/{graph['id']}"
    assert (await made.http.get(address)).json() == graph

    changed = await made.http.put(address, json=picture_graph(name="Two"), headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"], changed.headers["etag"]) == (200, 2, '"2"')
    saved = await made.http.post(f"{address}/save")
    assert saved.json()["version"] == 2
    clone = await made.http.post(f"{address}/clone", json={"name": "Copy"})
    assert (clone.status_code, clone.json()["name"]) == (201, "Copy")
    assert (await made.http.post(f"{address}/clone")).json()["name"] == "Two (copy)"

    listed = (await made.http.get("/api/graph", params={"limit": 2})).json()
    rest = (await made.http.get("/api/graph", params={"limit": 2, "before": listed["next"]})).json()
    assert {item["name"] for item in listed["graphs"] + rest["graphs"]} == {"Two", "Copy", "Two (copy)"}
    assert rest["next"] is None

    assert (await made.http.delete(address)).status_code == 204
    error_of(await made.http.get(address), "RQ-002")
    events = (await made.http.get(f"{address}/events")).json()["events"]
    assert [event["event_type"] for event in events] == ["GraphCreated", "GraphRenamed", "GraphSaved", "GraphDeleted"]
    assert events[0]["metadata"]["address"] == "127.0.0.1"
    after = (await made.http.get(f"{address}/events", params={"after": events[1]["sequence_number"]})).json()
    assert [event["event_type"] for event in after["events"]] == ["GraphSaved", "GraphDeleted"]
    page = (await made.http.get(f"{address}/events", params={"limit": 1})).json()
    assert page["next"] == events[0]["sequence_number"]


async def test_versions_conflict(made: Bridge) -> None:
    address = f"/api/graph/{await made.graph()}"
    stale = await made.http.put(address, json=picture_graph(name="x"), headers={"If-Match": '"7"'})
    error_of(stale, "RQ-003")
    for any_version in ({}, {"If-Match": "*"}):
        assert (await made.http.put(address, json=picture_graph(name="x"), headers=any_version)).status_code == 200
    error_of(await made.http.put(address, json=picture_graph(), headers={"If-Match": "abc"}), "RQ-001")


async def test_validation_lists_everything(made: Bridge) -> None:
    good = (await made.http.post(f"/api/graph/{await made.graph()}/validate")).json()
    assert good == {"valid": True, "problems": []}
    nodes = {"a": {"type": "no.such"}, "b": {"type": "test.blur", "params": {"radius": 99}}}
    bad = await made.graph(nodes=nodes, edges=[], inputs=[], outputs=[])
    answer = (await made.http.post(f"/api/graph/{bad}/validate")).json()
    assert answer["valid"] is False
    assert {problem["code"] for problem in answer["problems"]} == {"VE-003", "VE-007", "VE-010"}
    refused = error_of(await made.http.post(f"/api/graph/{bad}/execute"), "VE-003")
    assert len(refused["problems"]) == len(answer["problems"])


async def test_a_plan_says_what_would_run(made: Bridge) -> None:
    body = {"graph": picture_graph(), "targets": ["picture"]}
    told = (await made.http.post("/api/graph/plan", json=body)).json()
    assert [(node["id"], node["state"]) for node in told["nodes"]] == [("image", "dirty"), ("blur", "dirty")]
    made.engine.known = {node["key"] for node in told["nodes"]}
    again = (await made.http.post("/api/graph/plan", json=body)).json()
    assert {node["what"] for node in again["nodes"]} == {"is taken from the cache"}
    forced = (await made.http.post("/api/graph/plan", json={**body, "force": True})).json()
    assert forced["counts"]["dirty"] == 2
    assert made.engine.requests == []
    error_of(await made.http.post("/api/graph/plan", json={"graph": {"schema": "x"}}), "VE-001")
    error_of(await made.http.post("/api/graph/plan", json={}), "RQ-001")
    error_of(await made.http.post("/api/graph/plan", json={**body, "targets": ["pictur"]}), "VE-004")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1, 2",
        b"\xff\xfe",
        b'{"schema": NaN}',
        b"[" * 200000,
        b'"' + b"9" * 10,
        b"9" * 5000,
        b'{"name": "a", "name": "a"}',
        b'{"name":"a","name":"a"}',
        b'{"nodes":{"\xc3\xa9":1,"\\u00e9":1}}',
    ],
)
async def test_bodies_that_are_no_json(made: Bridge, body: bytes) -> None:
    error_of(await made.http.post("/api/graph", content=body, headers=JSON), "RQ-001")


async def test_bodies_that_are_no_graph(made: Bridge) -> None:
    for body in (b"", b"[]", b"3", b'{"schema": "vortex.graph/1", "nodes": 3, "edges": {}}'):
        error_of(await made.http.post("/api/graph", content=body, headers=JSON), "VE-001")


async def test_bodies_that_are_too_long(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    async with bridge(tmp_path, limits=Limits(body_bytes=1000)) as made:
        error_of(await made.http.post("/api/graph", content=b" " * 1001), "RQ-005")
        error_of(await made.http.post("/api/graph", content=endless()), "RQ-005")


async def test_limits_of_a_graph(tmp_path: Path) -> None:
    async with bridge(tmp_path, limits=Limits(nodes=2)) as made:
        error_of(await made.http.post("/api/graph", json=picture_graph()), "VE-012")


async def test_an_execution_from_queue_to_outputs(made: Bridge) -> None:
    graph_id = await made.graph()
    response = await made.http.post(f"/api/graph/{graph_id}/execute", json={"options": {"inputs": {"radius": 4}}})
    assert response.status_code == 202
    assert response.json()["status"] == "queued"
    execution_id = response.json()["execution_id"]
    await made.engine.submitted.get()
    made.engine.started(execution_id, "flow-1")
    made.engine.node(execution_id, "image", NodeState.CACHED, outputs={"image": image_value(1)})
    made.engine.node(execution_id, "blur", NodeState.COMPLETED, outputs={"image": image_value(2)}, worker_id="w0")
    made.engine.node(execution_id, "save", NodeState.COMPLETED, outputs={"path": Value("PATH", data="a.png")})
    made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
    execution = await made.ended(execution_id)
    assert set(execution) >= {
        "id", "graph_id", "graph_hash", "status", "created_at", "started_at", "finished_at",
        "flow_run_id", "prefect_url", "nodes", "outputs", "error",
    }  # fmt: skip
    assert (execution["status"], execution["flow_run_id"]) == ("completed", "flow-1")
    assert execution["prefect_url"].endswith("/flow-run/flow-1")
    assert set(execution["nodes"]["blur"]) == {
        "state", "progress", "attempt", "cached", "worker_id", "why", "error",
    }  # fmt: skip
    assert execution["nodes"]["image"]["cached"] is True
    picture = await made.http.get(execution["outputs"]["picture"]["url"])
    assert (picture.headers["content-type"], picture.content) == ("image/png", PNG)
    assert picture.headers["x-content-type-options"] == "nosniff"
    value = await made.http.get(execution["outputs"]["file"]["url"])
    assert value.json() == {"type": "PATH", "value": "a.png"}
    # Not a declared output, but a node that finished.
    between = await made.http.get(f"/api/execution/{execution_id}/outputs/image/image", params={"format": "arrow"})
    assert between.content == b"ARROW1"
    assert between.headers["content-disposition"] == "attachment"

    made.engine.read_fault = WorkerError("WK-002", "gone")
    error_of(await made.http.get(f"/api/execution/{execution_id}/outputs/image/image"), "RQ-006")
    error_of(await made.http.get(f"/api/execution/{execution_id}/outputs/image/nothing"), "RQ-002")
    error_of(
        await made.http.get(f"/api/execution/{execution_id}/outputs/image/image", params={"format": "x"}), "RQ-001"
    )


async def test_what_a_running_node_shows(made: Bridge) -> None:
    execution_id = await made.execution()
    url = f"/api/execution/{execution_id}/preview/image"
    error_of(await made.http.get(url), "RQ-002")
    made.engine.started(execution_id)
    made.engine.tell(PreviewReport(execution_id, "image", b"\xff\xd8jpeg", 1200))
    made.engine.ended(execution_id, ExecutionStatus.CANCELLED)
    await made.ended(execution_id)
    picture = await made.http.get(url, params={"at": 1200})
    assert (picture.headers["content-type"], picture.content) == ("image/jpeg", b"\xff\xd8jpeg")
    assert (picture.headers["cache-control"], picture.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert "content-disposition" not in picture.headers
    error_of(await made.http.get(f"/api/execution/{execution_id}/preview/blur"), "RQ-002")
    error_of(await made.http.get("/api/execution/none/preview/image"), "RQ-002")
    described = (await made.http.get("/openapi.json")).json()["paths"]["/api/execution/{execution_id}/preview/{node}"]
    assert list(described["get"]["responses"]["200"]["content"]) == ["image/jpeg"]


async def test_execute_by_body(made: Bridge) -> None:
    graph_id = await made.graph()
    response = await made.http.post("/api/graph/execute", json={"graph_id": graph_id, "options": {"force": True}})
    assert response.status_code == 202
    assert (await made.engine.submitted.get()).force is True
    error_of(await made.http.post("/api/graph/execute", json={}), "RQ-001")
    error_of(await made.http.post("/api/graph/execute", json={"graph_id": new_id()}), "RQ-002")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"targets": []}, "/options/targets"),
        ({"targets": "all"}, "/options/targets"),
        ({"targets": ["nobody"]}, "/options/targets/0"),
        ({"priority": "high"}, "/options/priority"),
        ({"priority": True}, "/options/priority"),
        ({"force": "yes"}, "/options/force"),
        ({"inputs": []}, "/options/inputs"),
        ({"unknown": 1}, "/options/unknown"),
        ({"idempotency_key": ""}, "/options/idempotency_key"),
    ],
)
async def test_options_that_are_wrong(made: Bridge, options: dict[str, Any], path: str) -> None:
    response = await made.http.post(f"/api/graph/{await made.graph()}/execute", json={"options": options})
    assert path in [problem["path"] for problem in error_of(response, "RQ-001")["problems"]]


async def test_idempotency(made: Bridge) -> None:
    graph_id = await made.graph()
    first = await made.execution(graph_id, idempotency_key="k")
    assert await made.execution(graph_id, idempotency_key="k") == first
    error_of(
        await made.http.post(f"/api/graph/{await made.graph()}/execute", json={"options": {"idempotency_key": "k"}}),
        "RQ-007",
    )


async def test_listing_and_cancelling(made: Bridge) -> None:
    graph_id = await made.graph()
    first, second = await made.execution(graph_id), await made.execution(graph_id)
    listed = (await made.http.get("/api/execution", params={"graph_id": graph_id, "limit": 1})).json()
    rest = (await made.http.get("/api/execution", params={"limit": 1, "before": listed["next"]})).json()
    assert {item["id"] for item in listed["executions"] + rest["executions"]} == {first, second}
    assert (await made.http.post(f"/api/execution/{first}/cancel")).status_code == 202
    assert (await made.ended(first))["status"] == "cancelled"
    cancelled = (await made.http.get("/api/execution", params={"status": "cancelled"})).json()["executions"]
    assert [item["id"] for item in cancelled] == [first]
    made.engine.ended(second, ExecutionStatus.COMPLETED)
    await made.ended(second)
    error_of(await made.http.post(f"/api/execution/{second}/cancel"), "RQ-007")
    error_of(await made.http.post(f"/api/execution/{new_id()}/cancel"), "RQ-002")
    error_of(await made.http.get("/api/execution", params={"status": "odd"}), "RQ-001")
    error_of(await made.http.get("/api/execution", params={"limit": "0"}), "RQ-001")
    error_of(await made.http.get("/api/execution", params={"before": "x"}), "RQ-001")


async def test_the_queue(made: Bridge) -> None:
    graph_id = await made.graph()
    assert (await made.http.post("/api/queue/pause")).json()["paused"] is True
    response = await made.http.post(f"/api/graph/{graph_id}/execute")
    waiting = response.json()["execution_id"]
    moved = await made.http.patch(f"/api/queue/{waiting}", json={"priority": 5})
    assert moved.json()["priority"] == 5
    queue = (await made.http.get("/api/queue")).json()
    assert [entry["execution_id"] for entry in queue["waiting"]] == [waiting]
    assert queue["waiting"][0]["priority"] == 5
    assert (await made.http.post("/api/queue/resume")).json()["paused"] is False
    assert (await made.engine.submitted.get()).execution_id == waiting
    error_of(await made.http.patch(f"/api/queue/{waiting}", json={"priority": 5}), "RQ-007")
    error_of(await made.http.patch(f"/api/queue/{waiting}", json={}), "RQ-001")
    error_of(await made.http.patch(f"/api/queue/{new_id()}", json={"priority": 1}), "RQ-002")


async def test_a_full_queue_says_when_to_come_back(made: Bridge) -> None:
    made.context.control.queue._limit = 0
    response = await made.http.post(f"/api/graph/{await made.graph()}/execute")
    error_of(response, "RQ-004", 429)
    assert int(response.headers["retry-after"]) > 0


async def test_files(made: Bridge) -> None:
    content = b"\x93NUMPY\x01\x00" + bytes(3_000_000)
    response = await made.http.post("/api/file", files={"other": (None, b"text"), "file": ("ü.npy", content)})
    assert response.status_code == 201
    stored = response.json()
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert (stored["size_bytes"], stored["name"]) == (len(content), "ü.npy")
    assert Path(stored["path"]).read_bytes() == content
    loaded = await made.http.get(stored["url"])
    assert (loaded.content, loaded.headers["content-type"]) == (content, "application/x-npy")
    error_of(await made.http.get("/api/file/" + "0" * 64), "RQ-002")
    error_of(await made.http.get("/api/file/..%2f..%2fetc"), "RQ-002")


async def test_forms_that_are_wrong(made: Bridge) -> None:
    kind = {"content-type": "multipart/form-data; boundary=b"}
    for headers, body in (
        ({}, b"raw"),
        ({"content-type": "multipart/form-data"}, b""),
        (kind, b""),
        (kind, b"nonsense"),
        (kind, b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\ncut'),
        (kind, b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n'),
    ):
        error_of(await made.http.post("/api/file", content=body, headers=headers), "RQ-001")
    folder = made.context.settings.file_dir
    assert not folder.exists() or list(folder.iterdir()) == []


async def test_uploads_have_a_limit(made: Bridge) -> None:
    made.context.control.files._limit_bytes = 100
    error_of(await made.http.post("/api/file", files={"file": ("x", bytes(101))}), "RQ-005")


async def test_nodes_workers_arena(made: Bridge) -> None:
    types = (await made.http.get("/api/nodes")).json()["types"]
    assert [found["type"] for found in types] == [spec.type for spec in catalogue().all()]
    assert (await made.http.get("/api/nodes/test.blur")).json()["params"][0]["bounds"]["max"] == 10
    error_of(await made.http.get("/api/nodes/test.none"), "RQ-002")
    assert (await made.http.get("/api/workers")).json()["workers"][0]["id"] == "w0"
    assert (await made.http.get("/api/arena")).json()["capacity_bytes"] == 1 << 30
    assert (await made.http.get("/api/stack")).json() == {
        "prefect_ui": "http://127.0.0.1:4200",
        "dask_dashboard": "http://127.0.0.1:8787",
    }


async def test_without_the_engine(made: Bridge) -> None:
    made.engine.fault = unreachable()
    response = await made.http.get("/api/workers")
    error_of(response, "SY-004", 503)
    assert "retry-after" in response.headers
    error_of(await made.http.get("/readyz"), "SY-004", 503)
    assert (await made.http.get("/healthz")).status_code == 200
    assert (await made.http.get("/api/stack")).json() == {"prefect_ui": None, "dask_dashboard": None}


async def test_health_and_readiness(made: Bridge) -> None:
    assert (await made.http.get("/healthz")).json() == {"status": "ok"}
    assert (await made.http.get("/readyz")).json() == {"status": "ready"}
    made.engine.workers = []
    error_of(await made.http.get("/readyz"), "SY-004", 503)
    made.context.control._tasks[0].cancel()
    await asyncio.gather(made.context.control._tasks[0], return_exceptions=True)
    error_of(await made.http.get("/healthz"), "SY-007", 500)


async def test_the_debug_route_needs_the_debug_pack(made: Bridge, tmp_path: Path) -> None:
    error_of(await made.http.get("/api/debug/count/abc"), "RQ-002")
    async with bridge(tmp_path, debug_nodes=True) as other:
        assert (await other.http.get("/api/debug/count/abc")).json() == {"tag": "abc", "count": 3}


async def test_metrics_name_routes_not_addresses(made: Bridge) -> None:
    graph_id = await made.graph()
    await made.http.get(f"/api/graph/{graph_id}")
    await made.http.get("/nobody")
    await made.http.request("ODD", "/api/graph")
    text = (await made.http.get("/metrics")).text
    assert 'vortex_http_request_seconds_count{method="GET",route="/api/graph/{graph_id}",status="200"} 1.0' in text
    assert graph_id not in text
    assert "ODD" not in text
    assert "vortex_queue_waiting 0.0" in text


async def test_what_is_nowhere(made: Bridge) -> None:
    error_of(await made.http.get("/api/nothing"), "RQ-002")
    error_of(await made.http.get("/nothing.html"), "RQ-002")
    wrong_method = await made.http.delete("/api/queue")
    error_of(wrong_method, "RQ-001", 405)


async def test_a_defect_shows_no_traceback(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(made.context.control.queue, "snapshot", broken)
    response = await made.http.get("/api/queue")
    error = error_of(response, "SY-007", 500)
    assert "secret" not in response.text
    assert error["traceback"] is None


async def test_a_graph_is_deployed(made: Bridge) -> None:
    graph_id = await made.graph()
    options = {"name": "nightly", "cron": "0 3 * * *", "timezone": "UTC", "parameters": {"radius": 4}, "tags": ["a"]}
    for body in (None, {}, options):
        answer = await made.http.post(f"/api/graph/{graph_id}/deploy", json=body)
        assert answer.status_code == 201
        assert set(answer.json()) == {"deployment_id", "name", "url", "pool", "parameters"}
    plain, _, request = made.engine.deployed
    assert (plain.name, plain.pool, plain.cron, plain.parameters) == (None, None, None, {})
    assert (request.name, request.cron, request.parameters, request.tags) == (
        "nightly",
        "0 3 * * *",
        {"radius": 4},
        ("a",),
    )
    assert request.graph["id"] == graph_id
    events = (await made.http.get(f"/api/graph/{graph_id}/events")).json()["events"]
    assert [event["event_type"] for event in events].count("GraphPublished") == 3


@pytest.mark.parametrize(
    "options",
    [
        {"name": "a/b"},
        {"name": ""},
        {"pool": "../pools"},
        {"interval_s": 0},
        {"interval_s": -5},
        {"interval_s": 5, "cron": "* * * * *"},
        {"concurrency_limit": 0},
        {"paused": "yes"},
        {"unheard_of": 1},
        {"parameters": [1]},
    ],
)
async def test_deployments_that_are_none(made: Bridge, options: dict[str, Any]) -> None:
    error_of(await made.http.post(f"/api/graph/{await made.graph()}/deploy", json=options), "RQ-001", 400)
    assert made.engine.deployed == []


async def test_deployments_that_fail(made: Bridge) -> None:
    graph_id = await made.graph()
    refused = await made.http.post(f"/api/graph/{graph_id}/deploy", json={"parameters": {"radius": 99}})
    error_of(refused, "VE-010", 400)
    error_of(await made.http.post(f"/api/graph/{new_id()}/deploy"), "RQ-002", 404)
    made.engine.fault = SystemFault("SY-008", "Prefect's server is away")
    error_of(await made.http.post(f"/api/graph/{graph_id}/deploy"), "SY-008", 503)


async def test_openapi_describes_bodies_and_failures(made: Bridge) -> None:
    schema = (await made.http.get("/openapi.json")).json()
    schemas = schema["components"]["schemas"]
    execute = schema["paths"]["/api/graph/{graph_id}/execute"]["post"]
    assert execute["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ExecuteRequest")
    assert {"Graph", "ExecutionOptions", "ExecutionResource", "ErrorAnswer"} <= set(schemas)
    assert "422" not in str(schema["paths"])
    for reference in _references(schema):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for item in part for found in _references(item)] if isinstance(part, list) else []


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {}, True),
        ("GET", {"host": "localhost:8420"}, True),
        ("GET", {"host": "[::1]:8420"}, True),
        ("GET", {"host": "evil.example"}, False),
        ("GET", {"host": "127.0.0.1.evil.example"}, False),
        ("GET", {"host": "127.0.0.1:port"}, False),
        ("GET", {"host": ""}, False),
        ("GET", {"origin": "http://evil.example"}, True),
        ("POST", {"origin": "http://127.0.0.1:8420"}, True),
        ("POST", {"host": "localhost", "origin": "http://localhost:80"}, True),
        ("POST", {"host": "LocalHost:8420", "origin": "http://localhost:8420"}, True),
        ("POST", {"origin": "http://127.0.0.1:9999"}, False),
        ("POST", {"origin": "http://evil.example"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": "file://127.0.0.1:8420"}, False),
    ],
)
async def test_only_its_own_pages_drive_the_server(
    made: Bridge, method: str, headers: dict[str, str], allowed: bool
) -> None:
    response = await made.http.request(method, "/api/graph", headers=headers, content=b"[]")
    if allowed:
        assert response.status_code != 403
    else:
        error_of(response, "RQ-008", 403)


async def test_a_run_up_to_a_node_leaves_the_graph_as_it_was(made: Bridge) -> None:
    graph_id = await made.graph()
    before = (await made.http.get(f"/api/graph/{graph_id}")).json()
    execute = f"/api/graph/{graph_id}/execute"
    accepted = (await made.http.post(execute, json={"options": {"nodes": ["image"], "inputs": {"radius": 3.0}}})).json()
    request = await made.engine.submitted.get()
    assert request.targets == ("image.image",)
    assert (await made.http.get(f"/api/graph/{graph_id}")).json() == before
    ran = (await made.http.get(f"/api/execution/{accepted['execution_id']}/graph")).json()["graph"]
    # What only that run gave is no part of it; what callers set is.
    assert ran["outputs"] == before["graph"]["outputs"]
    assert ran["nodes"]["blur"]["params"] == {"radius": 3.0}
    error_of(await made.http.post(execute, json={"options": {"nodes": ["nobody"]}}), "RQ-001")
    error_of(await made.http.post(execute, json={"options": {"nodes": []}}), "RQ-001")


async def test_the_graph_of_a_run_stays_what_it_was(made: Bridge) -> None:
    execution_id = await made.execution()
    graph_id = (await made.http.get(f"/api/execution/{execution_id}")).json()["graph_id"]
    ran = (await made.http.get(f"/api/execution/{execution_id}/graph")).json()["graph"]
    await made.http.put(f"/api/graph/{graph_id}", json=picture_graph(nodes={}, edges=[], inputs=[], outputs=[]))
    assert (await made.http.get(f"/api/execution/{execution_id}/graph")).json()["graph"] == ran
    assert set(ran["nodes"]) == {"image", "blur", "save"}
    error_of(await made.http.get("/api/execution/nobody/graph"), "RQ-002")


async def test_a_workflow_becomes_a_graph_that_nobody_has_stored(made: Bridge) -> None:
    workflow = {"1": {"class_type": "Odd", "inputs": {"a": 1}}}
    answer = await made.http.post("/api/graph/import", params={"name": "Theirs"}, json=workflow)
    told = answer.json()
    assert (told["taken"], told["placeholders"], told["graph"]["name"]) == (0, 1, "Theirs")
    assert told["problems"][0]["code"] == "VE-003"
    assert (await made.http.get("/api/graph")).json()["graphs"] == []
    send = made.http.post
    error_of(await send("/api/graph/import", content=b"{}", headers=JSON), "VE-001")
    error_of(await send("/api/graph/import", content=b"x", headers={"content-type": "image/png"}), "VE-001")
    error_of(await send("/api/graph/import", content=b"{}", headers={"content-type": "text/plain"}), "RQ-001")


async def test_a_picture_carries_the_graph_that_made_it(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pixel(value: Value, format: str) -> tuple[bytes, str]:
        file = io.BytesIO()
        Image.new("RGB", (1, 1)).save(file, "PNG")
        return file.getvalue(), "image/png"

    monkeypatch.setattr(made.engine, "read_value", pixel)
    execution_id = await made.execution()
    made.engine.node(execution_id, "image", NodeState.COMPLETED, outputs={"image": image_value(1)})
    made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
    await made.ended(execution_id)
    address = f"/api/execution/{execution_id}/outputs/image/image"
    picture = await made.http.get(address, params={"graph": "true"})
    carried = json.loads(png_texts(picture.content, 1 << 20)["vortex.graph"])
    assert carried == (await made.http.get(f"/api/execution/{execution_id}/graph")).json()["graph"]
    assert Image.open(io.BytesIO(picture.content)).size == (1, 1)
    plain = await made.http.get(address)
    assert b"vortex.graph" not in plain.content
    assert plain.headers["etag"] != picture.headers["etag"]
    assert (await made.http.post("/api/graph", json={**carried, "id": None})).status_code == 201
