"""Seeds, and the random numbers drawn from them."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.sdk import Doc, Range, Widget

Seed = Annotated[int, Range(0, 2**64 - 1), Widget("seed"), Doc("The same seed gives the same result, on every device.")]


def generator(seed: int) -> torch.Generator:
    """A generator on the CPU, whose numbers do not depend on the device that they are used on."""
    return torch.Generator().manual_seed(seed % 2**64)
