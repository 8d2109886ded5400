"""Every failure as `{"error": {code, message, hint, problems, …}}`, with the status of its code.

The only HTTP statuses that no code stands for are those of HTTP itself (405 and the like).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

from vortex_prefect.core.errors import Problem, RequestError, SystemFault, VortexError

#: Seconds after which a client may find room in a full queue.
_RETRY_AFTER_S = 5
#: Statuses of what passes by itself: a full queue, an engine or a Prefect server that is away.
RETRY_LATER = (429, 503)


class TooManyRequests(RequestError):
    """RQ-009, and when to come back.

    Attributes:
        wait_s: whole seconds.
    """

    def __init__(self, what: str, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__("RQ-009", f"too many {what}", f"Wait {self.wait_s} s.")


def install(app: FastAPI) -> None:
    """Let the app answer all failures in one shape."""
    app.add_exception_handler(VortexError, _on_vortex_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_defect)


def answer(error: VortexError, status: int | None = None) -> Response:
    """The response to a failure."""
    status = status or error.info.http_status
    headers = {}
    if status in RETRY_LATER:
        headers["Retry-After"] = str(error.wait_s if isinstance(error, TooManyRequests) else _RETRY_AFTER_S)
    elif status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="vortex"'
    # In ASCII: what a client sent may come back in a message, and lone surrogates have no UTF-8.
    body = json.dumps({"error": error.to_dict()}, separators=(",", ":"))
    return Response(body, status, headers, media_type="application/json")


def malformed(errors: Iterable[Any]) -> RequestError:
    """RQ-001 from pydantic's list of errors; each problem's path is a JSON pointer."""
    problems = tuple(
        Problem("RQ-001", item["msg"], path="".join(f"/{_escaped(part)}" for part in item["loc"])) for item in errors
    )
    first = problems[0]
    return RequestError("RQ-001", f"{first.path or 'the body'}: {first.message}", problems=problems)


def malformed_model(error: ValidationError) -> RequestError:
    """RQ-001 from a model that did not validate."""
    return malformed(error.errors(include_url=False, include_context=False, include_input=False))


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


async def _on_vortex_error(_: Request, error: Exception) -> Response:
    return answer(error) if isinstance(error, VortexError) else _defect()


async def _on_validation_error(_: Request, error: Exception) -> Response:
    return answer(malformed(error.errors())) if isinstance(error, RequestValidationError) else _defect()


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _defect()
    status = error.status_code
    methods = _methods(request) if status == 405 else set()
    if status == 404 or (status == 405 and not methods):
        hint = "Leave out the slash at the end." if request.url.path.endswith("/") else None
        return answer(RequestError("RQ-002", f"nothing is at {request.url.path}", hint))
    if status >= 500:
        return _defect()
    if methods:
        allow = {"Allow": ", ".join(sorted(methods | {"OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        error = HTTPException(405, error.detail, allow)
    response = answer(RequestError("RQ-001", f"{request.method} {request.url.path}: {error.detail}"), status)
    response.headers.update(error.headers or {})
    return response


def _methods(request: Request) -> set[str]:
    """What may be done at an address: routes of one path may stand apart, each with methods of its own."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


async def _on_disconnect(_: Request, __: Exception) -> Response:
    # Nobody reads this; without it the log would show a defect for each upload that a user gives up.
    return answer(RequestError("RQ-001", "the request ended early"))


async def _on_defect(_: Request, __: Exception) -> Response:
    # Starlette raises the exception again after this answer, so that the server logs its traceback.
    return _defect()


def _defect() -> Response:
    return answer(SystemFault("SY-007", "the server met a defect; its log has the details"))
