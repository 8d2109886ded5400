"""A flow of trivial tasks on one of Prefect's own task runners; prints tasks a second.

`python -m benchmarks.prefect_reference threadpool|dask TASKS`, with PREFECT_API_URL set.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import httpx
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from benchmarks.prefect_record import completed_task_runs

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
    with httpx.Client(base_url=os.environ["PREFECT_API_URL"], timeout=60) as prefect:
        completed_task_runs(prefect, flow_run_id, WARM_UP_TASKS + tasks)
    return tasks / elapsed_s


def _run_all(tasks: int) -> None:
    for future in [trivial.submit(index) for index in range(tasks)]:
        future.result()


def _runner(kind: str) -> Any:
    if kind == "threadpool":
        return ThreadPoolTaskRunner(max_workers=8)
    from prefect_dask import DaskTaskRunner  # noqa: PLC0415 - the other reference shall not load Dask

    return DaskTaskRunner(cluster_kwargs={"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None})


def main() -> None:
    """Print the figure as the last line."""
    kind, tasks = sys.argv[1], int(sys.argv[2])
    print(measure(_runner(kind), tasks))


if __name__ == "__main__":
    main()
