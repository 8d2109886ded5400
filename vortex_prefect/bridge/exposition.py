"""Prometheus' metrics of what engine and hosts told last: the part of the specification's §7 that others measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from vortex_prefect.bridge.engine_figures import EngineFigures
from vortex_prefect.core.histogram import HistogramSnapshot

#: States of a host's workers; one that none of them is in reads zero instead of being absent.
_STATES = ("starting", "spare", "joining", "ready", "busy", "suspect", "draining", "dead")

_HISTOGRAMS = {
    "round_trip": (
        "vortex_ipc_round_trip_seconds",
        "From making the packet of a job that travels alone to its result, less the worker's own time (target 50 us)",
    ),
    "mapping": (
        "vortex_tensor_mapping_seconds",
        "From a reference to a tensor in a worker's memory, without its checksum or a copy to a device (target 1 ms)",
    ),
    "checking": ("vortex_tensor_checksum_seconds", "Checksum of a tensor that a worker sees for the first time"),
}
_ARENA_GAUGES = {
    "capacity_bytes": "Length of the arena's sparse file",
    "budget_bytes": "The most memory that blocks may take",
    "reserved_bytes": "Bytes that are backed by memory so far",
    "warm_bytes": "Bytes that were touched before, and are written at the speed of memory",
    "free_bytes": "Bytes that no block takes",
    "largest_free_bytes": "Bytes of the largest free piece",
    "pinned_bytes": "Bytes of blocks that are kept until somebody unpins them",
    "in_use_bytes": "Bytes of blocks that are being written or held",
    "cached_bytes": "Bytes of blocks that may be evicted",
    "leases": "Pairs of a block and somebody who needs it",
}
_ARENA_COUNTERS = {
    "hits": ("vortex_cache_hits", "Content keys that were asked for and known"),
    "misses": ("vortex_cache_misses", "Content keys that were asked for and not known"),
    "hit_bytes": ("vortex_cache_hit_bytes", "Bytes that did not have to be computed again"),
    "evictions": ("vortex_arena_evictions", "Blocks that gave way to others"),
    "evicted_bytes": ("vortex_arena_evicted_bytes", "Bytes of blocks that gave way to others"),
    "condemned": ("vortex_arena_damaged", "Blocks whose bytes were not what their checksum says"),
}


def histogram(
    name: str, text: str, snapshots: Mapping[str, HistogramSnapshot], label: str | None = None
) -> HistogramMetricFamily:
    """A family of snapshots under the values of one label; without a label, of the one under any name."""
    family = HistogramMetricFamily(name, text, labels=None if label is None else [label])
    for value, snapshot in snapshots.items():
        so_far, buckets = 0, []
        for bound, count in zip((*map(str, snapshot.bounds), "+Inf"), snapshot.counts, strict=True):
            so_far += count
            buckets.append((bound, float(so_far)))
        family.add_metric([] if label is None else [value], buckets, snapshot.sum)
    return family


def engine_metrics(figures: EngineFigures) -> Iterator[Metric]:
    """Everything that comes through the engine. Its counters begin anew with the process that counts."""
    yield GaugeMetricFamily("vortex_engine_up", "1: the engine answered this scrape; 0: old figures", int(figures.up))
    yield GaugeMetricFamily("vortex_engine_figures_age_seconds", "Age of what the engine told last", figures.age_s)
    own: Mapping[str, Any] = figures.status.get("engine", {})
    up = int(figures.up and bool(own.get("dask_up")))
    yield GaugeMetricFamily("vortex_dask_up", "1: the engine is connected to Dask's scheduler", up)
    yield CounterMetricFamily(
        "vortex_jobs_dispatched", "Jobs that hosts ran for the engine", own.get("jobs_dispatched", 0)
    )
    compiles = _snapshot(own.get("compiles"))
    yield CounterMetricFamily("vortex_graph_compiles", "Graphs compiled to plans", compiles.count if compiles else 0)
    if compiles is not None:
        yield histogram("vortex_graph_compile_seconds", "From a request to its plan", {"": compiles})
    hosts = [host for host in figures.status.get("hosts", ()) if "host_id" in host]
    yield GaugeMetricFamily("vortex_hosts", "Hosts that are connected", len(hosts))
    yield from _workers(figures.status, hosts)
    yield from _of_hosts({host["host_id"]: host for host in hosts})


def _workers(status: Mapping[str, Any], hosts: list[dict[str, Any]]) -> Iterator[Metric]:
    """Their states; none of them while nobody has told any."""
    if "workers" not in status:
        return
    states = Counter(worker["state"] for worker in status["workers"])
    states["spare"] += sum(len(host.get("spares", ())) for host in hosts)
    gauge = GaugeMetricFamily("vortex_workers", "Worker processes by state, of all hosts", labels=["state"])
    for state in dict.fromkeys((*_STATES, *sorted(states))):
        gauge.add_metric([state], states[state])
    yield gauge
    memory = GaugeMetricFamily(
        "vortex_worker_resident_bytes", "Memory of a worker, without the arena", labels=["worker"]
    )
    for worker in status["workers"]:
        memory.add_metric([str(worker.get("id", ""))], worker.get("rss_bytes", 0))
    yield memory


def _of_hosts(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """Under each host's id: sums would fall when a host leaves, and look like a restart."""
    for part, (name, text) in _HISTOGRAMS.items():
        found = {host_id: _snapshot(host.get("measures", {}).get(part)) for host_id, host in hosts.items()}
        known = {host_id: snapshot for host_id, snapshot in found.items() if snapshot is not None}
        yield histogram(name, text, known, "host")
    done = CounterMetricFamily("vortex_host_jobs", "Jobs of which a worker gave a result", labels=["host"])
    carried = CounterMetricFamily("vortex_ipc_bytes", "Bytes between a host and its workers", labels=["host"])
    for host_id, host in hosts.items():
        done.add_metric([host_id], host.get("jobs_done", 0))
        carried.add_metric([host_id], host.get("socket_bytes", 0))
    yield from (done, carried)
    for part, text in _ARENA_GAUGES.items():
        gauge = GaugeMetricFamily(f"vortex_arena_{part}", text, labels=["host"])
        for host_id, host in hosts.items():
            gauge.add_metric([host_id], host.get("arena", {}).get(part, 0))
        yield gauge
    for part, (name, text) in _ARENA_COUNTERS.items():
        counter = CounterMetricFamily(name, text, labels=["host"])
        for host_id, host in hosts.items():
            counter.add_metric([host_id], host.get("arena", {}).get(part, 0))
        yield counter


def _snapshot(data: Mapping[str, Any] | None) -> HistogramSnapshot | None:
    """Null of what is none: a host of another release may tell other things."""
    try:
        return None if data is None else HistogramSnapshot.from_dict(data)
    except ValueError:
        return None
