"""Tables and sounds that an execution gave, as Arrow has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vortex_prefect.shm.arrow_stream import SAMPLE_RATE, read_stream

if TYPE_CHECKING:
    import pyarrow


class Table:
    """A table; its bytes come when they are first asked for, or lie in the arena that this process maps.

    Attributes:
        type: the port's type, `TABLE` say.
    """

    def __init__(self, type: str, read: Callable[[], memoryview]) -> None:
        self.type = type
        self._read = read
        self._table: pyarrow.Table | None = None

    def arrow(self) -> pyarrow.Table:
        """The table for pyarrow, without a copy where it lies on this machine.

        Raises:
            VortexError: RQ-006, it is no longer held.
        """
        if self._table is None:
            self._table = read_stream(self._read())
        return self._table

    def rows(self) -> list[dict[str, Any]]:
        """The rows as Python values."""
        found: list[dict[str, Any]] = self.arrow().to_pylist()
        return found

    def __len__(self) -> int:
        return int(self.arrow().num_rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.type, bytes(self._read()))

    def __repr__(self) -> str:
        return f"<{self.type}>"


class Sound(Table):
    """A sound: a column for each channel."""

    @property
    def rate(self) -> int:
        """Frames a second."""
        return int(self.arrow().schema.metadata[SAMPLE_RATE])

    def numpy(self) -> npt.NDArray[np.float32]:
        """The samples: float32 (channel, frame), full scale is −1..1."""
        return np.stack([column.to_numpy() for column in self.arrow().columns])


def table_of(type: str, read: Callable[[], memoryview]) -> Table:
    """A `Sound` where the type is AUDIO, else a `Table`; `read` gives the Arrow stream."""
    return (Sound if type == "AUDIO" else Table)(type, read)


def _restored(kind: type[Table], type: str, stream: bytes) -> Table:
    return kind(type, lambda: memoryview(stream))
