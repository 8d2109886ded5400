"""Executions over HTTP: from the queue to their outputs."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.engine import PNG, image_value
from tests.fakes.graphs import picture_graph
from tests.integration.http_failures import error_of
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus, NodeState, PreviewReport
from vortex_prefect.graph.png_text import png_texts


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


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
