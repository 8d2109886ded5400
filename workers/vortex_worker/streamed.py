"""Tables and sounds as the tables that lie in the arena, and back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arrow_stream import SAMPLE_RATE
from vortex_worker.sdk.sound import Sound


def as_table(value: Any) -> tuple[str, Any] | None:
    """The port type of a table or a sound, and what of it lies in the arena; null for anything else."""
    if isinstance(value, pa.Table):
        return "TABLE", value
    if isinstance(value, Sound):
        return "AUDIO", _table_of(value)
    return None


def from_table(port_type: str, table: Any, device: torch.device) -> Any:
    """What a node receives: a `pyarrow.Table`, or a `Sound` whose samples are on `device`.

    Raises:
        WorkerError: WK-007, a sound's table is none.
    """
    return table if port_type == "TABLE" else _sound_of(table, device)


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
