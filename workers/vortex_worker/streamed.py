"""Tables, sounds and conditionings as the tables that lie in the arena, and back."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arrow_stream import CONDITIONING, SAMPLE_RATE
from vortex_prefect.shm.torch_bridge import dtype_name
from vortex_worker.sdk.sound import Sound
from vortex_worker.sdk.steering import Steering

_TENSORS = [
    ("name", pa.string()), ("dtype", pa.string()), ("shape", pa.list_(pa.int64())), ("data", pa.large_binary()),
]  # fmt: skip


def as_table(value: Any) -> tuple[str, Any] | None:
    """The port type of a table, a sound or a conditioning, and what of it lies in the arena; null for anything else."""
    if isinstance(value, pa.Table):
        return "TABLE", value
    if isinstance(value, Sound):
        return "AUDIO", _table_of(value)
    if isinstance(value, Steering):
        return "CONDITIONING", _rows_of(value)
    return None


def from_table(port_type: str, table: Any, device: torch.device) -> Any:
    """What a node receives: a `pyarrow.Table`, or a `Sound` or a `Steering` with its tensors on `device`.

    Raises:
        WorkerError: WK-007, the table of a sound or of a conditioning is none.
    """
    if port_type == "TABLE":
        return table
    return _sound_of(table, device) if port_type == "AUDIO" else _conditioning_of(table, device)


def _table_of(sound: Sound) -> Any:
    columns = [pa.array(channel.numpy()) for channel in sound.samples.detach().cpu()]
    fields = [pa.field(f"channel_{index}", pa.float32()) for index in range(len(columns))]
    return pa.table(columns, schema=pa.schema(fields, metadata={SAMPLE_RATE: str(sound.rate)}))


def _sound_of(table: Any, device: torch.device) -> Sound:
    try:
        rate = int((table.schema.metadata or {})[SAMPLE_RATE])
        # Copied: torch wants one block, and columns lie apart.
        channels = [torch.tensor(column.to_numpy()) for column in table.columns]
        return Sound(torch.stack(channels).to(device), rate)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise WorkerError("WK-007", f"not a sound: {error}") from error


def _rows_of(conditioning: Steering) -> Any:
    rows = []
    for name, tensor in conditioning.tensors.items():
        plain = tensor.detach().cpu().contiguous()
        data = plain.reshape(-1).view(torch.uint8).numpy().tobytes()
        rows.append({"name": name, "dtype": dtype_name(plain.dtype), "shape": list(plain.shape), "data": data})
    metadata = {CONDITIONING: json.dumps(dict(conditioning.info))}
    return pa.Table.from_pylist(rows, schema=pa.schema(_TENSORS, metadata=metadata))


def _conditioning_of(table: Any, device: torch.device) -> Steering:
    try:
        info = json.loads((table.schema.metadata or {})[CONDITIONING])
        # Copied: rows lie at any address.
        tensors = {row["name"]: _tensor_of(row).to(device) for row in table.to_pylist()}
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise WorkerError("WK-007", f"not a conditioning: {error}") from error
    return Steering(tensors, info)


def _tensor_of(row: dict[str, Any]) -> torch.Tensor:
    dtype = getattr(torch, row["dtype"], None)
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"there is no type {row['dtype']!r}")
    # Of an empty one there are no bytes to be read.
    flat = torch.frombuffer(bytearray(row["data"]), dtype=dtype) if row["data"] else torch.empty(0, dtype=dtype)
    return flat.reshape(row["shape"])
