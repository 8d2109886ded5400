"""Tensors as Arrow IPC messages, with numpy arrays at the near end. No torch here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def message_bytes(array: np.ndarray) -> int:
    """Length of the message for an array, in bytes."""
    return int(pa.ipc.get_tensor_size(pa.Tensor.from_numpy(array)))


def write_array(array: np.ndarray, buffer: memoryview) -> int:
    """Write the message of a C-contiguous array; bytes written."""
    sink = pa.FixedSizeBufferWriter(pa.py_buffer(buffer))
    return int(pa.ipc.write_tensor(pa.Tensor.from_numpy(array), sink))


def read_array(message: memoryview) -> np.ndarray:
    """The array of a message, in place. It is not to be written."""
    array: np.ndarray = read_message(message).to_numpy()
    return array


def read_message(message: memoryview) -> pa.Tensor:
    """The Arrow tensor of a message, in place."""
    return pa.ipc.read_tensor(pa.BufferReader(pa.py_buffer(message)))
