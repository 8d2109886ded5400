"""Errors out of answers, also out of those that no bridge would give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vortex_prefect.client.bridge.exchange import Answer
from vortex_prefect.core.errors import CODES, Problem, SystemFault, VortexError

M = TypeVar("M", bound=BaseModel)

_NEWER = "The bridge is newer than this client, which does not know the code."
_FOREIGN = "Is this the address of a VORTEX bridge, and does nothing stand between that changes its answers?"
#: For statuses that come without a code, or with one that this release does not know.
_CODES = {401: "RQ-010", 403: "RQ-011", 404: "RQ-002", 409: "RQ-007", 410: "RQ-006", 413: "RQ-005", 429: "RQ-009"}
_SHOWN = 200


def refusal(answer: Answer) -> VortexError:
    """The error that an answer carries whose status is no success."""
    if 300 <= answer.status < 400:
        target = answer.headers.get("location", "nowhere")
        return SystemFault("SY-007", f"the answer was a redirection to {target}, which is not followed", _FOREIGN)
    try:
        return error_of(json.loads(answer.content)["error"], answer.status)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    message = f"the answer was a bare {answer.status}: {_start(answer.content)}"
    return _coded(code_of(answer.status), message, None if answer.status in _CODES else _FOREIGN)


def error_of(data: Mapping[str, Any], status: int = 500) -> VortexError:
    """The error of its JSON form, whose code may be newer than this release; `status` then says what it is.

    Raises:
        KeyError: there is no code or no message.
        TypeError: they are no text.
    """
    code, message, hint = data["code"], data["message"], data.get("hint")
    if not (isinstance(code, str) and isinstance(message, str)):
        raise TypeError("an error has a code and a message")
    if code not in CODES:
        code, message, hint = code_of(status), f"{code} {message}", hint or _NEWER
    problems = tuple(_problem(one) for one in data.get("problems") or () if isinstance(one, Mapping))
    return _coded(code, message, hint, problems, data.get("node_id"), data.get("traceback"))


def code_of(status: int) -> str:
    """The code that comes nearest to an HTTP status."""
    if status == 503:
        return "SY-004"
    return _CODES.get(status, "RQ-001" if 400 <= status < 500 else "SY-007")


def json_of(answer: Answer) -> Any:
    """The JSON value of a body; SY-007 if it is none."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise SystemFault("SY-007", f"the answer is no JSON: {_start(answer.content)}", _FOREIGN) from error


def model_of(model: type[M], answer: Answer) -> M:
    """The body as a model; SY-007 if it is no such thing."""
    data = json_of(answer)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        message = f"the answer is no {model.__name__}: {place}: {first['msg']}"
        raise SystemFault("SY-007", message, _FOREIGN) from error


def silent(url: str, reason: str) -> SystemFault:
    """SY-004: nobody answers at `url`."""
    hint = "Start the stack with `vortex up`, or check the address; `vortex status` shows what runs."
    return SystemFault("SY-004", f"the bridge at {url} does not answer: {reason}", hint)


def _coded(code: str, message: str, *rest: Any) -> VortexError:
    kind = type(VortexError.from_dict({"code": code, "message": message}))
    return kind(code, message, *rest)


def _problem(data: Mapping[str, Any]) -> Problem:
    fields = {name: data.get(name) for name in ("node_id", "port", "path", "hint")}
    code = str(data.get("code"))
    if code not in CODES:
        fields["hint"] = fields["hint"] or _NEWER
    return Problem(code, str(data.get("message")), **fields)


def _start(content: bytes) -> str:
    text = " ".join(content[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return repr(text[:_SHOWN]) if text else "it is empty"
