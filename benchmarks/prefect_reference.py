"""Flows of trivial tasks on Prefect's own task runners and on ours; prints figures on its last line.

`python -m benchmarks.prefect_reference KIND TASKS [REPETITIONS]`, with PREFECT_API_URL set:

- `threadpool`, `dask`, `vortex`: tasks a second from the first submission to the last result
- `recorded`: on the thread pool, tasks a second until the last one reads Completed through the API
- `flow`: milliseconds of a whole flow of so many steps, each after the one before, on the thread pool
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from benchmarks.prefect_record import await_completed, completed_task_runs, prefect_client

#: Tasks before the clock starts: imports, connections and threads, as the measured stack has had its own.
WARM_UP_TASKS = 8


@task(cache_policy=NO_CACHE, persist_result=False)
def trivial(value: int) -> int:
    """What a trivial node does."""
    return value


def measure(runner: Any, tasks: int) -> float:
    """Tasks a second from the first submission to the last result, once all of them are on record."""

    @flow(task_runner=runner, persist_result=False)
    def many() -> tuple[float, str]:
        _run_all(WARM_UP_TASKS)
        started = time.perf_counter()
        _run_all(tasks)
        return time.perf_counter() - started, str(flow_run.id)

    elapsed_s, flow_run_id = many()
    # What is measured next shall not compete with the server's filing of this.
    with prefect_client(os.environ) as prefect:
        completed_task_runs(prefect, flow_run_id, WARM_UP_TASKS + tasks)
    return tasks / elapsed_s


def measure_recorded(tasks: int) -> float:
    """Tasks a second from the first submission until the last one is on record."""

    @flow(task_runner=_runner("threadpool"), persist_result=False)
    def many() -> tuple[float, str]:
        started = time.perf_counter()
        _run_all(tasks)
        return started, str(flow_run.id)

    started, flow_run_id = many()
    with prefect_client(os.environ) as prefect:
        await_completed(prefect, [flow_run_id], tasks)
    return tasks / (time.perf_counter() - started)


def measure_flow(steps: int, repetitions: int) -> list[float]:
    """Milliseconds from the call of a flow to its result, in a process that is warm."""

    @flow(task_runner=_runner("threadpool"), persist_result=False)
    def by_hand() -> int:
        step = trivial.submit(1)
        for _ in range(steps - 1):
            step = trivial.submit(step)  # type: ignore[call-overload]  # Prefect resolves futures among parameters
        return int(step.result())

    by_hand()
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        by_hand()
        times.append(1000 * (time.perf_counter() - started))
    return times


def _run_all(tasks: int) -> None:
    for future in [trivial.submit(index) for index in range(tasks)]:
        future.result()


def _runner(kind: str) -> Any:
    if kind == "threadpool":
        return ThreadPoolTaskRunner(max_workers=8)
    cluster = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    # The other references shall not load Dask.
    if kind == "vortex":
        from vortex_prefect import VortexTaskRunner  # noqa: PLC0415

        return VortexTaskRunner(cluster_kwargs=cluster)
    from prefect_dask import DaskTaskRunner  # noqa: PLC0415

    return DaskTaskRunner(cluster_kwargs=cluster)


def main() -> None:
    """Print the figures."""
    kind, tasks, *more = sys.argv[1:]
    if kind == "recorded":
        print(measure_recorded(int(tasks)))
    elif kind == "flow":
        print(*measure_flow(int(tasks), int(more[0])))
    else:
        print(measure(_runner(kind), int(tasks)))


if __name__ == "__main__":
    main()
