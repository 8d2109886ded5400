from __future__ import annotations

import json
from typing import Any

import pytest

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.engine import drawn_text as module
from vortex_prefect.engine.drawn_text import drawn_text

RAN: dict[str, Any] = {"nodes": {"x:a": {}}, "outputs": [{"name": "own"}, {"name": "x:a.out"}]}


def test_it_is_what_a_person_drew() -> None:
    assert json.loads(drawn_text(ExecutionRequest("e", RAN, "h")) or "") == RAN
    shown = drawn_text(ExecutionRequest("e", RAN, "h", exposed=("x:a.out",)))
    assert json.loads(shown or "") == {**RAN, "outputs": [{"name": "own"}]}
    drawn = {"name": "σ", "nodes": {"x": {}}}
    assert json.loads(drawn_text(ExecutionRequest("e", RAN, "h", drawn=drawn, exposed=("x:a.out",))) or "") == drawn


def test_what_no_packet_could_carry_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 11)
    assert drawn_text(ExecutionRequest("e", {"a": "σ"}, "h")) == '{"a": "σ"}'
    assert drawn_text(ExecutionRequest("e", {"a": "σσ"}, "h")) is None


def test_a_request_comes_back_from_json_as_it_was() -> None:
    request = ExecutionRequest("e", RAN, "h", drawn={"nodes": {}}, exposed=("x:a.out",))
    assert ExecutionRequest.from_dict(json.loads(json.dumps(request.to_dict()))) == request
