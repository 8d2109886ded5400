"""The host in Dask's worker, as far as it can be seen without a Dask."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vortex_prefect.core.settings import Settings
from vortex_prefect.engine import host_plugin


def test_a_host_traces_under_its_name_before_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StartedError(Exception):
        pass

    def start(*_: Any, **__: Any) -> None:
        raise StartedError

    done: list[str] = []
    monkeypatch.setattr(host_plugin, "configure_tracing", done.append)
    monkeypatch.setattr(host_plugin, "HostRuntime", start)
    worker: Any = SimpleNamespace(state=SimpleNamespace(nthreads=1))
    with pytest.raises(StartedError):
        host_plugin.HostPlugin(Settings(tmp_path)).setup(worker)
    assert done == ["host"]
