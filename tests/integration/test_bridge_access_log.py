"""The access log: what a line says, and what it never says."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.graphs import picture_graph
from vortex_prefect.bridge.app import create_app
from vortex_prefect.core.access import scopes_of
from vortex_prefect.ipc.log_setup import JsonFormatter, TextFormatter

_TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as running:
        running.context = replace(running.context, settings=replace(running.context.settings, access_log=True))
        yield running


@pytest.fixture
async def http(made: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(made.context), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        yield client


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "vortex_prefect.access")
    return caplog


def records(log: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in log.records if record.name == "vortex_prefect.access"]


def fields(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in records(log)]


async def test_a_request_is_a_line(http: httpx.AsyncClient, log: pytest.LogCaptureFixture) -> None:
    created = await http.post("/api/graph", json=picture_graph())
    graph_id = created.json()["id"]
    await http.get(f"/api/graph/{graph_id}", headers={"traceparent": f"00-{_TRACE}-b7ad6b7169203331-01"})
    await http.get("/api/graph/none-of-these")
    await http.get("/nowhere")
    told = fields(log)
    assert [(line["method"], line["route"], line["status"]) for line in told] == [
        ("POST", "/api/graph", 201),
        ("GET", "/api/graph/{graph_id}", 200),
        ("GET", "/api/graph/{graph_id}", 404),
        ("GET", "other", 404),
    ]
    assert [line["trace_id"] for line in told] == [None, _TRACE, None, None]
    assert {(line["user"], line["address"]) for line in told} == {("local", "127.0.0.1")}
    assert all(0 <= line["ms"] < 60_000 for line in told)


async def test_what_begins_an_execution_is_in_its_trace(
    made: Bridge, http: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    graph_id = await made.graph()
    execution_id = (await http.post(f"/api/graph/{graph_id}/execute", json={})).json()["execution_id"]
    assert fields(log)[-1]["trace_id"] == execution_id.replace("-", "")


async def test_secrets_and_names_are_not_in_it(
    made: Bridge, http: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    _, secret = made.gate.tokens.create("ann", scopes_of(["read"]))
    headers = {"authorization": f"Bearer {secret}", "cookie": "vortex-session-8420=a-cookie", "x-csrf-token": "a-csrf"}
    await http.get("/api/graph/a-name?token=a-query", headers=headers)
    await http.get("/api/graph", headers={"authorization": "Bearer a-false-token"})
    assert [(line["user"], line["status"]) for line in fields(log)] == [("ann", 404), (None, 401)]
    never = (secret, "a-name", "a-query", "a-cookie", "a-csrf", "a-false")
    for form in (TextFormatter(), JsonFormatter("bridge")):
        written = "".join(form.format(record) for record in records(log))
        assert not [part for part in never if part in written]


async def test_as_json_its_fields_are_fields(http: httpx.AsyncClient, log: pytest.LogCaptureFixture) -> None:
    await http.get("/api/graph")
    (record,) = records(log)
    told = json.loads(JsonFormatter("bridge").format(record))
    assert (told["method"], told["route"], told["status"], told["role"]) == ("GET", "/api/graph", 200, "bridge")
    assert record.getMessage().startswith("method=GET route=/api/graph status=200 ms=")


async def test_no_value_looks_like_another_field(made: Bridge, http: httpx.AsyncClient, log: Any) -> None:
    _, secret = made.gate.tokens.create("ann status=200", scopes_of(["read"]))
    await http.get("/nowhere", headers={"authorization": f"Bearer {secret}"})
    assert 'user="ann status=200" ' in records(log)[0].getMessage()


async def test_a_socket_is_a_line_when_it_ends(made: Bridge, log: pytest.LogCaptureFixture) -> None:
    async with served(made):
        graph_id = await made.graph()
        async with made.socket(f"graph_id={graph_id}"):
            assert [line for line in fields(log) if line["method"] == "WEBSOCKET"] == []
    (line,) = (line for line in fields(log) if line["method"] == "WEBSOCKET")
    assert (line["route"], line["status"], line["user"]) == ("/ws", 101, "local")


async def test_nobody_who_did_not_ask_for_it_has_one(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    async with bridge(tmp_path) as running:
        await running.http.get("/api/graph")
    assert fields(log) == []
