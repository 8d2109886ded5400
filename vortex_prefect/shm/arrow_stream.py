"""Tables as Arrow IPC streams, as the body of a block of bytes in the arena.

A stream carries its own schema, with metadata; so a table needs no more of a
reference than an array of bytes does, and is read without a copy.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from vortex_prefect.core.errors import WorkerError

#: Port types whose blocks hold such a stream: tables, sounds as a column for each channel, conditionings as a row for
#: each tensor.
STREAMED = frozenset({"TABLE", "AUDIO", "CONDITIONING"})
#: Key of a schema's metadata: frames a second of a sound, as decimal digits.
SAMPLE_RATE = b"vortex.sample_rate"
#: Key of a schema's metadata: what a conditioning says beside its tensors, as JSON.
CONDITIONING = b"vortex.conditioning"


def stream_size(table: Any) -> int:
    """Bytes of the stream of a `pyarrow.Table`."""
    counted = pa.MockOutputStream()
    _write(table, counted)
    return int(counted.size())


def write_stream(table: Any, buffer: memoryview) -> None:
    """Write a `pyarrow.Table` to memory of `stream_size` bytes, with one copy."""
    _write(table, pa.FixedSizeBufferWriter(pa.py_buffer(buffer)))


def read_stream(buffer: memoryview) -> Any:
    """The `pyarrow.Table` of a stream, without a copy; the memory stays as long as it does.

    Raises:
        WorkerError: WK-007, it is no such stream.
    """
    try:
        with pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(buffer))) as reader:
            return reader.read_all()
    except (pa.ArrowException, OSError) as error:
        raise WorkerError("WK-007", f"not an Arrow stream: {error}") from error


def _write(table: Any, sink: Any) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
