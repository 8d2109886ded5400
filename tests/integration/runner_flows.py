"""Flows on `VortexTaskRunner`, each to be run as a process of its own.

`python -m tests.integration.runner_flows NAME ARGUMENT…` prints what the flow
saw, as JSON, on the last line. Prefect reads its settings at import.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import INPUTS, NO_CACHE
from prefect.futures import wait

from tests.integration.raw_link import heard
from vortex_prefect import VortexTaskRunner, dask_options

MIB = 1 << 20


def local(workers: int = 2, threads: int = 1, *, resources: dict[str, int] | None = None, **kwargs: Any) -> Any:
    """A runner with a cluster of its own."""
    cluster = {"n_workers": workers, "threads_per_worker": threads, "dashboard_address": None, "resources": resources}
    return VortexTaskRunner(cluster_kwargs=cluster, **kwargs)


def tcp_bytes() -> int:
    """Bytes that this process's open TCP connections have carried, both ways (tcp(7), TCP_INFO)."""
    total = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(name))) as connection:
                    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
                    total += sum(struct.unpack_from("QQ", info, 120))
        except OSError:
            continue  # closed meanwhile, or no TCP
    return total


def mapped_file(array: npt.NDArray[Any]) -> str:
    """The file that an array's memory is a mapping of; empty if it is of none."""
    address = array.ctypes.data
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, *_, name = line.split(maxsplit=5)
        start, end = (int(text, 16) for text in span.split("-"))
        if start <= address < end:
            return name if name.startswith("/") else ""
    return ""


@task(cache_policy=NO_CACHE)
def make(nbytes: int) -> dict[str, Any]:
    return {"data": [np.arange(nbytes // 8, dtype=np.float64)], "pid": os.getpid()}


# Parameters that are futures when they are submitted have no type for mypy.
@task(cache_policy=NO_CACHE)
def look(made: Any) -> dict[str, Any]:
    array = made["data"][0]
    writeable = array.flags.writeable
    return {"file": mapped_file(array), "sum": array.sum(), "pid": os.getpid(), "writeable": writeable}


@task(cache_policy=NO_CACHE)
def pass_on(made: Any) -> Any:
    return made


@task(cache_policy=NO_CACHE)
def echo(value: int) -> int:
    return value


@task(cache_policy=NO_CACHE)
def mark(folder: str, name: str, seconds: float = 0.0) -> str:
    Path(folder, name).write_text(str(time.time()))
    time.sleep(seconds)
    Path(folder, f"{name}.end").write_text(str(time.time()))
    return name


def tensors(address: str) -> Any:
    """A tensor of 64 MiB from one task to another, through a cluster that is there."""

    @flow(task_runner=VortexTaskRunner(address=address), name="tensors")
    def moves() -> dict[str, Any]:
        warm = make.submit(MIB)
        look.submit(warm).wait()
        before = tcp_bytes()
        made = make.submit(64 * MIB).result()
        seen = look.submit(pass_on.submit(made)).result()
        moved = tcp_bytes() - before
        array = made["data"][0]
        return {**seen, "moved": moved, "here": mapped_file(array), "result": array}

    result = moves()
    array = result.pop("result")
    return {**result, "afterwards": mapped_file(array), "kept_sum": array.sum()}


def closed() -> Any:
    """What strangers hear of a cluster that a runner has started."""
    with VortexTaskRunner(cluster_kwargs={"n_workers": 1, "threads_per_worker": 1}) as runner:
        client = runner.client
        workers = client.scheduler_info()["workers"]
        addresses = [client.scheduler.address, *workers, *(worker["nanny"] for worker in workers.values())]
        own = [psutil.Process(), *psutil.Process().children(recursive=True)]
        listening = {
            link.laddr.ip
            for process in own
            for link in process.net_connections("tcp")
            if link.status == psutil.CONN_LISTEN
        }
        return {
            "sum": client.submit(sum, [1, 2]).result(),
            "addresses": addresses,
            "heard": [heard(address).decode() for address in addresses],
            "listening": sorted(listening),
        }


def holds(address: str) -> Any:
    """Hold a tensor on the cluster until this process is killed."""

    @flow(task_runner=VortexTaskRunner(address=address), name="holds")
    def waits() -> None:
        made = make.submit(64 * MIB).result()
        print(mapped_file(made["data"][0]), flush=True)
        threading.Event().wait()

    waits()


def local_tensors() -> Any:
    """Tensors between the processes of an own cluster, between flows, in results that are kept."""

    @task(persist_result=True, result_storage_key="kept")
    def kept() -> npt.NDArray[np.float64]:
        return np.arange(MIB, dtype=np.float64)

    @flow
    def inner(made: Any) -> dict[str, Any]:
        seen: dict[str, Any] = look.submit(made).result()
        return seen

    @flow(task_runner=local(), name="local-tensors")
    def outer() -> dict[str, Any]:
        with dask_options(workers=0):
            made = make.submit(8 * MIB).result()
            own = look.submit(made)
            passed = pass_on.submit(made)
        with dask_options(workers=1):
            other, passed_other = look.submit(made), look.submit(passed)
        part = {"data": [made["data"][0][1:]]}
        return {
            "own": own.result(),
            "other": other.result(),
            "passed": passed_other.result(),
            "part": look.submit(part).result(),
            "nested": inner.with_options(task_runner=local(1))(made),
            "kept": mapped_file(kept.submit().result()) != "",
            "here": mapped_file(made["data"][0]),
        }

    return outer()


def full_arena() -> Any:
    """Tensors that find no room."""

    @flow(task_runner=local(1, arena_bytes=MIB), name="full-arena")
    def fills() -> list[Any]:
        made = [make.submit(nbytes) for nbytes in (MIB // 2, 8 * MIB, MIB // 4)]
        return [look.submit(one).result() for one in made]

    return fills()


def torch_tensors() -> Any:
    """torch tensors, which a task may write to as it likes."""
    import torch  # noqa: PLC0415 - the other flows shall run without

    @task(cache_policy=NO_CACHE)
    def weights() -> Any:
        return {"w": torch.ones(MIB, dtype=torch.bfloat16)}

    @task(cache_policy=NO_CACHE)
    def in_place(state: Any) -> Any:
        file = mapped_file(state["w"].view(torch.int16).numpy())
        state["w"] += 1
        return file, float(state["w"][0]), state

    @flow(task_runner=local(1), name="torch-tensors")
    def trains() -> list[Any]:
        state = weights.submit()
        file, first, changed = in_place.submit(state).result()
        _, again, _ = in_place.submit(state).result()
        _, twice, _ = in_place.submit(changed).result()
        return [file, first, again, twice, float(state.result()["w"][0])]

    return trains()


def semantics(folder: str) -> Any:
    """What Prefect promises of tasks."""

    @task(retries=2, retry_delay_seconds=0, cache_policy=NO_CACHE, log_prints=True, tags=["tagged"])
    def context() -> dict[str, Any]:
        get_run_logger().info("logged in the task")
        print("printed in the task")
        if runtime.task_run.run_count < 2:
            raise RuntimeError("once more")
        return {
            "flow": runtime.flow_run.name,
            "flow_name": runtime.flow_run.flow_name,
            "task": runtime.task_run.task_name,
            "run_count": runtime.task_run.run_count,
            "tags": sorted(runtime.task_run.tags),
        }

    @task(cache_policy=INPUTS, persist_result=True)
    def cached(value: str) -> str:
        with Path(folder, "cached").open("a") as file:
            file.write(".")
        return value

    @task(cache_policy=NO_CACHE)
    def generates(count: int) -> Any:
        yield from range(count)

    @task(cache_policy=NO_CACHE)
    async def generates_async(count: int) -> Any:
        for value in range(count):
            yield value

    @task(timeout_seconds=0.5, cache_policy=NO_CACHE)
    def slow() -> None:
        for _ in range(200):
            time.sleep(0.05)

    @task(timeout_seconds=0.5, cache_policy=NO_CACHE)
    async def slow_async() -> None:
        await asyncio.sleep(10)

    def note(task: Any, run: Any, state: Any) -> None:
        Path(folder, f"hook-{state.name}").touch()

    @task(on_failure=[note], on_completion=[note], cache_policy=NO_CACHE)
    def hooked(*, fail: bool) -> None:
        if fail:
            raise ValueError("as told")

    @task(cache_policy=NO_CACHE)
    def parent() -> list[int]:
        return [echo(1), echo.submit(2).result()]

    @flow(task_runner=local(1, 2), name="semantics", flow_run_name="semantics-run")
    def promises() -> dict[str, Any]:
        late: list[Any] = [slow.submit(), slow_async.submit()]
        wait(late)
        hooks = [hooked.submit(fail=True), hooked.submit(fail=False)]
        wait(hooks)
        found: dict[str, Any] = {"context": context.submit().result()}
        found["cached"] = [cached.submit("x").result(), cached.submit("x").result()]
        found["generated"] = [generates.submit(3).result(), generates_async.submit(3).result()]
        found["timed_out"] = [future.state.name for future in late]
        found["hooks"] = [future.state.name for future in hooks]
        found["nested"] = parent.submit().result()
        return found

    return promises()


def killed(folder: str) -> Any:
    """Workers that die: after they made something, while they run something, and again and again."""

    @task(cache_policy=NO_CACHE)
    def counted() -> dict[str, Any]:
        with Path(folder, "counted").open("a") as file:
            file.write(".")
        return {"data": [np.arange(MIB, dtype=np.float64)], "pid": os.getpid()}

    @task(cache_policy=NO_CACHE)
    def dies_once() -> int:
        with Path(folder, "once").open("a") as file:
            file.write(".")
        if Path(folder, "once").stat().st_size == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return Path(folder, "once").stat().st_size

    @task(cache_policy=NO_CACHE)
    def dies_always() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @flow(task_runner=local(), name="killed")
    def survives() -> dict[str, Any]:
        made = counted.submit().result()
        os.kill(made["pid"], signal.SIGKILL)
        seen = look.submit(made).result()
        once = dies_once.submit().result()
        always = dies_always.submit()
        always.wait()
        return {"sum": seen["sum"], "once": once, "always": [always.state.name, always.state.message]}

    return survives()


def cancelled(folder: str) -> Any:
    """`cancel_all` while two tasks run, some wait for Dask and some for a thread."""
    runner = local(1, 2, max_threads=6)

    @flow(task_runner=runner, name="cancelled")
    def cancels() -> dict[str, Any]:
        current = sys.modules["prefect.context"].FlowRunContext.get().task_runner
        futures = [mark.submit(folder, f"task-{index}", 4.0) for index in range(20)]
        while len(list(Path(folder).iterdir())) < 2:
            time.sleep(0.02)
        started = time.perf_counter()
        current.cancel_all()
        ended: list[str] = []
        for future in futures:
            try:
                future.wait()
            except BaseException as error:
                ended.append(type(error).__name__)
        return {"waited_s": time.perf_counter() - started, "ended": ended}

    return cancels()


def many(count: str) -> Any:
    """Thousands of mapped tasks."""

    @flow(task_runner=local(2, 2), name="many")
    def maps() -> dict[str, Any]:
        echo.submit(0).wait()
        started = time.perf_counter()
        futures = echo.map(range(int(count)))
        submitted_s, threads = time.perf_counter() - started, threading.active_count()
        right = [future.result() for future in futures] == list(range(int(count)))
        return {"right": right, "s": time.perf_counter() - started, "submitted_s": submitted_s, "threads": threads}

    return maps()


def placed(folder: str) -> Any:
    """Resources and priorities."""

    @flow(task_runner=local(1, 4, resources={"GPU": 1}), name="placed")
    def places() -> list[str]:
        with dask_options(resources={"GPU": 1}):
            first = mark.submit(folder, "first", 1.0)
            while not Path(folder, "first").exists():
                time.sleep(0.02)
            low = [mark.submit(folder, f"low-{index}") for index in range(3)]
            with dask_options(priority=10):
                high = mark.submit(folder, "high")
            # Without the resource nothing waits.
        free = mark.submit(folder, "free")
        wait([first, *low, high, free])
        return sorted(["first", "low-0", "low-1", "low-2", "high", "free"], key=lambda n: Path(folder, n).read_text())

    return places()


FLOWS: dict[str, Callable[..., Any]] = {
    name: globals()[name]
    for name in (
        "tensors",
        "holds",
        "local_tensors",
        "full_arena",
        "torch_tensors",
        "closed",
        "semantics",
        "killed",
        "cancelled",
        "many",
        "placed",
    )
}


if __name__ == "__main__":
    print(json.dumps(FLOWS[sys.argv[1]](*sys.argv[2:])))
