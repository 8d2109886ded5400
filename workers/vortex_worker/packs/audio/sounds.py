"""What audio nodes share: rates, decibels, sounds that must go together."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.sdk import Doc, Range, Sound, Unit

#: Longer ones are cut up first: 4 GiB of float32.
MOST_SAMPLES = 1 << 30

Rate = Annotated[int, Range(100, 1_000_000), Unit("Hz"), Doc("Frames a second.")]
Seconds = Annotated[float, Range(0.0, 86400.0), Unit("s")]
Decibels = Annotated[float, Range(-200.0, 100.0), Unit("dB")]


def factor_of(decibels: float) -> float:
    """What samples are multiplied by: 20 dB are a factor of 10."""
    return float(10 ** (decibels / 20))


def frames_of(seconds: float, rate: int) -> int:
    """The nearest whole number of frames."""
    return round(seconds * rate)


def require_frames(sound: Sound, what: str) -> Sound:
    """The sound itself; ValueError if it has no length."""
    if not sound.frames:
        raise ValueError(f"the sound has no length, and so no {what}")
    return sound


def require_same_rate(sounds: list[Sound]) -> int:
    """The rate of all; ValueError if they differ."""
    rates = sorted({sound.rate for sound in sounds})
    if len(rates) > 1:
        raise ValueError(f"sounds of {' and '.join(map(str, rates))} Hz do not go together; resample first")
    return rates[0]


def in_channels(sound: Sound, channels: int) -> torch.Tensor:
    """The samples in a number of channels: those of one channel are repeated.

    Raises:
        ValueError: it has another number, above 1.
    """
    if sound.channels not in (1, channels):
        raise ValueError(f"sounds of {sound.channels} and {channels} channels do not go together")
    return sound.samples.expand(channels, -1)
