"""What Prefect's server has on record of a flow run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx

#: The most that the server hands out at once.
_PAGE = 200
_POLL_S = 0.25


def prefect_client(env: Mapping[str, str]) -> httpx.Client:
    """A client of the server that Prefect's own variables name."""
    user, _, password = env.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return httpx.Client(base_url=env["PREFECT_API_URL"], auth=(user, password) if user else None, timeout=60)


def completed_task_runs(
    prefect: httpx.Client, flow_run_id: str, expected: int, limit_s: float = 120.0
) -> list[dict[str, Any]]:
    """The flow run's task runs, once there are `expected` and all are Completed.

    Raises:
        SystemExit: they are not within `limit_s`; a figure without its record is void.
    """
    deadline = time.monotonic() + limit_s
    while True:
        runs = list(_task_runs(prefect, flow_run_id))
        completed = sum(run["state_type"] == "COMPLETED" for run in runs)
        if completed == len(runs) == expected:
            return runs
        if time.monotonic() >= deadline:
            raise SystemExit(
                f"no figure: of {expected} task runs {len(runs)} are recorded and {completed} completed "
                f"in flow run {flow_run_id}"
            )
        time.sleep(_POLL_S)


def await_completed(prefect: httpx.Client, flow_run_ids: list[str], expected: int, limit_s: float = 300.0) -> None:
    """Wait until so many task runs of those flow runs read Completed, and no more are recorded.

    Raises:
        SystemExit: they do not within `limit_s`.
    """
    of_these = {"flow_runs": {"id": {"any_": flow_run_ids}}}
    completed = {**of_these, "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    deadline = time.monotonic() + limit_s
    while (found := _count(prefect, completed)) < expected:
        if time.monotonic() >= deadline:
            raise SystemExit(f"no figure: of {expected} task runs {found} are recorded as completed")
        time.sleep(_POLL_S)
    if (recorded := _count(prefect, of_these)) != expected:
        raise SystemExit(f"no figure: {recorded} task runs are recorded instead of {expected}")


def span_s(runs: list[dict[str, Any]]) -> float:
    """Seconds from the first start to the last end."""
    started = min(datetime.fromisoformat(run["start_time"]) for run in runs)
    ended = max(datetime.fromisoformat(run["end_time"]) for run in runs)
    return (ended - started).total_seconds()


def _count(prefect: httpx.Client, wanted: dict[str, Any]) -> int:
    return int(prefect.post("task_runs/count", json=wanted).raise_for_status().json())


def _task_runs(prefect: httpx.Client, flow_run_id: str) -> Iterator[dict[str, Any]]:
    wanted = {"flow_runs": {"id": {"any_": [flow_run_id]}}, "sort": "ID_DESC", "limit": _PAGE}
    offset = 0
    while True:
        answer = prefect.post("task_runs/filter", json={**wanted, "offset": offset}).raise_for_status()
        page: list[dict[str, Any]] = answer.json()
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE
