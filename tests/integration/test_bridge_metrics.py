"""The exposition: what pages, dashboards and rules name is in it, and it tells what it is told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.routes import operations
from vortex_prefect.core.histogram import Histogram
from vortex_prefect.core.job import JobTimes
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.host.measures import HostMeasures

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "deployments" / "grafana" / "vortex.json"
RULES = ROOT / "deployments" / "prometheus" / "alerts.yml"
ARENA = ("capacity_bytes", "budget_bytes", "reserved_bytes", "in_use_bytes", "cached_bytes", "leases")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as running:
        yield running


def status(*hosts: str) -> dict[str, Any]:
    """What an engine tells with these hosts."""
    measures, compiles = HostMeasures(), Histogram((0.01,))
    measures.note_job(JobTimes(70_000, (500,), (9,)), 100_000, alone=True)
    compiles.observe(0.002)
    host = {
        "spares": [7, 8],
        "jobs_done": 3,
        "socket_bytes": 1000,
        "arena": {**dict.fromkeys(ARENA, 4096), "hits": 5, "misses": 6, "evictions": 1},
        "measures": measures.to_dict(),
    }
    return {
        "workers": [{"id": "w/0", "state": "ready", "rss_bytes": 11}],
        "hosts": [{"host_id": host_id, **host} for host_id in hosts],
        "engine": {"pid": -1, "dask_up": True, "jobs_dispatched": 4, "compiles": compiles.snapshot().to_dict()},
    }


def tell(made: Bridge, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]) -> None:
    async def answer() -> dict[str, Any]:
        return told

    monkeypatch.setattr(made.engine, "status", answer)


async def samples(made: Bridge) -> dict[str, float]:
    """`name{labels}` → value."""
    text = (await made.http.get("/metrics")).text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


async def names(made: Bridge) -> set[str]:
    return {name.partition("{")[0] for name in await samples(made)}


async def test_hosts_are_told_apart_and_buckets_are_cumulative(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(made, monkeypatch, status("a", "b"))
    found = await samples(made)
    for host in "ab":
        assert found[f"vortex_ipc_round_trip_seconds_sum{{host={host}}}"] == pytest.approx(30e-6)
        buckets = {name: value for name, value in found.items() if name.startswith("vortex_ipc_round_trip_seconds_b")}
        below = {name: value for name, value in buckets.items() if f"host={host}" in name}
        assert set(below.values()) == {0.0, 1.0}
        assert below[f"vortex_ipc_round_trip_seconds_bucket{{host={host},le=+Inf}}"] == 1.0
        assert below[f"vortex_ipc_round_trip_seconds_bucket{{host={host},le=2e-05}}"] == 0.0
        assert found[f"vortex_tensor_mapping_seconds_count{{host={host}}}"] == 1.0
        assert found[f"vortex_arena_in_use_bytes{{host={host}}}"] == 4096
    assert found["vortex_workers{state=spare}"] == 4.0
    assert found["vortex_jobs_dispatched_total{}"] == 4.0
    assert found["vortex_graph_compiles_total{}"] == 1.0
    assert found["vortex_engine_up{}"] == found["vortex_dask_up{}"] == 1.0


async def test_a_host_that_tells_strange_things_spoils_no_scrape(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    told = status("a", "old")
    told["hosts"][0]["measures"]["mapping"] = {"bounds": [1], "counts": "?", "sum": 0}
    del told["hosts"][1]["measures"]
    tell(made, monkeypatch, told)
    found = await samples(made)
    assert "vortex_tensor_mapping_seconds_count{host=a}" not in found
    assert found["vortex_ipc_round_trip_seconds_count{host=a}"] == 1.0
    assert found["vortex_host_jobs_total{host=old}"] == 3.0


async def test_an_engine_that_stands_still_is_asked_once(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(made, monkeypatch, status("a"))
    await samples(made)
    asked, answered = 0, asyncio.Event()

    async def slow() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        await answered.wait()
        return status("a")

    monkeypatch.setattr(operations, "_SCRAPE_S", 0.01)
    monkeypatch.setattr(made.context.control, "_engine", type("Engine", (), {"status": staticmethod(slow)})())
    for _ in range(3):
        found = await samples(made)
        assert (found["vortex_engine_up{}"], found["vortex_dask_up{}"]) == (0.0, 0.0)
        assert found["vortex_tensor_mapping_seconds_count{host=a}"] == 1.0
    assert asked == 1
    answered.set()
    async with asyncio.timeout(PATIENCE_S):
        while (await samples(made))["vortex_engine_up{}"] != 1.0:
            await asyncio.sleep(0)


async def test_executions_and_nodes_are_counted_as_they_end(made: Bridge) -> None:
    execution_id = await made.execution()
    made.engine.started(execution_id)
    made.engine.node(execution_id, "load", NodeState.RETRYING)
    for _ in range(2):  # engines repeat what they know
        made.engine.node(execution_id, "load", NodeState.CACHED)
    made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
    await made.ended(execution_id)
    found = await samples(made)
    assert found["vortex_executions_total{status=completed}"] == 1.0
    assert found["vortex_executions_total{status=crashed}"] == 0.0
    assert found["vortex_nodes_total{state=cached}"] == 1.0
    assert found["vortex_node_retries_total{}"] == 1.0
    assert found["vortex_execution_seconds_sum{}"] == 1.0  # from 1,000 to 2,000 ms
    assert found["vortex_store_write_seconds_count{}"] > 0


async def test_dashboard_and_rules_name_what_there_is(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(made, monkeypatch, status("a"))
    await made.http.get("/healthz")  # of requests there is something to tell after the first one
    there = await names(made)
    # Read of the engine's process, which this fake has not.
    there |= {name.replace("process_", "vortex_engine_process_", 1) for name in there if name.startswith("process_")}
    panels = [panel for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    queries = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    named = {name for query in queries for name in re.findall(r"\b(?:vortex|process)_\w+", query)}
    assert len(named) > 30
    assert named <= there, sorted(named - there)
    for panel in panels:
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    pages = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["for"]
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in pages, rule["alert"]


async def test_operations_lists_every_metric(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(made, monkeypatch, status("a"))
    await made.http.get("/healthz")
    told = text_string_to_metric_families((await made.http.get("/metrics")).text)
    there = {family.name + ("_total" if family.type == "counter" else "") for family in told}
    ours = {name for name in there if name.startswith("vortex_") and not name.endswith("_created")}
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(vortex_\w+)`", page, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == ours
