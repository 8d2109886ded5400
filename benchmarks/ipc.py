"""The way from the host to a worker and back: round trips, jobs a second, recovery.

Round trips are full control packets (built, sent, parsed, answered, parsed)
through the real gateway and the real worker loop. `raw` is a 64-byte ping-pong
of two processes over the same kind of socket, pinned in the same way, before
and after. `default` is measured inside the host of a running stack as `vortex
up` ships it, unpinned, with whatever else that stack does meanwhile.

Recovery: from `kill -9` of a worker that runs a job to the end of the next,
trivial job on its replacement, beside the time that a worker takes from its
start to its introduction at a bare listener, in turns.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from distributed.core import rpc

from benchmarks.doors import running_stack
from benchmarks.harness import say
from vortex_prefect.core.job import Job
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.dask_security import stack_security
from vortex_prefect.host.config import HostConfig
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.process import WorkerCommand, kill_worker, start_worker
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.ipc.unix import UnixListener
from vortex_prefect.shm.janitor import arena_path

ROUND_TRIPS = 8_000
JOBS = 4_000
BATCH = 200
REPETITIONS = 5
RECOVERIES = 5
_PATIENCE_S = 120.0
_numbers = itertools.count()


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: a job failed.
    """
    figures = _pinned()
    with _host() as host:
        rates = [_rates(host) for _ in range(REPETITIONS)]
        figures["rtt_unpinned_p50_us"] = median(_quantile(host.round_trips_us(ROUND_TRIPS), 0.5) for _ in range(3))
        figures["cancel_ms"] = median(_cancel_ms(host) for _ in range(RECOVERIES))
    figures["jobs_per_s"] = median(one for one, _ in rates)
    figures["batched_jobs_per_s"] = median(batched for _, batched in rates)
    say(f"jobs/s: {figures['jobs_per_s']:.0f} one by one, {figures['batched_jobs_per_s']:.0f} in batches of {BATCH}")
    figures |= _recovery()
    figures |= _default()
    return {name: round(value, 2) for name, value in figures.items()}


# -- round trips -----------------------------------------------------------------------------


def _pinned() -> dict[str, float]:
    """Both processes on one processor; the raw ping-pong before and after."""
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})
    try:
        raw = _raw()
        # Its processes and threads inherit the one processor, and so it does not look before it sleeps.
        with _host() as host:
            host.round_trips_us(1_000)
            ours = [host.round_trips_us(ROUND_TRIPS) for _ in range(REPETITIONS)]
        raw += _raw()
    finally:
        os.sched_setaffinity(0, processors)
    p50 = median(_quantile(times, 0.5) for times in ours)
    raw_p50 = _quantile(raw, 0.5)
    say(f"pinned: {p50:.1f} us, raw {raw_p50:.1f} us")
    return {
        "raw_p50_us": raw_p50,
        "rtt_pinned_p50_us": p50,
        "rtt_p99_us": median(_quantile(times, 0.99) for times in ours),
        "rtt_over_raw": p50 / raw_p50,
    }


def _raw() -> list[float]:
    """Microseconds of a 64-byte ping-pong between two processes."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        _echo(there)
    there.close()
    buffer, taken = bytearray(64), []
    for _ in range(ROUND_TRIPS):
        started = time.perf_counter_ns()
        here.send(buffer)
        here.recv_into(buffer)
        taken.append((time.perf_counter_ns() - started) / 1000)
    here.close()
    os.waitpid(child, 0)
    return taken


def _echo(connection: socket.socket) -> None:
    buffer = bytearray(64)
    while connection.recv_into(buffer):
        connection.send(buffer)
    os._exit(0)


def _default() -> dict[str, float]:
    """In the host of a running stack."""
    with running_stack() as doors:
        workers = doors.bridge.get("/api/workers").raise_for_status().json()["workers"]
        say(f"a stack with {len(workers)} worker(s)")
        security = stack_security(Settings(doors.home).dask_keys, doors.dask)
        if security is None:
            raise SystemExit("no figure: the keys of the stack's Dask are not there")
        connection = security.get_connection_args("client")
        times = [asyncio.run(_ping(doors.dask, connection, ROUND_TRIPS)) for _ in range(REPETITIONS)]
    p50 = median(_quantile(each, 0.5) for each in times)
    say(f"as shipped: {p50:.1f} us")
    return {
        "rtt_default_p50_us": p50,
        "rtt_default_p99_us": median(_quantile(each, 0.99) for each in times),
    }


async def _ping(scheduler: str, connection: dict[str, Any], count: int) -> list[float]:
    async with rpc(scheduler, connection_args=connection) as known:
        (address,) = (await known.identity(n_workers=-1))["workers"]
    async with rpc(address, connection_args=connection) as host:
        taken: list[float] = await host.vortex_ping(count=count)
    return taken


def _quantile(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)]


# -- jobs ------------------------------------------------------------------------------------


def _rates(host: HostRuntime) -> tuple[float, float]:
    """No-op jobs a second: one by one, and in batches."""
    batch = [_job("debug.value") for _ in range(BATCH)]
    started = time.perf_counter()
    for _ in range(JOBS // 4):
        _run(host, batch[:1])
    one = JOBS // 4 / (time.perf_counter() - started)
    started = time.perf_counter()
    for _ in range(JOBS // BATCH):
        _run(host, batch)
    return one, JOBS / (time.perf_counter() - started)


def _job(kind: str, **params: object) -> Job:
    return Job(f"job-{next(_numbers)}", "execution", "node", kind, params=params)


def _run(host: HostRuntime, jobs: list[Job]) -> None:
    outcomes = host.run_segment(jobs)
    if len(outcomes) != len(jobs) or outcomes[-1].error is not None:
        raise SystemExit(f"no figure: a job failed: {outcomes[-1].error}")


# -- recovery --------------------------------------------------------------------------------


def _recovery() -> dict[str, float]:
    spawns, cold, warm = [], [], []
    with _host() as host, _host(spares=1) as spared:
        for _ in range(RECOVERIES):
            spawns.append(_spawn_ms())
            cold.append(_recovery_ms(host))
            warm.append(_recovery_ms(spared))
            _await_spare(spared)
    figures = {
        "spawn_ms": median(spawns),
        "recovery_ms": median(cold),
        "recovery_over_spawn": median(cold) / median(spawns),
        "recovery_spare_ms": median(warm),
    }
    say(", ".join(f"{name} {value:.1f}" for name, value in figures.items()))
    return figures


def _spawn_ms() -> float:
    """From the start of a worker's process until it introduces itself."""
    with tempfile.TemporaryDirectory(prefix="vortex-bench-") as folder:
        listener = UnixListener(Path(folder) / "run" / "workers.sock")
        started = time.perf_counter()
        process = start_worker(WorkerCommand(Path(folder) / "run" / "workers.sock", Path(folder), debug=True), 0)
        channel = listener.accept()
        channel.receive(_PATIENCE_S)
        elapsed_ms = 1000 * (time.perf_counter() - started)
        kill_worker(process)
        channel.close()
        listener.close()
    return elapsed_ms


def _busy(host: HostRuntime, job: Job) -> threading.Thread:
    """A thread that runs a job which has begun."""
    began = threading.Event()
    busy = threading.Thread(target=host.run, args=(job, Ears(progress=lambda _: began.set())))
    busy.start()
    if not began.wait(_PATIENCE_S):
        raise SystemExit("no figure: a job does not begin")
    return busy


def _cancel_ms(host: HostRuntime) -> float:
    """From the cancel of a job that reports its progress every 20 ms to its end."""
    busy = _busy(host, _job("debug.sleep", seconds=600))
    started = time.perf_counter()
    host.cancel("execution")
    busy.join()
    return 1000 * (time.perf_counter() - started)


def _recovery_ms(host: HostRuntime) -> float:
    _run(host, [_job("debug.value")])  # it has made up for its last death
    busy = _busy(host, _job("debug.sleep", seconds=600))
    pid = host.statistics().workers[0]["pid"]
    started = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    _run(host, [_job("debug.value")])
    elapsed_ms = 1000 * (time.perf_counter() - started)
    busy.join()
    return elapsed_ms


def _await_spare(host: HostRuntime) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not host.statistics().spares:
        if time.monotonic() > deadline:
            raise SystemExit("no figure: no spare comes")
        time.sleep(0.05)


# -- a host of its own -----------------------------------------------------------------------


@contextmanager
def _host(spares: int = 0) -> Iterator[HostRuntime]:
    with tempfile.TemporaryDirectory(prefix="vortex-bench-") as home:
        folder, name = Path(home), f"bench-{os.getpid()}-{next(_numbers)}"
        host = HostRuntime(
            HostConfig(
                host_id=name,
                run_dir=folder / "run",
                log_dir=folder / "logs",
                output_dir=folder / "outputs",
                state_dir=folder / "state",
                arena_path=arena_path(name),
                arena_bytes=4 << 30,
                arena_budget_bytes=1 << 30,
                device="cpu",
                debug=True,
                spares=spares,
                # The same node is killed again and again here.
                quarantine_after=0,
            )
        )
        try:
            host.start()
            host.catalogue()
            _run(host, [_job("debug.value")])
            if spares:
                _await_spare(host)
            yield host
        finally:
            host.close()
