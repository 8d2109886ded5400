"""References to tensors in the shared-memory arena. They travel; tensors do not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TensorRef:
    """Where a sealed tensor lies and how to read it.

    A block holds one Arrow IPC tensor message. Arrow has no bool, bfloat16 or
    fp8 tensors, so `dtype` names the torch type and the reader views the
    message's integers as that. What is no tensor, bytes
    and streams of tables, lies there as an array of bytes.
    """

    #: Id of the host whose arena holds the block.
    host: str
    #: Distinguishes this block from earlier ones at the same offset.
    generation: int
    #: Bytes from the start of the arena file; a multiple of 64.
    offset: int
    #: Length of the Arrow IPC message in bytes.
    nbytes: int
    shape: tuple[int, ...]
    #: Name of the torch dtype, without the `torch.` prefix.
    dtype: str
    #: CRC32 (IEEE) of the message; 0 where none was wanted.
    crc: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TensorRef:
        """Rebuild from `to_dict`."""
        return cls(**{**data, "shape": tuple(data["shape"])})
