"""When, and how fast."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import torch

from vortex_worker.packs.audio.sounds import Rate, Seconds, factor_of, frames_of, in_channels, require_same_rate
from vortex_worker.sdk import Audio, Doc, Many, Range, Sound, Unit, node


@node("audio.trim", category="time")
def trim(
    audio: Audio,
    start: Annotated[Seconds, Doc("What is before is cut off.")] = 0.0,
    duration: Annotated[Seconds, Doc("How much stays; 0 goes to the end.")] = 0.0,
) -> Audio:
    """Keep a part of a sound."""
    first = frames_of(start, audio.rate)
    last = first + frames_of(duration, audio.rate) if duration else audio.frames
    return audio.with_samples(audio.samples[:, first:last].contiguous())


@node("audio.trim_silence", category="time", title="Trim silence")
def trim_silence(
    audio: Audio,
    threshold: Annotated[float, Range(-120.0, 0.0), Unit("dB"), Doc("What is softer counts as silence.")] = -50.0,
    margin: Annotated[Seconds, Doc("How much silence stays at either end.")] = 0.05,
) -> Audio:
    """Cut silence off at both ends; of nothing but silence nothing is left."""
    loud = (audio.samples.abs().amax(0) > factor_of(threshold)).nonzero()
    if not len(loud):
        return audio.with_samples(audio.samples[:, :0])
    spare = frames_of(margin, audio.rate)
    first, last = max(0, int(loud[0]) - spare), int(loud[-1]) + 1 + spare
    return audio.with_samples(audio.samples[:, first:last].contiguous())


@node("audio.pad", category="time")
def pad(
    audio: Audio,
    before: Annotated[Seconds, Doc("Silence before.")] = 0.0,
    after: Annotated[Seconds, Doc("And after.")] = 0.0,
) -> Audio:
    """Add silence before and after."""
    ends = frames_of(before, audio.rate), frames_of(after, audio.rate)
    return audio.with_samples(torch.nn.functional.pad(audio.samples, ends))


@node("audio.concat", category="time", title="Join sounds")
def concat(sounds: Many[Audio], gap: Annotated[Seconds, Doc("Silence between two.")] = 0.0) -> Audio:
    """One sound after the other."""
    rate = require_same_rate(sounds)
    channels = max(sound.channels for sound in sounds)
    silence = sounds[0].samples.new_zeros(channels, frames_of(gap, rate))
    parts = [in_channels(sound, channels) for sound in sounds]
    return Sound(torch.cat([piece for part in parts for piece in (silence, part)][1:], 1), rate)


@node("audio.reverse", category="time")
def reverse(audio: Audio) -> Audio:
    """Play it backwards."""
    return audio.with_samples(audio.samples.flip(1))


@node("audio.resample", category="time")
def resample(audio: Audio, rate: Rate = 16000) -> Audio:
    """The same sound at another rate; what that rate cannot hold is filtered out before."""
    if rate == audio.rate:
        return audio
    import scipy.signal

    common = math.gcd(rate, audio.rate)
    up, down = rate // common, audio.rate // common
    if max(up, down) > 100_000:
        raise ValueError(f"{audio.rate} Hz and {rate} Hz have too little in common; go by a rate between them")
    if not audio.frames:
        return Sound(audio.samples, rate)
    found = scipy.signal.resample_poly(audio.samples.detach().cpu().numpy(), up, down, axis=1)
    return Sound(torch.from_numpy(np.ascontiguousarray(found, np.float32)).to(audio.samples.device), rate)


@node("audio.speed", category="time", title="Change speed")
def speed(
    audio: Audio, factor: Annotated[float, Range(0.1, 10.0), Doc("2 takes half the time, an octave higher.")] = 1.0
) -> Audio:
    """Play faster or slower, which changes the pitch too."""
    frames = round(audio.frames / factor)
    if frames < 1 or not audio.frames:
        return audio.with_samples(audio.samples[:, :0])
    # By the spectrum, which is exact for what repeats, and lets nothing alias.
    spectrum = torch.fft.rfft(audio.samples)
    return audio.with_samples(torch.fft.irfft(spectrum, n=frames) * (frames / audio.frames))
