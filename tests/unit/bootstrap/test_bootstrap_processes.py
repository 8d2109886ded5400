"""What a process of the stack does before it serves."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

import pytest

from vortex_prefect.bootstrap import __main__ as module
from vortex_prefect.bootstrap import wiring


@pytest.mark.parametrize("role", ["engine", "bridge"])
def test_each_process_traces_under_its_name(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def serve(_: Any, *given: Any) -> None:
        done.append("served")
        for each in given:
            if isinstance(each, socket.socket):
                each.close()

    with socket.socket() as listening:
        monkeypatch.setenv(module.LISTEN_FD, str(os.dup(listening.fileno())))
        monkeypatch.setattr(sys, "argv", ["bootstrap", role])
        monkeypatch.setattr(module, "end_with_parent", lambda: None)
        monkeypatch.setattr(module, "configure_tracing", done.append)
        for name in ("run_engine", "run_bridge"):
            monkeypatch.setattr(wiring, name, serve)
        assert module.main() == 0
    assert done == [role, "served"]
