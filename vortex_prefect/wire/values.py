"""Values and errors, between `core` and the protobuf of `proto/vortex/v1`."""

from __future__ import annotations

import json
from typing import Any

from vortex_prefect.core.errors import CODES, Problem, VortexError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.wire._pb import job_pb2, tensor_pb2


def dump(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        WorkerError: WK-010, it has no such form.
    """
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"a value has no JSON form: {error}") from error


def write_error(target: job_pb2.JobError, error: VortexError) -> None:
    """Fill `target`; text that is no UTF-8 is escaped."""
    target.code = error.code
    target.message, target.traceback = _encodable(error.message), _encodable(error.traceback or "")
    if error.problems:
        target.problems_json = dump([problem.to_dict() for problem in error.problems])


def _encodable(text: str) -> str:
    # File names that are no UTF-8 come with lone surrogates (PEP 383), and stand in messages of OSError.
    return text.encode("utf-8", "backslashreplace").decode()


def read_error(source: job_pb2.JobError) -> VortexError:
    """The error; with a code that is unknown here, WK-010."""
    code = source.code if source.code in CODES else "WK-010"
    error = VortexError.from_dict({"code": code, "message": source.message, "traceback": source.traceback or None})
    if source.problems_json:
        error.problems = read_problems(source.problems_json)
    return error


def read_problems(text: bytes) -> tuple[Problem, ...]:
    """What a peer says is wrong.

    Raises:
        ValueError: it is no list of problems.
    """
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("problems are no list")
    try:
        return tuple([Problem(**problem) for problem in found])
    except TypeError as error:
        raise ValueError(f"not a problem: {error}") from error


def write_value(target: tensor_pb2.Value, value: Value) -> None:
    """Fill `target`.

    Raises:
        WorkerError: WK-010, data that has no JSON form.
    """
    target.type = value.type
    if value.items is not None:
        target.list.SetInParent()
        for item in value.items:
            place = target.list.items.add()
            if item is not None:
                write_value(place, item)
        return
    if value.ref is None:
        target.json = dump(value.data)
        return
    ref, source = target.ref, value.ref
    ref.host, ref.generation, ref.offset, ref.nbytes = source.host, source.generation, source.offset, source.nbytes
    ref.shape.extend(source.shape)
    ref.dtype, ref.crc = source.dtype, source.crc


def read_value(source: tensor_pb2.Value) -> Value:
    """The value.

    Raises:
        ValueError: its data is no JSON.
    """
    content = source.WhichOneof("content")
    if content == "list":
        return Value(source.type, items=tuple([_read_item(item) for item in source.list.items]))
    if content != "ref":
        return Value(source.type, data=json.loads(source.json))
    ref = source.ref
    shape = tuple(ref.shape)
    return Value(source.type, TensorRef(ref.host, ref.generation, ref.offset, ref.nbytes, shape, ref.dtype, ref.crc))


def _read_item(source: tensor_pb2.Value) -> Value | None:
    return None if source.WhichOneof("content") is None else read_value(source)
