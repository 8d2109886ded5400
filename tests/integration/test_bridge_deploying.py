"""Deploying over HTTP, and options of deployments that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.integration.http_failures import error_of
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import new_id


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


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
