from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arrow import message_size, read_array, write_array

DTYPES = [
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "bool", "complex64", "complex128"),
]


def written(array: npt.NDArray[Any]) -> memoryview:
    buffer = memoryview(bytearray(message_size(array.shape, array.dtype.name) + 64))
    nbytes = write_array(buffer, array)
    assert nbytes == len(buffer) - 64
    assert bytes(buffer[nbytes:]) == bytes(64)
    return buffer[:nbytes].toreadonly()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3, 4), (0,), (2, 0, 3), (1,) * 20])
def test_arrays_come_back_equal(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    read = read_array(written(array), shape, dtype)
    assert (read.dtype, read.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(read, array)
    assert not (array.size and read.flags.writeable)


@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (2, 0, 3), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_messages_are_byte_for_byte_arrows_own(shape: tuple[int, ...], dtype: str) -> None:
    array = np.random.default_rng(2).integers(0, 100, shape).astype(dtype)
    sink = pa.BufferOutputStream()
    pa.ipc.write_tensor(pa.Tensor.from_numpy(array), sink)
    assert bytes(written(array)) == sink.getvalue().to_pybytes()
    assert message_size(shape, dtype) == pa.ipc.get_tensor_size(pa.Tensor.from_numpy(array))


@pytest.mark.parametrize("change", ["transposed", "reversed", "stepped", "broadcast", "big-endian"])
def test_any_strides_and_byte_order_are_written_in_c_order(change: str) -> None:
    array = np.arange(24, dtype=np.int32).reshape(4, 6)
    strided = {
        "transposed": array.T,
        "reversed": array[::-1, ::-1],
        "stepped": array[::2, 1::3],
        "broadcast": np.broadcast_to(array[0], (3, 6)),
        "big-endian": array.astype(">i4"),
    }[change]
    read = read_array(written(strided), strided.shape, "int32")
    np.testing.assert_array_equal(read, strided)
    assert read.flags.c_contiguous


def test_reading_copies_nothing() -> None:
    message = written(np.arange(100))
    base = np.frombuffer(message, np.uint8).ctypes.data
    assert base < read_array(message, (100,), "int64").ctypes.data < base + len(message)


def test_bfloat16_comes_as_its_carrier() -> None:
    message = written(np.array([0x3F80], np.uint16))
    read = read_array(message, (1,), "bfloat16")
    assert read.dtype.name == "uint16"
    assert read.tolist() == [0x3F80]


def test_unknown_dtypes_are_refused() -> None:
    for dtype in ("str32", "quint8", "object"):
        with pytest.raises(WorkerError, match="WK-010"):
            message_size((1,), dtype)


def test_a_buffer_that_is_too_small_is_refused_untouched() -> None:
    buffer = memoryview(bytearray(message_size((4,), "uint8") - 1))
    with pytest.raises(WorkerError, match=r"WK-010 .*does not fit"):
        write_array(buffer, np.ones(4, np.uint8))
    assert bytes(buffer) == bytes(len(buffer))


@pytest.mark.parametrize("damage", [lambda m: b"", lambda m: b"x" * len(m), lambda m: m[:-1], lambda m: m[64:]])
def test_damaged_messages_are_wk_007(damage: Any) -> None:
    message = damage(bytes(written(np.arange(10))))
    with pytest.raises(WorkerError, match="WK-007"):
        read_array(memoryview(message), (10,), "int64")


@pytest.mark.parametrize(("shape", "dtype"), [((5, 2), "int64"), ((10,), "float64"), ((20,), "int32"), ((), "int64")])
def test_a_message_of_another_shape_or_dtype_is_wk_007(shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(WorkerError, match="WK-007"):
        read_array(written(np.arange(10)), shape, dtype)
