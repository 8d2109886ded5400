"""Sounds out of nothing."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from vortex_worker.packs.audio.sounds import MOST_SAMPLES, Rate, Seconds, frames_of
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Audio, Choices, Context, Doc, Range, Sound, Unit, node

Channels = Annotated[int, Range(1, 64)]


@node("audio.silence", category="source")
def silence(ctx: Context, duration: Seconds = 1.0, rate: Rate = 44100, channels: Channels = 1) -> Audio:
    """Nothing to be heard."""
    return Sound(torch.zeros(channels, _frames(duration, rate, channels), device=ctx.device), rate)


@node("audio.tone", category="source")
def tone(
    ctx: Context,
    frequency: Annotated[float, Range(0.0, 500_000.0), Unit("Hz")] = 440.0,
    duration: Seconds = 1.0,
    wave: Annotated[str, Choices("sine", "square", "saw", "triangle")] = "sine",
    amplitude: Annotated[float, Range(0.0, 1.0)] = 0.5,
    rate: Rate = 44100,
) -> Audio:
    """A wave of one frequency."""
    # In doubles: after an hour at 440 Hz a float32 would be wrong by a tenth of a turn.
    turns = torch.arange(_frames(duration, rate, 1), dtype=torch.float64) * (frequency / rate)
    phase = turns - turns.floor()
    values = {
        "sine": torch.sin(2 * math.pi * phase),
        "square": torch.where(phase < 0.5, 1.0, -1.0),
        "saw": 2 * ((phase + 0.5) % 1.0) - 1,
        "triangle": 1 - 4 * (((phase + 0.25) % 1.0) - 0.5).abs(),
    }[wave]
    return Sound((amplitude * values).to(ctx.device, torch.float32).unsqueeze(0), rate)


@node("audio.noise", category="source", title="Noise")
def noise(
    ctx: Context,
    duration: Seconds = 1.0,
    color: Annotated[
        str, Choices("white", "pink", "brown"), Doc("Pink falls by 3 dB an octave, brown by 6.")
    ] = "white",
    amplitude: Annotated[float, Range(0.0, 1.0), Doc("Of the greatest sample.")] = 0.5,
    rate: Rate = 44100,
    seed: Seed = 0,
) -> Audio:
    """Noise whose power falls with the frequency, or does not."""
    count = _frames(duration, rate, 1)
    values = torch.randn(count, generator=generator(seed))
    if color != "white" and count > 1:
        spectrum = torch.fft.rfft(values)
        frequency = torch.arange(len(spectrum), dtype=torch.float32).clamp(min=1)
        shaped = spectrum / (frequency if color == "brown" else frequency.sqrt())
        shaped[0] = 0
        values = torch.fft.irfft(shaped, n=count)
    peak = values.abs().amax() if count else values.new_ones(())
    return Sound((values * (amplitude / peak.clamp(min=1e-12))).to(ctx.device).unsqueeze(0), rate)


def _frames(duration: float, rate: int, channels: int) -> int:
    frames = frames_of(duration, rate)
    if frames * channels > MOST_SAMPLES:
        raise ValueError(f"{duration:g} s of {channels} channels at {rate} Hz are more than {MOST_SAMPLES} samples")
    return frames
