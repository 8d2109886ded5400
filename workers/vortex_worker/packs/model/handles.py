"""Which model a value names, and its content, checked."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.models import resident_name
from vortex_worker.sdk import Context, open_input

T = TypeVar("T")

Format = Literal["onnx", "safetensors", "torchscript", "export", "weights"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Handle:
    """A file, what it holds, and the SHA-256 of its bytes."""

    path: str
    sha256: str
    format: Format
    nbytes: int

    def to_json(self) -> dict[str, Any]:
        """What flows along an edge."""
        return asdict(self)

    @classmethod
    def of(cls, model: Any) -> Handle:
        """The handle that came along an edge.

        Raises:
            ValueError: it is none.
        """
        try:
            found = cls(**model)
        except TypeError:
            raise ValueError(f"{model!r:.100} names no model; connect model.load") from None
        texts = all(isinstance(value, str) for value in (found.path, found.sha256))
        if not texts or found.format not in FORMATS or not isinstance(found.nbytes, int):
            raise ValueError(f"{model!r:.100} names no model; connect model.load")
        return found

    def require(self, *formats: Format) -> Handle:
        """The handle itself; ValueError unless it is of one of those formats."""
        if self.format not in formats:
            raise ValueError(f"{self.path} is {self.format}; this node takes {' or '.join(formats)}")
        return self


def read_checked(path: Path, sha256: str) -> bytes:
    """The bytes of a file, whose hash is what was promised; nothing else is ever loaded as a model.

    Raises:
        WorkerError: WK-009, they have another hash; WK-012, the file lies outside the permitted folders.
        OSError: it cannot be read.
    """
    with open_input(path) as file:
        data = file.read()
    require_hash(path, hashlib.sha256(data).hexdigest(), sha256)
    return data


def require_hash(path: Path, found: str, wanted: str) -> None:
    """Raises WorkerError WK-009 if two SHA-256 differ."""
    if found != wanted.strip().lower():
        raise WorkerError("WK-009", f"{path} has SHA-256 {found}, not {wanted.strip().lower()}")


def resident(ctx: Context, handle: Handle, load: Any, part: str = "") -> Any:
    """What `load` makes of the model's bytes, kept until memory is needed for another.

    Args:
        load: takes bytes and the handle.
        part: tells apart what two nodes make of one file.
    """
    name = resident_name(handle.to_json()) + part
    return ctx.resident(name, lambda: load(read_checked(Path(handle.path), handle.sha256), handle), handle.nbytes)
