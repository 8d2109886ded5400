"""Settings that come from the environment and go into it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from vortex_prefect.core.settings import Settings


def test_children_of_a_stack_find_its_trace_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = Settings.from_env({"VORTEX_HOME": "home", "VORTEX_TRACE_FILE": "spans.jsonl"})
    assert given.trace_file == tmp_path / "spans.jsonl"
    assert Settings.from_env(given.to_env()) == given


def test_there_need_not_be_one(tmp_path: Path) -> None:
    given = Settings.from_env({"VORTEX_HOME": str(tmp_path)})
    assert given.trace_file is None
    assert given.to_env()["VORTEX_TRACE_FILE"] == ""
    assert Settings.from_env(given.to_env()) == given
