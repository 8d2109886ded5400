"""`vortex status`, of workers in every state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pytest

from vortex_prefect.bootstrap.stack import StackInfo
from vortex_prefect.cli import status
from vortex_prefect.client.bridge import answers
from vortex_prefect.core.settings import Settings

WORKERS: list[dict[str, Any]] = [
    {"id": "h/0", "pid": None, "host": "h", "device": None, "state": "joining", "job": None, "restarts": 0},
    {
        "id": "h/1",
        "pid": 7,
        "host": "h",
        "device": "cpu",
        "state": "suspect",
        "job": "j",
        "restarts": 2,
        "rss_bytes": 5,
    },
]


class FakeClient:
    def __init__(self, url: str, home: Path) -> None:
        self.url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def list_workers(self) -> list[answers.Worker]:
        return [answers.Worker.model_validate(worker) for worker in WORKERS]

    def get_queue(self) -> answers.Queue:
        empty: dict[str, Any] = {"paused": False, "concurrency": 1, "limit": 1, "running": [], "waiting": []}
        return answers.Queue.model_validate(empty)

    def get_stack(self) -> answers.Links:
        return answers.Links(dask_dashboard=None)


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    info = StackInfo(1, "http://here", "http://prefect/api", "http://prefect", "tcp://dask")
    monkeypatch.setattr(status, "running_stack", lambda settings: info)
    monkeypatch.setattr(status, "Bridge", FakeClient)


def test_the_table_takes_what_a_host_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.print_status(Settings(home=tmp_path), as_json=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["gpu-worker", "-", "joining"] in rows
    assert ["gpu-worker", "cpu", "7", "suspect"] in rows


def test_json_leaves_nothing_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.print_status(Settings(home=tmp_path), as_json=True)
    assert json.loads(capsys.readouterr().out)["workers"] == WORKERS
