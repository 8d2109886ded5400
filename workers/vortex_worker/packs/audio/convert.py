"""Between sounds and tensors."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.audio.sounds import Rate
from vortex_worker.sdk import Audio, Doc, Sound, Tensor, node


@node("audio.to_tensor", category="convert", title="Sound to tensor")
def to_tensor(audio: Audio) -> Tensor:
    """The samples as float32 of shape (channel, frame)."""
    return audio.samples


@node("audio.from_tensor", category="convert", title="Tensor to sound")
def from_tensor(
    tensor: Annotated[Tensor, Doc("(frame) or (channel, frame), full scale is −1..1.")], rate: Rate = 44100
) -> Audio:
    """Use a tensor as a sound."""
    if tensor.is_complex() or tensor.ndim not in (1, 2) or (tensor.ndim == 2 and not 1 <= len(tensor) <= 64):
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is no sound of 1 to 64 channels")
    values = tensor.unsqueeze(0) if tensor.ndim == 1 else tensor
    return Sound(values.to(torch.float32), rate)
