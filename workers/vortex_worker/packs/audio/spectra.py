"""Which frequencies when."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from vortex_worker.packs.audio.sounds import require_frames
from vortex_worker.sdk import Audio, Choices, Doc, Image, Range, Sound, Tensor, Unit, node

Window = Annotated[int, Range(16, 65536), Doc("Frames of each spectrum.")]
Hop = Annotated[int, Range(1, 65536), Doc("Frames from one to the next.")]
#: Where the mel scale of Slaney turns from linear to logarithmic; 1000 Hz are 15 mel.
_BREAK_HZ, _BREAK_MEL, _STEP = 1000.0, 15.0, math.log(6.4) / 27.0


@node("audio.spectrogram", category="spectrum")
def spectrogram(
    audio: Audio,
    window: Window = 1024,
    hop: Hop = 256,
    scale: Annotated[str, Choices("magnitude", "power", "decibels")] = "magnitude",
) -> Tensor:
    """Strength by (channel, frequency, time): Hann windows around each hop, zeros beyond the ends."""
    magnitude = _stft(audio, window, hop).abs()
    return _scaled(magnitude.square(), scale)


@node("audio.mel", category="spectrum", title="Mel spectrogram")
def mel(
    audio: Audio,
    bands: Annotated[int, Range(1, 512)] = 80,
    window: Window = 1024,
    hop: Hop = 256,
    low: Annotated[float, Range(0.0, 500_000.0), Unit("Hz")] = 0.0,
    high: Annotated[float, Range(0.0, 500_000.0), Unit("Hz"), Doc("0 is half the rate.")] = 0.0,
    scale: Annotated[str, Choices("magnitude", "power", "decibels")] = "power",
) -> Tensor:
    """Power by (channel, mel band, time); bands of equal area.

    Source: M. Slaney, Auditory Toolbox, Technical Report 1998-010.
    """
    power = _stft(audio, window, hop).abs().square()
    return _scaled(_bank(audio, bands, window, low, high).to(power) @ power, scale)


@node("audio.mfcc", category="spectrum", title="Cepstral coefficients")
def mfcc(
    audio: Audio,
    coefficients: Annotated[int, Range(1, 128)] = 13,
    bands: Annotated[int, Range(1, 512)] = 40,
    window: Window = 1024,
    hop: Hop = 256,
) -> Tensor:
    """Cepstral coefficients of the mel spectrogram in dB, by (channel, coefficient, time)."""
    if coefficients > bands:
        raise ValueError(f"{bands} bands have no {coefficients} coefficients")
    decibels = mel(audio, bands, window, hop, scale="decibels")
    places = (torch.arange(bands, dtype=torch.float64) + 0.5) * (math.pi / bands)
    cosine = torch.cos(torch.arange(coefficients, dtype=torch.float64).unsqueeze(1) * places)
    cosine *= math.sqrt(2 / bands)
    cosine[0] /= math.sqrt(2)
    result: torch.Tensor = cosine.to(decibels) @ decibels
    return result


@node("audio.spectrogram_image", category="spectrum", title="Spectrogram as picture")
def spectrogram_image(
    audio: Audio,
    window: Window = 1024,
    hop: Hop = 256,
    range_: Annotated[float, Range(1.0, 200.0), Unit("dB"), Doc("From white down to black.")] = 80.0,
) -> Image:
    """A grey picture of the first channel: time to the right, frequency upwards."""
    decibels = spectrogram(Sound(audio.samples[:1], audio.rate), window, hop, "decibels")[0]
    grey = ((decibels - decibels.amax()) / range_ + 1).clamp(0, 1).flip(0)
    result: torch.Tensor = grey[None, :, :, None].expand(-1, -1, -1, 3).contiguous()
    return result


@node("audio.pitch", category="spectrum")
def pitch(
    audio: Audio,
    low: Annotated[float, Range(20.0, 20_000.0), Unit("Hz")] = 60.0,
    high: Annotated[float, Range(20.0, 20_000.0), Unit("Hz")] = 1000.0,
    window: Window = 2048,
    hop: Hop = 512,
) -> Tensor:
    """Frequency of the voice in Hz for each hop of the first channel; 0 where there is none.

    Source: by the autocorrelation of each window, divided by that of its window (P. Boersma, 1993).
    """
    require_frames(audio, "pitch")
    shortest, longest = int(audio.rate / high), math.ceil(audio.rate / low)
    if shortest < 2 or shortest >= longest or longest >= window // 2:
        raise ValueError(f"windows of {window} frames at {audio.rate} Hz tell no pitch in {low:g} … {high:g} Hz")
    shape = torch.hann_window(window, device=audio.samples.device)
    padded = torch.nn.functional.pad(audio.samples[0], (window // 2, window // 2))
    pieces = padded.unfold(0, window, hop)
    pieces = (pieces - pieces.mean(1, keepdim=True)) * shape
    own = _autocorrelation(shape.unsqueeze(0))
    found = _autocorrelation(pieces) / (own / own[:, :1])
    strength = found[:, shortest : longest + 1] / found[:, :1].clamp(min=1e-9)
    best = strength.amax(1, keepdim=True)
    # The shortest period that is nearly as good, lest an octave below be taken.
    near = (strength >= 0.95 * best) & _is_peak(strength)
    place = torch.where(near.any(1), near.int().argmax(1), strength.argmax(1))
    frequency = audio.rate / (place + shortest + _offset(strength, place))
    return torch.where((best[:, 0] > 0.5) & (found[:, 0] > 1e-6), frequency, torch.zeros_like(frequency))


def _autocorrelation(rows: torch.Tensor) -> torch.Tensor:
    length = rows.shape[1]
    spectrum = torch.fft.rfft(rows, n=2 * length)
    result: torch.Tensor = torch.fft.irfft(spectrum.abs().square())[:, : length // 2]
    return result


def _is_peak(values: torch.Tensor) -> torch.Tensor:
    inner = (values[:, 1:-1] >= values[:, :-2]) & (values[:, 1:-1] >= values[:, 2:])
    return torch.nn.functional.pad(inner, (1, 1))


def _offset(values: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Where between samples a parabola through three of them has its top."""
    inside = place.clamp(1, values.shape[1] - 2).unsqueeze(1)
    left, middle, right = (values.gather(1, inside + step)[:, 0] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    found = (left - right) / (2 * torch.where(bend.abs() > 1e-12, bend, 1))
    return torch.where(place == inside[:, 0], found.clamp(-0.5, 0.5), 0)


def _stft(audio: Sound, window: int, hop: int) -> torch.Tensor:
    require_frames(audio, "spectrum")
    shape = torch.hann_window(window, device=audio.samples.device)
    return torch.stft(audio.samples, window, hop, window=shape, center=True, pad_mode="constant", return_complex=True)


def _scaled(power: torch.Tensor, scale: str) -> torch.Tensor:
    if scale == "decibels":
        return 10 * torch.log10(power.clamp(min=1e-10))
    return power.sqrt() if scale == "magnitude" else power


def _bank(audio: Sound, bands: int, window: int, low: float, high: float) -> torch.Tensor:
    """Triangles (band, frequency) of area 1, evenly spaced in mel."""
    half = audio.rate / 2
    top = high or half
    if not low < top <= half:
        raise ValueError(f"{low:g} … {top:g} Hz is no range below {half:g} Hz, which is half the rate")
    centres = _to_hz(torch.linspace(_to_mel(low), _to_mel(top), bands + 2, dtype=torch.float64))
    frequency = torch.linspace(0, half, window // 2 + 1, dtype=torch.float64)
    rising = (frequency - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None]
    falling = (centres[2:, None] - frequency) / (centres[2:] - centres[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0) * (2 / (centres[2:] - centres[:-2]))[:, None]


def _to_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < _BREAK_HZ else _BREAK_MEL + math.log(hz / _BREAK_HZ) / _STEP


def _to_hz(mel: torch.Tensor) -> torch.Tensor:
    return torch.where(mel < _BREAK_MEL, mel * 200 / 3, _BREAK_HZ * torch.exp(_STEP * (mel - _BREAK_MEL)))
