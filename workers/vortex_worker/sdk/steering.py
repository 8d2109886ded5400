"""What flows along an edge of type CONDITIONING."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True, slots=True, eq=False)
class Steering:
    """What steers a model: tensors by name, and a JSON value that says what they are for.

    Which there are is the business of the pack that makes and takes them.
    """

    #: Of any shape and type, on any device.
    tensors: Mapping[str, torch.Tensor]
    info: Mapping[str, Any] = field(default_factory=dict)
