"""Port types as Python annotations.

Images are float32 of shape (batch, height, width, channel) in 0..1; masks are
float32 of shape (batch, height, width) in 0..1.
"""

from __future__ import annotations

import typing
from typing import Annotated, TypeVar

import torch

from vortex_worker.sdk.annotations import Port

Image = Annotated[torch.Tensor, Port("IMAGE")]
Mask = Annotated[torch.Tensor, Port("MASK")]
Latent = Annotated[torch.Tensor, Port("LATENT")]
Tensor = Annotated[torch.Tensor, Port("TENSOR")]
#: Any value: a tensor or a JSON value.
Any = Annotated[typing.Any, Port("ANY")]
#: A JSON value, as a port (as a parameter, annotate `Json` with a default).
Json = Annotated[typing.Any, Port("JSON")]

T = TypeVar("T")
#: Any number of edges into one port; the argument is a list, in the order of the edges.
Many = Annotated[list[T], Port("", list=True)]
