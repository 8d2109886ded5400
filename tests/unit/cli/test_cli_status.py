"""`vortex status`, of workers in every state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pytest

from vortex_prefect.bootstrap.stack import StackInfo
from vortex_prefect.cli import status
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
    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def status(self) -> dict[str, Any]:
        return {"workers": WORKERS, "queue": {"waiting": []}, "dask_dashboard": None}


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    info = StackInfo(1, "http://here", "http://prefect/api", "http://prefect", "tcp://dask")
    monkeypatch.setattr(status, "running_stack", lambda settings: info)
    monkeypatch.setattr(status, "Client", FakeClient)


def test_the_table_takes_what_a_host_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.print_status(Settings(home=tmp_path), as_json=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["gpu-worker", "-", "joining"] in rows
    assert ["gpu-worker", "cpu", "7", "suspect"] in rows


def test_json_leaves_nothing_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.print_status(Settings(home=tmp_path), as_json=True)
    assert json.loads(capsys.readouterr().out)["workers"] == WORKERS
