"""Channels apart and together."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.audio.sounds import require_same_rate
from vortex_worker.sdk import Audio, Doc, Many, Range, Sound, node


@node("audio.to_mono", category="channel", title="To mono")
def to_mono(audio: Audio) -> Audio:
    """The mean of all channels."""
    return audio.with_samples(audio.samples.mean(0, keepdim=True))


@node("audio.channel", category="channel", title="One channel")
def channel(audio: Audio, index: Annotated[int, Range(0, 1023), Doc("Counted from 0.")] = 0) -> Audio:
    """One channel of several."""
    if index >= audio.channels:
        raise ValueError(f"there is no channel {index} among {audio.channels}, counted from 0")
    return audio.with_samples(audio.samples[index : index + 1])


@node("audio.merge", category="channel", title="Merge channels")
def merge(sounds: Many[Audio]) -> Audio:
    """The channels of all sounds in one; the shorter ones end in silence."""
    rate = require_same_rate(sounds)
    frames = max(sound.frames for sound in sounds)
    parts = [torch.nn.functional.pad(sound.samples, (0, frames - sound.frames)) for sound in sounds]
    return Sound(torch.cat(parts), rate)


@node("audio.pan", category="channel")
def pan(audio: Audio, position: Annotated[float, Range(-1.0, 1.0), Doc("−1 is left, 1 is right.")] = 0.0) -> Audio:
    """Place a sound between left and right, equally loud everywhere."""
    mono = audio.samples.mean(0)
    angle = torch.tensor((position + 1) * torch.pi / 4)
    return audio.with_samples(torch.stack([mono * torch.cos(angle), mono * torch.sin(angle)]))
