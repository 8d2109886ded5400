"""Graphs over HTTP: storing, checking and planning them, and bodies that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.graphs import picture_graph
from tests.integration.http_failures import JSON, error_of
from vortex_prefect.core.settings import Limits


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


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
