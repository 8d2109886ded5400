"""Values and errors, between `core` and the protobuf of `proto/vortex/v1`."""

from __future__ import annotations

import json
import re
from typing import Any

from vortex_prefect.core.errors import CODES, Problem, VortexError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.wire._pb import job_pb2, tensor_pb2

#: What JSON may hold and msgpack, which carries it on, does not: half a character, or a number of more than 64 bits.
_SUSPECT = re.compile(r"\\u[dD][89a-fA-F]|\d{19}")
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


def dump(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        WorkerError: WK-010, it has no such form, or none that travels on from the host.
    """
    try:
        text = json.dumps(value, separators=(",", ":"))
        if _SUSPECT.search(text):
            _check_travels(value)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"a value has no JSON form: {error}") from error


def load(data: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises:
        ValueError: it is none, or does not travel on from here.
        RecursionError: it nests too deep.
    """
    text = data.decode()
    value = json.loads(text)
    if _SUSPECT.search(text):
        _check_travels(value)
    return value


def _check_travels(value: Any) -> None:
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            raise ValueError(f"{value} has more than 64 bits")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_travels(key)
            _check_travels(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_travels(item)


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
    found = load(text)
    if not isinstance(found, list):
        raise ValueError("problems are no list")
    try:
        return tuple([_checked(Problem(**problem)) for problem in found])
    except TypeError as error:
        raise ValueError(f"not a problem: {error}") from error


def _checked(problem: Problem) -> Problem:
    places = (problem.node_id, problem.port, problem.path, problem.hint)
    if not all(isinstance(text, str) for text in (problem.code, problem.message, *places) if text is not None):
        raise ValueError("a problem has fields that are no texts")
    if problem.code not in CODES or problem.message is None:
        raise ValueError(f"a problem has the code {problem.code!r}, or no message")
    return problem


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
        ValueError: its data is no JSON, or its shape none.
    """
    content = source.WhichOneof("content")
    if content == "list":
        return Value(source.type, items=tuple([_read_item(item) for item in source.list.items]))
    if content != "ref":
        return Value(source.type, data=load(source.json))
    ref = source.ref
    shape = tuple(ref.shape)
    if shape and min(shape) < 0:
        raise ValueError(f"a tensor has the shape {shape}")
    return Value(source.type, TensorRef(ref.host, ref.generation, ref.offset, ref.nbytes, shape, ref.dtype, ref.crc))


def _read_item(source: tensor_pb2.Value) -> Value | None:
    return None if source.WhichOneof("content") is None else read_value(source)
