"""Messages against those that Arrow writes itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from vortex_prefect.shm.arrow import message_size, read_array, write_array

ARROW_DTYPES = st.sampled_from(["int8", "uint8", "int16", "uint32", "int64", "float16", "float32", "float64"])
SHAPES = st.lists(st.sampled_from([0, 1, 1, 2, 3, 7]), max_size=7).map(tuple)


@settings(max_examples=300, deadline=None)
@given(shape=SHAPES, dtype=ARROW_DTYPES, seed=st.integers(0, 1 << 30))
def test_messages_are_byte_for_byte_arrows_own(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    sink = pa.BufferOutputStream()
    pa.ipc.write_tensor(pa.Tensor.from_numpy(array), sink)
    expected = sink.getvalue().to_pybytes()

    assert message_size(shape, dtype) == len(expected)
    buffer = memoryview(bytearray(len(expected)))
    assert write_array(buffer, array) == len(expected)
    assert bytes(buffer) == expected
    np.testing.assert_array_equal(read_array(buffer, shape, dtype), array)
