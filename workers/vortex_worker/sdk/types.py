"""Port types as Python annotations.

Images are float32 of shape (batch, height, width, channel) in 0..1; masks are
float32 of shape (batch, height, width) in 0..1. Tables are immutable, and what
comes in a tensor or a sound must not be written to: it lies in shared memory.
"""

from __future__ import annotations

import typing
from collections.abc import Generator
from typing import Annotated, TypeVar

import pyarrow
import torch

from vortex_worker.sdk.annotations import Port
from vortex_worker.sdk.calls import Progress
from vortex_worker.sdk.sound import Sound
from vortex_worker.sdk.steering import Steering

Image = Annotated[torch.Tensor, Port("IMAGE")]
Mask = Annotated[torch.Tensor, Port("MASK")]
Latent = Annotated[torch.Tensor, Port("LATENT")]
Tensor = Annotated[torch.Tensor, Port("TENSOR")]
Table = Annotated[pyarrow.Table, Port("TABLE")]
Audio = Annotated[Sound, Port("AUDIO")]
#: Of any length, since they lie in the arena; a copy of one's own.
Bytes = Annotated[bytes, Port("BYTES")]
#: Says which model, as JSON; the model itself stays in the worker that loads it.
Model = Annotated[dict[str, typing.Any], Port("MODEL")]
#: What steers a model: tensors by name, and JSON beside them.
Conditioning = Annotated[Steering, Port("CONDITIONING")]
#: Any value: a tensor, a table, a sound or a JSON value.
Any = Annotated[typing.Any, Port("ANY")]
#: A JSON value, as a port (as a parameter, annotate `Json` with a default).
Json = Annotated[typing.Any, Port("JSON")]

T = TypeVar("T")
#: Any number of edges into one port; the argument is a list, in the order of the edges.
Many = Annotated[list[T], Port("", list=True)]
#: What a node that yields its progress gives in the end: `-> Steps[Image]`.
Steps = Generator[float | Progress, None, T]
