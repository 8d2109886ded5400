from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from benchmarks.prefect_record import completed_task_runs, span_s


def _server(runs: list[dict[str, Any]]) -> httpx.Client:
    """Prefect's API as far as it is asked: pages of at most 200."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert request.url.path == "/api/task_runs/filter"
        assert asked["flow_runs"] == {"id": {"any_": ["flow"]}}
        assert asked["limit"] <= 200
        return httpx.Response(200, json=runs[asked["offset"] : asked["offset"] + asked["limit"]])

    return httpx.Client(base_url="http://prefect/api", transport=httpx.MockTransport(answer))


def _runs(count: int, state: str = "COMPLETED") -> list[dict[str, Any]]:
    return [{"id": index, "state_type": state} for index in range(count)]


@pytest.mark.parametrize("count", [1, 199, 200, 201, 400])
def test_all_pages_are_read(count: int) -> None:
    with _server(_runs(count)) as prefect:
        assert [run["id"] for run in completed_task_runs(prefect, "flow", count, limit_s=0)] == list(range(count))


@pytest.mark.parametrize(
    "runs", [_runs(199), _runs(201), _runs(199) + _runs(1, "RUNNING"), _runs(200) + _runs(1, "FAILED")]
)
def test_a_record_that_is_not_complete_voids_the_figure(runs: list[dict[str, Any]]) -> None:
    with _server(runs) as prefect, pytest.raises(SystemExit, match=f"of 200 task runs {len(runs)} are recorded"):
        completed_task_runs(prefect, "flow", 200, limit_s=0)


def test_the_span_is_from_the_first_start_to_the_last_end() -> None:
    runs = [
        {"start_time": "2026-01-01T00:00:01.500Z", "end_time": "2026-01-01T00:00:04.000Z"},
        {"start_time": "2026-01-01T00:00:01.000Z", "end_time": "2026-01-01T00:00:02.000Z"},
        {"start_time": "2026-01-01T00:00:02Z", "end_time": "2026-01-01T00:00:03.250Z"},
    ]
    assert span_s(runs) == 3.0
