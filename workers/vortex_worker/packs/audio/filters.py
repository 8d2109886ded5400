"""What frequencies pass."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch

from vortex_worker.packs.audio.sounds import Seconds, factor_of, frames_of
from vortex_worker.sdk import Audio, Choices, Doc, Range, Sound, Unit, node

_KINDS = {"lowpass": "lowpass", "highpass": "highpass", "bandpass": "bandpass", "bandstop": "bandstop"}


@node("audio.filter", category="filter")
def filter_(
    audio: Audio,
    kind: Annotated[str, Choices(*_KINDS)] = "lowpass",
    frequency: Annotated[
        float, Range(0.001, 500_000.0), Unit("Hz"), Doc("Where 3 dB are lost; the lower of a band.")
    ] = 1000.0,
    high: Annotated[float, Range(0.001, 500_000.0), Unit("Hz"), Doc("Upper end of a band.")] = 2000.0,
    order: Annotated[int, Range(1, 16), Doc("6 dB an octave each.")] = 4,
    both_ways: Annotated[bool, Doc("Once more backwards: no delay, twice the order.")] = False,
) -> Audio:
    """Let a part of the frequencies pass, by Butterworth's filter."""
    import scipy.signal

    band = kind.startswith("band")
    half = audio.rate / 2
    if frequency >= half or (band and not frequency < high < half):
        wanted = f"{frequency:g} … {high:g}" if band else f"{frequency:g}"
        raise ValueError(f"{wanted} Hz is no {kind} below {half:g} Hz, which is half the rate")
    edges = [frequency, high] if band else frequency
    sections = scipy.signal.butter(order, edges, kind, output="sos", fs=audio.rate)
    samples = audio.samples.detach().cpu().double().numpy()
    if not audio.frames:
        return audio
    found = scipy.signal.sosfilt(sections, samples, axis=1)
    if both_ways:
        found = np.flip(scipy.signal.sosfilt(sections, np.flip(found, 1), axis=1), 1)
    return _like(audio, found)


@node("audio.preemphasis", category="filter", title="Pre-emphasis")
def preemphasis(audio: Audio, amount: Annotated[float, Range(0.0, 1.0)] = 0.97) -> Audio:
    """Each sample minus a share of the one before: brings out what is high, for speech."""
    before = torch.nn.functional.pad(audio.samples, (1, 0))[:, : audio.frames]
    return audio.with_samples(audio.samples - amount * before)


@node("audio.delay", category="filter", title="Echo")
def delay(
    audio: Audio,
    time: Annotated[Seconds, Doc("Between two echoes.")] = 0.3,
    decay: Annotated[float, Range(-60.0, 0.0), Unit("dB"), Doc("Of each echo against the one before.")] = -6.0,
    echoes: Annotated[int, Range(0, 100)] = 3,
) -> Audio:
    """Add echoes, for which the sound becomes longer."""
    gap = frames_of(time, audio.rate)
    total = audio.samples.new_zeros(audio.channels, audio.frames + echoes * gap)
    for echo in range(echoes + 1):
        total[:, echo * gap : echo * gap + audio.frames] += factor_of(decay) ** echo * audio.samples
    return audio.with_samples(total)


@node("audio.convolve", category="filter", title="Convolve sounds")
def convolve(
    audio: Audio, response: Annotated[Audio, Doc("What a room answers to a click, say; one channel, or as many.")]
) -> Audio:
    """A sound through the response of a room or a loudspeaker; as much longer as that is."""
    if audio.rate != response.rate:
        raise ValueError(f"sounds of {audio.rate} and {response.rate} Hz do not go together; resample first")
    if response.channels not in (1, audio.channels):
        raise ValueError(f"a response of {response.channels} channels is none for {audio.channels}")
    if not audio.frames or not response.frames:
        return audio.with_samples(audio.samples[:, :0])
    length = audio.frames + response.frames - 1
    # By a length of which FFTs are fast.
    fast = 1 << (length - 1).bit_length()
    spectrum = torch.fft.rfft(audio.samples, n=fast) * torch.fft.rfft(response.samples, n=fast)
    return audio.with_samples(torch.fft.irfft(spectrum, n=fast)[:, :length])


def _like(audio: Sound, samples: np.ndarray) -> Sound:
    found = torch.from_numpy(np.ascontiguousarray(samples, np.float32)).to(audio.samples.device)
    return audio.with_samples(found)
