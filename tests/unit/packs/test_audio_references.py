"""Audio nodes beside libsndfile, SciPy, NumPy and formulas."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal
import soundfile
import torch

from vortex_worker.packs.audio import channels, convert, files, filters, levels, sources, spectra, time
from vortex_worker.sdk import Context, Sound

RATE = 8000


def sound(samples: Any, rate: int = RATE) -> Sound:
    return Sound(torch.as_tensor(np.atleast_2d(np.asarray(samples, np.float32)).copy()), rate)


def sine(frequency: float, frames: int = RATE, rate: int = RATE, phase: float = 0.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(frames) / rate + phase)


NOISE = np.random.default_rng(5).normal(size=(2, 3000)).astype(np.float32) * 0.1
EMPTY = Sound(torch.zeros(2, 0), RATE)


def close(found: Sound, expected: Any, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(found.samples.numpy(), np.atleast_2d(expected), atol=atol)


# -- files ---------------------------------------------------------------------------------


def test_wav_is_what_the_wave_module_reads(ctx: Context) -> None:
    path = files.save(sound(NOISE), ctx)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        frames = np.frombuffer(file.readframes(3000), "<i2").reshape(-1, 2).T / 32768
    np.testing.assert_allclose(frames, NOISE, atol=2 / 32768)
    found = files.load(path, ctx)
    assert found.rate == RATE
    close(found, frames)


@pytest.mark.parametrize(("name", "bits", "tolerance"), [
    ("x.flac", "24", 1e-6), ("x.wav", "float", 0), ("x.aiff", "16", 1e-4), ("x.ogg", "16", 0.5), ("x.mp3", "16", 0.5),
])  # fmt: skip
def test_other_formats(ctx: Context, name: str, bits: str, tolerance: float) -> None:
    rate = 44100 if name.endswith(("ogg", "mp3")) else RATE
    path = files.save(sound(NOISE, rate), ctx, name, bits)
    data, found_rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert found_rate == rate
    np.testing.assert_allclose(data.T[:, :3000], NOISE, atol=tolerance)
    close(files.load(path, ctx), data.T, atol=0)


def test_a_part_of_a_file(ctx: Context) -> None:
    path = files.save(sound(NOISE), ctx, bits="float")
    close(files.load(path, ctx, start=0.1, duration=0.05), NOISE[:, 800:1200])
    assert files.load(path, ctx, start=60.0).frames == 0


@pytest.mark.parametrize(
    "data", [b"", b"RIFF\x00\x00\x00\x00WAVE", b"fLaC" + bytes(40), b"OggS" + b"\xff" * 90, b"text"]
)
def test_what_is_no_sound_is_named(tmp_path: Path, ctx: Context, data: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"broken\.wav is no sound"):
        files.load(path, ctx)


def test_a_cut_file_gives_what_is_there_or_an_error(tmp_path: Path, ctx: Context) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, NOISE.T, RATE, format="FLAC")
    path = tmp_path / "cut.flac"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(ValueError, match="is no sound"):
        files.load(path, ctx)


def test_what_cannot_be_saved_is_said(ctx: Context) -> None:
    with pytest.raises(ValueError, match="ends in none of"):
        files.save(sound(NOISE), ctx, "x.exe")
    with pytest.raises(ValueError, match="NaN"):
        files.save(sound([np.nan]), ctx)
    with pytest.raises(ValueError, match="have no form in MP3"):
        files.save(sound(np.zeros((20, 10))), ctx, "x.mp3")
    assert files.load(files.save(EMPTY, ctx), ctx).frames == 0


# -- sources -------------------------------------------------------------------------------


def test_sources_are_what_they_are_called(ctx: Context) -> None:
    turns = 2 * np.pi * 100 * np.arange(RATE) / RATE + 1e-9
    shapes = {"sine": np.sin(turns), "square": scipy.signal.square(turns), "saw": scipy.signal.sawtooth(turns + np.pi),
              "triangle": scipy.signal.sawtooth(turns + np.pi / 2, 0.5)}  # fmt: skip
    for name, expected in shapes.items():
        found = sources.tone(ctx, 100.0, 1.0, name, 0.5, RATE)
        close(found, 0.5 * expected, atol=1e-4)
    assert sources.silence(ctx, 0.5, RATE, 2).samples.shape == (2, 4000)
    with pytest.raises(ValueError, match="more than"):
        sources.silence(ctx, 86400.0, 192000, 8)


@pytest.mark.parametrize(("color", "slope"), [("white", 0.0), ("pink", -1.0), ("brown", -2.0)])
def test_noise_falls_as_its_color_says(ctx: Context, color: str, slope: float) -> None:
    found = sources.noise(ctx, 30.0, color, 0.5, RATE, 3)
    assert float(found.samples.abs().amax()) == pytest.approx(0.5)
    frequency, power = scipy.signal.welch(found.samples[0].numpy(), RATE, nperseg=2048)
    band = (frequency > 50) & (frequency < 3000)
    assert np.polyfit(np.log10(frequency[band]), np.log10(power[band]), 1)[0] == pytest.approx(slope, abs=0.1)


# -- levels --------------------------------------------------------------------------------


def test_levels() -> None:
    found = levels.measure(sound(sine(100)))
    assert found.peak == pytest.approx(0, abs=1e-4)
    assert found.rms == pytest.approx(20 * np.log10(np.sqrt(0.5)), abs=1e-4)
    assert levels.measure(EMPTY) == (-200, -200, 0)
    assert levels.measure(sound([0.5, 1.0, -1.5])).clipped == 2
    assert levels.info(sound(NOISE)) == (0.375, RATE, 2, 3000)
    close(levels.gain(sound(NOISE), -20.0), NOISE / 10)
    close(levels.normalize(sound(NOISE), -6.0), NOISE / np.abs(NOISE).max() * 10 ** (-6 / 20))
    rms = np.sqrt(np.mean(NOISE.astype(np.float64) ** 2))
    close(levels.normalize(sound(NOISE), -20.0, "rms"), NOISE / rms / 10)
    for quiet in (EMPTY, sound(np.zeros(5))):
        assert torch.equal(levels.normalize(quiet).samples, quiet.samples)
    with pytest.raises(ValueError, match="NaN"):
        levels.measure(sound([np.nan]))
    close(levels.limit(sound(NOISE), -20.0), np.clip(NOISE, -0.1, 0.1))
    close(levels.limit(sound(NOISE), -20.0, "soft"), 0.1 * np.tanh(NOISE / 0.1))


def test_fades() -> None:
    found = levels.fade(sound(np.ones(1000)), 0.05, 0.025)
    expected = np.ones(1000)
    expected[:400] = np.arange(400) / 400
    expected[800:] = np.arange(200)[::-1] / 200
    close(found, expected)
    curved = levels.fade(sound(np.ones(1000)), 0.1, 0.0, "sine").samples[0]
    np.testing.assert_allclose(curved[:800].numpy(), np.sin(np.arange(800) / 800 * np.pi / 2), atol=1e-6)
    assert levels.fade(sound(np.ones(10)), 1.0, 1.0).samples.isfinite().all()


def test_mix() -> None:
    short = sine(50, 1000)
    expected = NOISE.copy()
    expected[:, :1000] += short * 10 ** (-3 / 20)
    close(levels.mix([sound(NOISE), sound(short)], [0, -3]), expected)
    with pytest.raises(ValueError, match="list of 2 numbers"):
        levels.mix([sound(NOISE), sound(short)], [0])
    with pytest.raises(ValueError, match="8000 and 44100 Hz"):
        levels.mix([sound(NOISE), sound(short, 44100)])
    with pytest.raises(ValueError, match="2 and 3 channels"):
        levels.mix([sound(NOISE), sound(np.zeros((3, 5)))])


# -- time ----------------------------------------------------------------------------------


def test_cutting_and_joining() -> None:
    close(time.trim(sound(NOISE), 0.1, 0.2), NOISE[:, 800:2400])
    close(time.trim(sound(NOISE), 0.1), NOISE[:, 800:])
    assert time.trim(sound(NOISE), 9.0).frames == 0
    padded = time.pad(sound(NOISE), 0.01, 0.02)
    close(padded, np.pad(NOISE, ((0, 0), (80, 160))))
    close(time.trim_silence(padded, -120.0, 0.0), NOISE)
    assert time.trim_silence(padded, margin=0.005).frames == 3080
    assert time.trim_silence(sound(np.zeros(9))).frames == 0
    close(time.reverse(sound(NOISE)), NOISE[:, ::-1])
    joined = time.concat([sound(NOISE), sound(np.ones(10))], 0.01)
    close(joined, np.concatenate([NOISE, np.zeros((2, 80)), np.ones((2, 10))], 1))


@pytest.mark.parametrize("rate", [16000, 4000, 11025])
def test_resampled_sines_are_sines(rate: int) -> None:
    found = time.resample(sound(sine(440)), rate)
    assert (found.rate, found.frames) == (rate, rate)
    middle = slice(rate // 10, -rate // 10)
    np.testing.assert_allclose(found.samples[0].numpy()[middle], sine(440, rate, rate)[middle], atol=5e-3)


def test_resampling_leaves_out_what_does_not_fit() -> None:
    found = time.resample(sound(sine(3500)), 4000)
    assert levels.measure(time.trim(found, 0.1, 0.8)).rms < -50
    assert time.resample(EMPTY, 4000).rate == 4000
    with pytest.raises(ValueError, match="too little in common"):
        time.resample(sound(NOISE, 999_983), 999_979)


def test_speed_changes_the_pitch() -> None:
    close(time.speed(sound(sine(200)), 2.0), sine(400, 4000), atol=1e-3)
    close(time.speed(sound(sine(200)), 0.5), sine(100, 16000), atol=1e-3)
    assert time.speed(EMPTY, 2.0).frames == 0


# -- channels ------------------------------------------------------------------------------


def test_channels() -> None:
    close(channels.to_mono(sound(NOISE)), NOISE.mean(0))
    close(channels.channel(sound(NOISE), 1), NOISE[1])
    close(channels.merge([sound(NOISE), sound(np.ones(5))]), np.vstack([NOISE, np.pad(np.ones(5), (0, 2995))]))
    with pytest.raises(ValueError, match="no channel 2"):
        channels.channel(sound(NOISE), 2)
    for position, left, right in ((-1.0, 1.0, 0.0), (0.0, 0.5**0.5, 0.5**0.5), (1.0, 0.0, 1.0)):
        close(channels.pan(sound(np.ones(3)), position), [[left] * 3, [right] * 3])
    close(convert.from_tensor(torch.as_tensor(NOISE), RATE), NOISE)
    assert torch.equal(convert.to_tensor(sound(NOISE)), torch.as_tensor(NOISE))
    with pytest.raises(ValueError, match="is no sound"):
        convert.from_tensor(torch.zeros(2, 2, 2))


# -- filters -------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency", [250.0, 1000.0, 2500.0])
@pytest.mark.parametrize("order", [1, 4])
def test_butterworth_loses_what_its_formula_says(frequency: float, order: int) -> None:
    def warped(f: float) -> float:
        return float(np.tan(np.pi * f / RATE))

    ratio = (warped(frequency) / warped(1000)) ** (2 * order)
    for kind, expected in (("lowpass", 1 / np.sqrt(1 + ratio)), ("highpass", 1 / np.sqrt(1 + 1 / ratio))):
        found = filters.filter_(sound(sine(frequency)), kind, 1000.0, order=order).samples[0, 4000:]
        assert float(found.square().mean().sqrt() * 2**0.5) == pytest.approx(expected, abs=2e-3)


def test_bands_and_both_ways() -> None:
    low, inside = sound(sine(100)), sound(sine(1400))
    for kind, kept, lost in (("bandpass", inside, low), ("bandstop", low, inside)):
        assert levels.measure(time.trim(filters.filter_(kept, kind), 0.5)).rms == pytest.approx(-3.01, abs=0.2)
        assert levels.measure(time.trim(filters.filter_(lost, kind), 0.5)).rms < -40
    straight = filters.filter_(sound(sine(100)), "lowpass", 1000.0, both_ways=True).samples[0, 1000:-1000]
    np.testing.assert_allclose(straight.numpy(), sine(100)[1000:-1000], atol=1e-3)
    for frequency, high in ((4000.0, 5000.0), (2000.0, 1000.0)):
        with pytest.raises(ValueError, match="half the rate"):
            filters.filter_(inside, "bandpass", frequency, high)
    assert filters.filter_(EMPTY).frames == 0


def test_echoes_and_convolution() -> None:
    found = filters.delay(sound(NOISE), 0.05, -20.0, 2)
    expected = np.zeros((2, 3800))
    for echo in range(3):
        expected[:, echo * 400 : echo * 400 + 3000] += NOISE * 0.1**echo
    close(found, expected)
    response = np.random.default_rng(1).normal(size=100)
    close(filters.convolve(sound(NOISE), sound(response)), [np.convolve(row, response) for row in NOISE], atol=1e-4)
    close(filters.preemphasis(sound(NOISE)), scipy.signal.lfilter([1, -0.97], [1], NOISE, axis=1))
    assert filters.convolve(sound(NOISE), sound(np.zeros((2, 0)))).frames == 0
    with pytest.raises(ValueError, match="resample first"):
        filters.convolve(sound(NOISE), sound(response, 1234))


# -- spectra -------------------------------------------------------------------------------


def spectra_of(samples: np.ndarray, window: int, hop: int) -> np.ndarray:
    """(frequency, time) of zero-padded, Hann-windowed pieces."""
    padded = np.pad(samples, window // 2)
    pieces = [padded[at : at + window] for at in range(0, len(padded) - window + 1, hop)]
    return np.abs(np.fft.rfft(np.array(pieces) * scipy.signal.get_window("hann", window))).T


def test_spectrogram() -> None:
    expected = np.stack([spectra_of(row, 256, 64) for row in NOISE])
    np.testing.assert_allclose(spectra.spectrogram(sound(NOISE), 256, 64).numpy(), expected, atol=1e-4)
    decibels = spectra.spectrogram(sound(NOISE), 256, 64, "decibels").numpy()
    np.testing.assert_allclose(decibels, 10 * np.log10(np.maximum(expected**2, 1e-10)), atol=2e-2)
    with pytest.raises(ValueError, match="no length"):
        spectra.spectrogram(EMPTY)


def slaney_bank(bands: int, window: int) -> np.ndarray:
    """Straight from the definition: 200/3 Hz a mel up to 1 kHz, then 27 mel for a factor of 6.4."""

    def hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    top = 15 + 27 * np.log(RATE / 2 / 1000) / np.log(6.4)
    edges = [hz(mel) for mel in np.linspace(0, top, bands + 2)]
    frequency = np.fft.rfftfreq(window, 1 / RATE)
    return np.array([
        np.interp(frequency, [left, middle, right], [0, 1, 0]) * 2 / (right - left)
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False)
    ])  # fmt: skip


def test_mel_and_cepstrum() -> None:
    power = slaney_bank(40, 512) @ spectra_of(NOISE[0], 512, 128) ** 2
    found = spectra.mel(sound(NOISE[0]), 40, 512, 128)
    np.testing.assert_allclose(found[0].numpy(), power, rtol=1e-3)
    cepstrum = scipy.fft.dct(10 * np.log10(power), axis=0, norm="ortho")[:13]
    np.testing.assert_allclose(spectra.mfcc(sound(NOISE[0]), 13, 40, 512, 128)[0].numpy(), cepstrum, atol=2e-2)
    with pytest.raises(ValueError, match="no 13 coefficients"):
        spectra.mfcc(sound(NOISE), 13, 12)
    with pytest.raises(ValueError, match="no range"):
        spectra.mel(sound(NOISE), low=5000.0)


def test_picture_shows_the_tone_where_it_is() -> None:
    picture = spectra.spectrogram_image(sound(sine(1000)), 256, 64)
    assert picture.shape[1:] == (129, 126, 3)
    column = picture[0, :, 60, 0]
    assert int(column.argmax()) == 128 - round(1000 / (RATE / 256))
    assert float(picture.min()) >= 0
    assert float(picture.max()) == 1


@pytest.mark.parametrize("frequency", [110.0, 233.1, 440.0, 880.0])
def test_pitch(frequency: float) -> None:
    rich = sine(frequency) + 0.5 * sine(2 * frequency, phase=1) + 0.3 * sine(3 * frequency, phase=2)
    found = spectra.pitch(sound(0.3 * rich))[3:-3]
    np.testing.assert_allclose(found.numpy(), frequency, rtol=5e-3)
    assert float(spectra.pitch(sound(np.zeros(RATE))).max()) == 0
    assert float(spectra.pitch(sound(NOISE[0]))[1:-1].max()) == 0
    with pytest.raises(ValueError, match="tell no pitch"):
        spectra.pitch(sound(rich), low=20.0, window=256)
