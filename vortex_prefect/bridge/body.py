"""Reading JSON bodies: bounded, strict, and off the event loop where they are long."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from vortex_prefect.bridge.problems import malformed_model
from vortex_prefect.core.errors import RequestError

M = TypeVar("M", bound=BaseModel)

#: Parsing less than this takes less than a millisecond, about what a hop to a thread may cost.
_INLINE_BYTES = 64 << 10


async def read_json(request: Request, limit: int) -> Any:
    """The body as JSON; an empty one is `{}`.

    Raises:
        RequestError: RQ-005 longer than `limit` bytes, RQ-001 not JSON.
    """
    body = await _read(request, limit)
    return await parse_json(body) if body else {}


async def read_model(request: Request, model: type[M], limit: int) -> M:
    """The body as a model; errors as `read_json`, and RQ-001 with every problem of the model."""
    data = await read_json(request, limit)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise malformed_model(error) from error


async def parse_json(text: str | bytes) -> Any:
    """Parse what RFC 8259 allows, which knows no NaN; RQ-001 otherwise."""
    return _parse(text) if len(text) < _INLINE_BYTES else await asyncio.to_thread(_parse, text)


def _parse(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise RequestError("RQ-001", "the JSON is nested too deeply") from None
    except ValueError as error:
        raise RequestError("RQ-001", f"not JSON: {error}") from error


def takes(model: type[BaseModel] | str, *, required: bool = True) -> dict[str, Any]:
    """What OpenAPI says of a body that a route reads by itself: a model, or a schema's name."""
    name = model if isinstance(model, str) else model.__name__
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestError("RQ-005", f"the body is longer than {limit} bytes")
    return bytes(body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
