"""The shape in which HTTP routes fail."""

from __future__ import annotations

from typing import Any

import httpx

from vortex_prefect.core.errors import CODES


def error_of(response: httpx.Response, code: str, status: int | None = None) -> dict[str, Any]:
    """The failure, after a look at its shape."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert error["code"] == code, error
    assert response.status_code == (status or CODES[code].http_status)
    assert error["message"]
    assert error["hint"]
    assert all(set(problem) >= {"code", "message", "node_id", "port", "path"} for problem in error["problems"])
    return error


JSON = {"content-type": "application/json"}
