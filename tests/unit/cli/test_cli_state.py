"""`vortex events --replay`, `backup` and `restore` as a person uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.sink import MessageSink
from vortex_prefect.cli.main import app
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.store import open_store

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("VORTEX_HOME", str(tmp_path))
    monkeypatch.delenv("VORTEX_STORE_URL", raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def change(home: Path, work: Callable[[UnitOfWork], object]) -> None:
    async def write() -> None:
        store = open_store(f"sqlite:///{home}/vortex.db")
        await store.write(work)
        await store.close()

    asyncio.run(write())


def a_graph(home: Path) -> str:
    """Id of one that is stored as a user's is."""

    async def create() -> str:
        store = open_store(f"sqlite:///{home}/vortex.db")
        control = ControlPlane(store, FakeEngine(catalogue()), Settings(home=home), MessageSink())
        record = await control.graphs.create(picture_graph(), Actor("ada"))
        await store.close()
        return record.id

    return asyncio.run(create())


def spoil(graph_id: str) -> Callable[[UnitOfWork], None]:
    def work(unit: UnitOfWork) -> None:
        record = unit.graph(graph_id)
        assert record is not None
        unit.put_graph(replace(record, updated_ms=1))

    return work


def test_replay_says_whether_the_state_agrees_and_repairs_it(run: Run, tmp_path: Path) -> None:
    graph_id = a_graph(tmp_path)
    agreed = run("events", "--replay", "--json")
    assert agreed.exit_code == 0
    found = json.loads(agreed.stdout)
    assert (found["events"], found["graphs"], found["differences"]) == (1, 1, [])

    change(tmp_path, spoil(graph_id))
    differs = run("events", graph_id, "--replay", "--json")
    assert differs.exit_code == 1
    assert json.loads(differs.stdout)["differences"] == [{"kind": "graph", "id": graph_id, "parts": ["updated_ms"]}]
    assert graph_id in run("events", "--replay").stderr

    assert run("events", "--replay", "--repair").exit_code == 0
    assert run("events", "--replay").exit_code == 0


def test_repair_by_itself_is_refused(run: Run) -> None:
    assert run("events", "--repair").exit_code == 2
    assert run("events").exit_code == 2


def test_a_copy_comes_back(run: Run, tmp_path: Path) -> None:
    graph_id = a_graph(tmp_path)
    copy = tmp_path / "copy"
    made = json.loads(run("backup", copy, "--json").stdout)
    assert made == {"file": str(copy), "size_bytes": copy.stat().st_size}
    change(tmp_path, lambda unit: unit.delete_graph(graph_id))
    assert run("events", "--replay").exit_code == 1
    restored = run("restore", copy)
    assert restored.exit_code == 0
    assert "before-restore" in restored.stderr
    assert run("events", "--replay").exit_code == 0


def test_the_doctor_looks_at_the_state(run: Run, tmp_path: Path) -> None:
    def verdict() -> str:
        findings = json.loads(run("doctor", "--json").stdout)
        return next(str(finding["verdict"]) for finding in findings if finding["check"] == "state")

    assert verdict() == "ok"
    a_graph(tmp_path)
    assert verdict() == "ok"
    (tmp_path / "vortex.db").write_bytes(b"a letter to a friend" * 500)
    assert verdict() == "problem"
