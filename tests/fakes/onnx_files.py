"""ONNX models of one node, written byte by byte: the library that makes them is large, and no other test needs it.

Source: onnx.proto of ONNX 1.16 (field numbers) and the protobuf encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_FLOAT, _INT64 = 1, 7


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _value(name: str, shape: Sequence[int | str], kind: int = _FLOAT) -> bytes:
    dims = [_bytes(1, _number(1, n) if isinstance(n, int) else _text(2, n)) for n in shape]
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind), _bytes(2, *dims)))


def weight(name: str, shape: Sequence[int], values: Sequence[float], external: str = "") -> bytes:
    """A float32 tensor of the model; with `external`, the name of a file that is to hold it."""
    dims = b"".join(_number(1, length) for length in shape)
    head = dims + _number(2, _FLOAT) + _text(8, name)
    if external:
        return head + _bytes(13, _text(1, "location"), _text(2, external)) + _number(14, 1)
    return head + _bytes(9, struct.pack(f"<{len(values)}f", *values))


def model(
    operation: str,
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
    weights: Sequence[bytes] = (),
    names: Sequence[str] | None = None,
) -> bytes:
    """A model of one operation, whose inputs are the model's own and then the weights of those names."""
    node = b"".join(_text(1, name) for name in (names or inputs))
    node += b"".join(_text(2, name) for name in outputs) + _text(4, operation)
    graph = _bytes(1, node) + _text(2, "graph")
    graph += b"".join(_bytes(5, each) for each in weights)
    graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
    graph += b"".join(_bytes(12, _value(name, shape)) for name, shape in outputs.items())
    return _number(1, 8) + _bytes(8, _text(1, "") + _number(2, 17)) + _bytes(7, graph)


def linear(width: int, height: int, values: Sequence[float]) -> bytes:
    """x (batch, width) → y (batch, height), by a matrix."""
    return model(
        "MatMul", {"x": ["batch", width]}, {"y": ["batch", height]}, [weight("w", [width, height], values)], ["x", "w"]
    )
