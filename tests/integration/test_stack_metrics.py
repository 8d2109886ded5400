"""What Prometheus scrapes of a running stack: every row of the specification's §7, and that it moves."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration

HISTOGRAMS = {
    "vortex_http_request_seconds",
    "vortex_ipc_round_trip_seconds",
    "vortex_tensor_mapping_seconds",
    "vortex_ws_delivery_seconds",
    "vortex_store_write_seconds",
    "vortex_graph_compile_seconds",
    "vortex_execution_seconds",
}
COUNTERS = {
    "vortex_graph_compiles_total",
    "vortex_jobs_dispatched_total",
    "vortex_ws_messages_total",
    "vortex_events_stored_total",
}


def scraped(stack: StackClient) -> dict[str, float]:
    """Sums over all labels; of histograms their counts and sums."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(stack.bridge.get("/metrics").raise_for_status().text):
        for sample in family.samples:
            if not sample.name.endswith("_bucket"):
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


async def _run_watched(stack: StackClient, document: dict[str, object]) -> None:
    graph_id = stack.create(document)
    url = stack.info.url.replace("http", "ws", 1)
    async with connect(f"{url}/ws?graph_id={graph_id}") as socket:
        await socket.recv()  # from here on the client is in its room
        execution = await asyncio.to_thread(lambda: stack.ended(stack.start(graph_id)))
        assert execution["status"] == "completed"
        async with asyncio.timeout(60):
            while '"execution.complete"' not in str(await socket.recv()):
                pass


def test_every_row_moves_when_the_thing_happens(stack: StackClient) -> None:
    before = scraped(stack)
    nodes = {"made": debug("allocate", mb=1, seed=40490), "read": debug("checksum")}
    asyncio.run(_run_watched(stack, graph("measured", nodes, "made.out > read.in")))
    names = COUNTERS | {f"{name}_count" for name in HISTOGRAMS}

    def after() -> dict[str, float]:
        now = scraped(stack)
        return now if all(now.get(name, 0) > before.get(name, 0) for name in names) else {}

    now = eventually(after)
    grew = {name: now[name] - before.get(name, 0) for name in now}
    # Nothing of it can have taken longer than this test is let to take, nor no time at all.
    for name in HISTOGRAMS:
        assert 0 < grew[f"{name}_sum"] < 60 * grew[f"{name}_count"], name
    assert grew["vortex_executions_total"] == 1
    assert grew["vortex_nodes_total"] == 2
    assert grew["vortex_jobs_dispatched_total"] == 2
    assert now["vortex_engine_up"] == now["vortex_dask_up"] == now["vortex_build_info"] == 1
    assert now["vortex_engine_process_resident_memory_bytes"] > 0
    assert now["process_resident_memory_bytes"] > 0


def test_spares_are_workers_too(stack: StackClient) -> None:
    line = 'vortex_workers{state="spare"} 1.0'
    eventually(lambda: line in stack.bridge.get("/metrics").text)
