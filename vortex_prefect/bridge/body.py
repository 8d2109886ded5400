"""Reading JSON bodies: bounded, strict, and off the event loop where they are long."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError

from vortex_prefect.bridge.problems import malformed_model
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import json_problems

M = TypeVar("M", bound=BaseModel)

#: Parsing less than this takes less than a millisecond, about what a hop to a thread may cost.
_INLINE_BYTES = 64 << 10

#: Bytes among which text with blanks behind its colons has one.
_SPACED = 64
#: No JSON value.
_OTHER = object()

#: Containers around a parameter's value in a request: `{graph: {nodes: {id: {params: {name: …`, and one to spare.
_LEVELS = 6


async def read_json(request: Request, limit: int) -> Any:
    """The body as JSON; an empty one is `{}`.

    Raises:
        RequestError: RQ-005 longer than `limit` bytes, RQ-001 not JSON, or not said to be JSON.
    """
    return await _parsed(request, await _read(request, limit))


async def read_model(request: Request, model: type[M], limit: int) -> M:
    """The body as a model; errors as `read_json`, and RQ-001 with every problem of the model."""
    body = await _read(request, limit)
    data = await _parsed(request, body)
    await _check_values(data, limit, len(body))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise malformed_model(error) from error


async def read_file(request: Request, limit: int, *types: str) -> bytes:
    """The body as it is, of one of these media types; RQ-005 or RQ-001 as `read_json`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in types:
        raise RequestError("RQ-001", f"the body is {kind[:100] or 'of no type'}, not {' or '.join(types)}")
    return await _read(request, limit)


async def parse_json(text: str | bytes) -> Any:
    """Parse what RFC 8259 allows, which knows no NaN; RQ-001 otherwise."""
    return _parse(text) if len(text) < _INLINE_BYTES else await asyncio.to_thread(_parse, text)


async def _parsed(request: Request, body: bytes) -> Any:
    if not body:
        return {}
    _check_type(request.headers.get("content-type", ""))
    return await parse_json(body)


def _check_type(content_type: str) -> None:
    """Refuse what a page of any other site may send without being asked: text, forms, and bodies of no type."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        message = f"the body is {kind[:100] or 'of no type'}, not application/json"
        raise RequestError("RQ-001", message, "Send the header Content-Type: application/json.")


async def _check_values(data: Any, limit: int, size: int) -> None:
    """RQ-001 for what no interoperable JSON holds: lone surrogates, integers beyond 64 bits, nesting without end."""
    check = partial(json_problems, data, Limits(body_bytes=limit), above=_LEVELS)
    found = check() if size < _INLINE_BYTES else await asyncio.to_thread(check)
    if found:
        problems = tuple(replace(problem, code="RQ-001") for problem in found)
        raise RequestError("RQ-001", problems[0].message, problems=problems)


def _parse(text: str | bytes) -> Any:
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    found = _parse_compact(data)
    return _parse_strict(text) if found is _OTHER else found


def _parse_compact(data: bytes) -> Any:
    """What most clients send, in half the time; `_OTHER` where it is not certain to be what the strict parser gives.

    What is written again as the same bytes had no key twice, no number that was rounded, and no NaN.
    """
    if b'": ' in data[:_SPACED]:
        return _OTHER
    try:
        found = orjson.loads(data)
        return found if orjson.dumps(found) == data else _OTHER
    except (orjson.JSONDecodeError, TypeError):
        return _OTHER


def _parse_strict(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise RequestError("RQ-001", "the JSON is nested too deeply") from None
    except ValueError as error:
        raise RequestError("RQ-001", f"not JSON: {error}") from error


def takes(model: type[BaseModel] | str, *, required: bool = True) -> dict[str, Any]:
    """What OpenAPI says of a body that a route reads by itself: a model, or a schema's name."""
    name = model if isinstance(model, str) else model.__name__
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def takes_file(*types: str) -> dict[str, Any]:
    """What OpenAPI says of a body that is a file of one of these media types."""
    binary = {"type": "string", "format": "binary"}
    content = {name: {"schema": {"type": "object"} if name.endswith("json") else binary} for name in types}
    return {"requestBody": {"required": True, "content": content}}


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestError("RQ-005", f"the body is longer than {limit} bytes")
    return bytes(body)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one key, parsers differ in which they take (RFC 8259 §4): neither is taken here."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:100]!r} is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
