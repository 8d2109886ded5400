"""Tensors as Arrow IPC messages, without torch.

A message is a prefix (metadata, a multiple of 64 bytes) and the body, in C
order. In a block, which begins on a multiple of 64, the body does too. Arrow
has neither bool, complex, bfloat16, fp8, fp4 nor integers below 8 bits:
integers or pairs of floats of the same bytes carry them, and the dtype travels
beside the message. Quantized tensors have a scale and a zero beside their
elements, and no form here.

Reading copies nothing, however it is written. Writing copies once, and from
any strides: what is channels-last, transposed or stepped comes back in C order
with the same elements. Only a tensor that was made in its block, which
`Context.empty` of a node does, is written without a copy.
"""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vortex_prefect.core.errors import WorkerError

#: dtype by torch's name → numpy dtype that carries it in Arrow.
_CARRIERS = {
    **{name: name for name in ("float16", "float32", "float64")},
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": "uint8",
    "bfloat16": "uint16",
    "float8_e4m3fn": "uint8",
    "float8_e4m3fnuz": "uint8",
    "float8_e5m2": "uint8",
    "float8_e5m2fnuz": "uint8",
    "float8_e8m0fnu": "uint8",
    "float4_e2m1fn_x2": "uint8",
    **{f"{sign}int{bits}": "uint8" for sign in ("", "u") for bits in range(1, 8)},
    **{f"bits{form}": "uint8" for form in ("8", "1x8", "2x4", "4x2")},
    "bits16": "uint16",
    "complex32": "float16",
    "complex64": "float32",
    "complex128": "float64",
}
_NUMPY_VIEWS = ("bool", "complex64", "complex128")


def has_form(dtype: str) -> bool:
    """Whether tensors of that dtype, by torch's name, can lie in the arena."""
    return dtype in _CARRIERS


def message_size(shape: tuple[int, ...], dtype: str) -> int:
    """Bytes of the message of a tensor.

    Raises:
        WorkerError: WK-010, the dtype has no form in the arena.
    """
    shape, carrier = _carried(shape, dtype)
    return _prefix_size(shape, carrier) + _body_size(shape, carrier)


def write_prefix(buffer: memoryview, shape: tuple[int, ...], dtype: str) -> memoryview:
    """Write a message's metadata; returns the part of `buffer` where the body goes, in C order.

    The caller fills it with the library that has the data, wherever that lies
    and however it is strided, which saves a copy.

    Raises:
        WorkerError: WK-010, the dtype has no form in the arena, or the buffer is too small.
    """
    shape, carrier = _carried(shape, dtype)
    start = _prefix_size(shape, carrier)
    end = start + _body_size(shape, carrier)
    if len(buffer) < end:
        raise WorkerError("WK-010", f"a message of {end} bytes does not fit a block of {len(buffer)}")
    body = buffer[start:end]
    tensor = pa.Tensor.from_numpy(np.ndarray(shape, carrier, body))
    sink = pa.FixedSizeBufferWriter(pa.py_buffer(buffer[:start]))
    # Arrow writes metadata and body together only. Here the body is already
    # where it belongs, so the sink has no room for it and refuses it.
    with suppress(OSError):
        pa.ipc.write_tensor(tensor, sink)
    return body


def write_array(buffer: memoryview, array: npt.NDArray[Any]) -> int:
    """Write the message of an array of any strides; its length in bytes.

    Raises:
        WorkerError: WK-010, the dtype has no form in the arena, or the buffer is too small.
    """
    body = write_prefix(buffer, array.shape, array.dtype.name)
    np.copyto(np.ndarray(array.shape, array.dtype.newbyteorder("="), body), array)
    return message_size(array.shape, array.dtype.name)


def write_body(buffer: memoryview, body: memoryview, shape: tuple[int, ...], dtype: str) -> int:
    """Write the message of a tensor whose bytes are at hand, in C order; its length in bytes.

    Raises:
        WorkerError: WK-010, as `write_prefix`, or `body` has not the length that shape and dtype ask for.
    """
    room = write_prefix(buffer, shape, dtype)
    source = body.cast("B")
    if len(source) != len(room):
        raise WorkerError("WK-010", f"{len(source)} bytes are not a {dtype} tensor of shape {shape}")
    # numpy, because it lets go of the GIL while it copies.
    np.copyto(np.frombuffer(room, np.uint8), np.frombuffer(source, np.uint8))
    return message_size(shape, dtype)


def message_body(buffer: memoryview, shape: tuple[int, ...], dtype: str) -> memoryview:
    """The elements of a message, in C order, without a copy.

    Raises:
        WorkerError: as `read_message`.
    """
    read_message(buffer, shape, dtype)
    end = message_size(shape, dtype)
    return buffer[end - _body_size(*_carried(shape, dtype)) : end]


def read_message(buffer: memoryview, shape: tuple[int, ...], dtype: str) -> Any:
    """The carrier as a `pyarrow.Tensor` over `buffer`, without a copy.

    Raises:
        WorkerError: WK-007 if the message is damaged or not of this shape and dtype,
            WK-010 if the dtype has no form in the arena.
    """
    shape, carrier = _carried(shape, dtype)
    try:
        tensor = pa.ipc.read_tensor(pa.BufferReader(pa.py_buffer(buffer)))
    except (pa.ArrowException, OSError) as exc:
        raise WorkerError("WK-007", f"not an Arrow tensor message: {exc}") from exc
    if tensor.shape != shape or tensor.type != pa.from_numpy_dtype(carrier):
        raise WorkerError("WK-007", f"a {tensor.type} message of shape {tensor.shape} is not {dtype} {shape}")
    return tensor


def read_array(buffer: memoryview, shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:
    """The message's array, without a copy and read-only.

    What numpy has no dtype for (bfloat16, fp8 …) comes as the integers that carry it, complex32 as pairs.

    Raises:
        WorkerError: as `read_message`.
    """
    array: npt.NDArray[Any] = read_message(buffer, shape, dtype).to_numpy()
    return array.view(dtype).reshape(shape) if dtype in _NUMPY_VIEWS else array


def _carried(shape: tuple[int, ...], dtype: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and numpy dtype of the carrier."""
    carrier = _CARRIERS.get(dtype)
    if carrier is None:
        raise WorkerError("WK-010", f"a tensor of dtype {dtype} has no form in the arena", "Convert it in the node.")
    return (*shape, 2) if dtype.startswith("complex") else shape, np.dtype(carrier)


def _body_size(shape: tuple[int, ...], carrier: np.dtype[Any]) -> int:
    return math.prod(shape) * carrier.itemsize


def _prefix_size(shape: tuple[int, ...], carrier: np.dtype[Any]) -> int:
    """Metadata has fields of fixed width, but leaves out zeros: lengths of 1 stand for all others."""
    return _measured_prefix_size(tuple(map(bool, shape)), carrier)


@cache
def _measured_prefix_size(filled: tuple[bool, ...], carrier: np.dtype[Any]) -> int:
    smallest = np.zeros(tuple(map(int, filled)), carrier)
    return int(pa.ipc.get_tensor_size(pa.Tensor.from_numpy(smallest))) - smallest.nbytes
