"""How loud."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.audio.sounds import Decibels, Seconds, factor_of, frames_of, in_channels, require_same_rate
from vortex_worker.sdk import Audio, Choices, Doc, Json, Many, Range, node

#: What silence is said to have: less than half a step of 24 bits.
_SILENCE_DB = -200.0


class Level(NamedTuple):
    peak: Annotated[float, Doc("In dB of full scale; −200 is silence.")]
    rms: Annotated[float, Doc("In dB of full scale; a full sine has −3.01.")]
    clipped: Annotated[int, Doc("Samples at or beyond full scale.")]


class Info(NamedTuple):
    duration: Annotated[float, Doc("In seconds.")]
    rate: Annotated[int, Doc("Frames a second.")]
    channels: int
    frames: int


@node("audio.info", category="level")
def info(audio: Audio) -> Info:
    """Tell how long a sound is, its rate and its channels."""
    return Info(audio.frames / audio.rate, audio.rate, audio.channels, audio.frames)


@node("audio.measure", category="level", title="Measure level")
def measure(audio: Audio) -> Level:
    """How loud a sound is, over all channels and its whole length."""
    if not audio.frames:
        return Level(_SILENCE_DB, _SILENCE_DB, 0)
    samples = _sound(audio.samples)
    return Level(
        _decibels(float(samples.abs().amax())),
        _decibels(float(samples.double().square().mean().sqrt())),
        int((samples.abs() >= 1.0).sum()),
    )


@node("audio.gain", category="level")
def gain(audio: Audio, decibels: Decibels = 0.0) -> Audio:
    """Make louder or softer; nothing is clipped here."""
    return audio.with_samples(audio.samples * factor_of(decibels))


@node("audio.normalize", category="level")
def normalize(
    audio: Audio,
    level: Annotated[float, Range(-100.0, 0.0), Doc("In dB of full scale.")] = -1.0,
    by: Annotated[str, Choices("peak", "rms")] = "peak",
) -> Audio:
    """Bring the whole sound to a level; silence stays as it is."""
    found = measure(audio)
    now = found.peak if by == "peak" else found.rms
    return audio if now <= _SILENCE_DB else gain(audio, max(-200.0, level - now))


@node("audio.fade", category="level")
def fade(
    audio: Audio,
    fade_in: Seconds = 0.0,
    fade_out: Seconds = 0.0,
    shape: Annotated[str, Choices("linear", "sine"), Doc("Sine: of equal power where two overlap.")] = "linear",
) -> Audio:
    """Let a sound come out of silence and go back to it."""
    envelope = torch.ones(audio.frames, device=audio.samples.device)
    for seconds, at_end in ((fade_in, False), (fade_out, True)):
        count = min(frames_of(seconds, audio.rate), audio.frames)
        ramp = torch.arange(count, device=envelope.device) / max(count, 1)
        ramp = torch.sin(ramp * (math.pi / 2)) if shape == "sine" else ramp
        if at_end:
            envelope[audio.frames - count :] *= ramp.flip(0)
        else:
            envelope[:count] *= ramp
    return audio.with_samples(audio.samples * envelope)


@node("audio.mix", category="level")
def mix(
    sounds: Many[Audio],
    gains: Annotated[Json, Doc("One in dB for each sound; empty leaves all as they are.")] = (),
) -> Audio:
    """Play several sounds at once; as long as the longest. Nothing is clipped here."""
    require_same_rate(sounds)
    factors = [1.0] * len(sounds)
    if gains:
        valid = isinstance(gains, list | tuple) and all(isinstance(g, int | float) and -200 <= g <= 100 for g in gains)
        if not valid or len(gains) != len(sounds):
            raise ValueError(f"gains is a list of {len(sounds)} numbers in −200..100, not {gains!r:.60}")
        factors = [factor_of(each) for each in gains]
    channels = max(sound.channels for sound in sounds)
    total = sounds[0].samples.new_zeros(channels, max(sound.frames for sound in sounds))
    for sound, factor in zip(sounds, factors, strict=True):
        total[:, : sound.frames] += factor * in_channels(sound, channels)
    return sounds[0].with_samples(total)


@node("audio.limit", category="level", title="Limit")
def limit(
    audio: Audio,
    threshold: Annotated[float, Range(-60.0, 0.0), Doc("In dB of full scale.")] = -1.0,
    shape: Annotated[str, Choices("hard", "soft"), Doc("Soft bends (tanh) where hard cuts.")] = "hard",
) -> Audio:
    """Keep every sample within a level."""
    most = factor_of(threshold)
    if shape == "soft":
        return audio.with_samples(torch.tanh(audio.samples / most) * most)
    return audio.with_samples(audio.samples.clamp(-most, most))


def _decibels(value: float) -> float:
    return max(_SILENCE_DB, 20 * math.log10(value)) if value > 0 else _SILENCE_DB


def _sound(samples: torch.Tensor) -> torch.Tensor:
    if not bool(torch.isfinite(samples).all()):
        raise ValueError("the sound holds NaN or an infinity")
    return samples
