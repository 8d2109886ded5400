"""Routes that belong to no graph: uploads, what the engine has, health; what all routes have in common."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.engine import unreachable
from tests.fakes.graphs import catalogue
from tests.integration.http_failures import error_of


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


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
