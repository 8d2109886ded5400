"""A flow of trivial tasks on one of Prefect's own task runners; prints tasks a second."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner


@task(cache_policy=NO_CACHE, persist_result=False)
def trivial(value: int) -> int:
    """What a trivial node does."""
    return value


def rate(runner: Any, tasks: int) -> float:
    """Tasks a second from the first submission to the last result."""

    @flow(task_runner=runner, persist_result=False)
    def many() -> float:
        started = time.perf_counter()
        futures = [trivial.submit(index) for index in range(tasks)]
        for future in futures:
            future.result()
        return time.perf_counter() - started

    return tasks / many()


def main() -> None:
    """`threadpool|dask TASKS`."""
    kind, tasks = sys.argv[1], int(sys.argv[2])
    if kind == "threadpool":
        print(json.dumps(rate(ThreadPoolTaskRunner(max_workers=8), tasks)))
        return
    from prefect_dask import DaskTaskRunner  # noqa: PLC0415

    runner = DaskTaskRunner(cluster_kwargs={"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None})
    print(json.dumps(rate(runner, tasks)))


if __name__ == "__main__":
    main()
