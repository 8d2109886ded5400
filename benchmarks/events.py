"""Milliseconds until an event is on disk, events a second, and how fast a log is added up to graphs.

Beside the store stand the disk's own fdatasync, before and after each part of the run and in the same folder, and the
driver's bare INSERT. What is offered at a rate counts from when it was due. All of it at `synchronous=FULL`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import orjson

from benchmarks.harness import say
from tests.contract.postgres_server import running_postgres
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import new_id
from vortex_prefect.service.replay import project
from vortex_prefect.store import SqlStore, open_store

SUBMITTERS = 8
OFFERED_PER_S = 500
OFFERED_S = 4.0
#: How many wait at once when nobody paces them.
CROWDS = (8, 64)
SATURATED_S = 2.0
ONE_BY_ONE = 2_000
#: Before and after each part.
SYNCS = 300
REPLAYED = 100_000
GRAPHS = 20
NODES = 50

#: The graphs that people are at: as many as there are submitters, in turn.
_EDITED = itertools.cycle([new_id() for _ in range(SUBMITTERS)])

Seconds = list[float]
T = TypeVar("T")


def measure() -> dict[str, float]:
    """Figures of SQLite, of PostgreSQL under the prefix `postgres_`, and of the replay."""
    with tempfile.TemporaryDirectory(prefix="vortex-events-") as name:
        folder = Path(name)
        metrics = asyncio.run(_measure(f"sqlite:///{folder}/vortex.db", folder))
        metrics["sqlite3_one_by_one_per_s"] = _bare(folder / "bare.db")
        metrics["one_by_one_over_sqlite3"] = metrics["one_by_one_per_s"] / metrics["sqlite3_one_by_one_per_s"]
        with running_postgres("-c fsync=on") as server, server.schema() as url:
            of_postgres = asyncio.run(_measure(url, server.folder))
        metrics |= {f"postgres_{name}": value for name, value in of_postgres.items()}
        metrics |= asyncio.run(_measure_replay(folder / "replay.db"))
    return {name: round(value, 3) for name, value in metrics.items()}


async def _measure(url: str, folder: Path) -> dict[str, float]:
    store = open_store(url)
    metrics: dict[str, float] = {}
    synced = _fdatasyncs(folder)
    try:
        offered = await _offered(store)
        synced += _fdatasyncs(folder)
        metrics |= {"append_p50_ms": _ms(offered, 0.5), "append_p99_ms": _ms(offered, 0.99)}
        metrics |= {"fdatasync_p50_ms": _ms(synced, 0.5), "fdatasync_p99_ms": _ms(synced, 0.99)}
        say(f"{url.partition(':')[0]}: offered {OFFERED_PER_S}/s: {_shown(offered)}; fdatasync {_shown(synced)}")
        for crowd in CROWDS:
            began, saturated = time.perf_counter(), await _saturated(store, crowd)
            rate = len(saturated) / (time.perf_counter() - began)
            after = _fdatasyncs(folder)
            ratio = _ms(saturated, 0.99) / _ms(after, 0.99)
            metrics |= {
                f"events_per_s_{crowd}": rate,
                f"saturated_p99_ms_{crowd}": _ms(saturated, 0.99),
                f"saturated_p99_over_fdatasync_p99_{crowd}": ratio,
            }
            say(f"{crowd} at once: {rate:,.0f}/s, {_shown(saturated)}; fdatasync {_shown(after)}")
        began = time.perf_counter()
        for _ in range(ONE_BY_ONE):
            await store.write(_append)
        metrics["one_by_one_per_s"] = ONE_BY_ONE / (time.perf_counter() - began)
        say(f"one by one: {metrics['one_by_one_per_s']:,.0f}/s")
    finally:
        await store.close()
    return metrics


async def _offered(store: SqlStore) -> Seconds:
    """Seconds from when each was due until it was on disk."""
    loop = asyncio.get_running_loop()
    begin, each_s = loop.time() + 0.1, SUBMITTERS / OFFERED_PER_S
    took: Seconds = []

    async def submit(number: int) -> None:
        for turn in range(int(OFFERED_S / each_s)):
            due = begin + (turn + number / SUBMITTERS) * each_s
            await asyncio.sleep(max(0.0, due - loop.time()))
            await store.write(_append)
            took.append(loop.time() - due)

    await asyncio.gather(*(submit(number) for number in range(SUBMITTERS)))
    return took


async def _saturated(store: SqlStore, crowd: int) -> Seconds:
    loop = asyncio.get_running_loop()
    ends = loop.time() + SATURATED_S
    took: Seconds = []

    async def submit() -> None:
        while (begins := loop.time()) < ends:
            await store.write(_append)
            took.append(loop.time() - begins)

    await asyncio.gather(*(submit() for _ in range(crowd)))
    return took


def _append(unit: UnitOfWork) -> None:
    unit.append(_moved(next(_EDITED), "blur", 1))


def _moved(graph_id: str, node_id: str, version: int, x: float = 120.5) -> Event:
    metadata = {"user": "ada", "address": "127.0.0.1", "client": "benchmark", "version": version}
    return Event("NodeMoved", "Graph", graph_id, payload={"node_id": node_id, "x": x, "y": 44.0}, metadata=metadata)


def _fdatasyncs(folder: Path) -> Seconds:
    """Each after an event's worth of bytes at a file's end, as a log is written."""
    took = []
    path = folder / "synced"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.write(descriptor, bytes(450))
            os.fdatasync(descriptor)
            took.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return took


def _bare(path: Path) -> float:
    """Commits a second of the driver alone, each with one row of an event's size."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
        began = time.perf_counter()
        for _ in range(ONE_BY_ONE):
            connection.execute("INSERT INTO rows (text) VALUES (?)", ("x" * 450,))
        return ONE_BY_ONE / (time.perf_counter() - began)


async def _measure_replay(path: Path) -> dict[str, float]:
    store = open_store(f"sqlite:///{path}")
    try:
        await store.write(_write_log)
        seconds, found = await store.read(lambda unit: _timed(lambda: project(unit)))
    finally:
        await store.close()
    reading_s, _ = _timed(lambda: _read_only(path))
    ours, floor = found.position / seconds, found.position / reading_s
    say(f"replay of {found.position:,} events into {len(found.graphs())} graphs: {ours:,.0f}/s; reading {floor:,.0f}/s")
    return {"replay_events_per_s": ours, "read_events_per_s": floor, "replay_over_reading": seconds / reading_s}


def _write_log(unit: UnitOfWork) -> None:
    for event in _log():
        unit.append(event)


def _log() -> Iterator[Event]:
    chance = random.Random(1)
    node = {"type": "image.blur", "params": {"radius": 1.0}, "position": {"x": 0.0, "y": 0.0}}
    graphs = [new_id() for _ in range(GRAPHS)]
    for graph_id in graphs:
        nodes = {f"n{number}": node for number in range(NODES)}
        document = {"schema": "vortex.graph/1", "id": graph_id, "name": "Benchmark", "nodes": nodes}
        document |= {name: [] for name in ("edges", "inputs", "outputs", "groups", "notes")}
        yield Event("GraphCreated", "Graph", graph_id, payload={"graph": document}, metadata={"version": 1})
    for number in range(REPLAYED - GRAPHS):
        graph_id, node_id = chance.choice(graphs), f"n{chance.randrange(NODES)}"
        moved = _moved(graph_id, node_id, number + 2, chance.random())
        told = {"node_id": node_id, "name": "radius", "value": chance.random()}
        changed = Event("NodeParamUpdated", "Graph", graph_id, payload=told, metadata=moved.metadata)
        yield moved if number % 2 else changed


def _read_only(path: Path) -> int:
    """What any replay has to do: read each row, and decode its JSON."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT payload, metadata FROM events ORDER BY sequence_number")
        return sum(1 for payload, metadata in rows if orjson.loads(payload) and orjson.loads(metadata))


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _ms(seconds: Seconds, share: float) -> float:
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _shown(seconds: Seconds) -> str:
    return f"p50 {_ms(seconds, 0.5):.2f} ms, p99 {_ms(seconds, 0.99):.2f} ms"
