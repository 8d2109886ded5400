"""Sounds between files and tensors, by libsndfile."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import Annotated

import numpy as np
import torch

from vortex_worker.packs.audio.sounds import MOST_SAMPLES, Seconds, frames_of
from vortex_worker.sdk import Audio, Choices, Context, Doc, File, Sound, node, open_input

_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3", ".aiff": "AIFF", ".aif": "AIFF"}
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}


@node("audio.load", category="file", title="Load sound")
def load(
    path: Annotated[Path, File(), Doc("WAV, FLAC, OGG, MP3, AIFF or what else libsndfile reads.")],
    ctx: Context,
    start: Annotated[Seconds, Doc("Where to begin.")] = 0.0,
    duration: Annotated[Seconds, Doc("How much at most; 0 reads to the end.")] = 0.0,
) -> Audio:
    """Read a sound, or a part of it, from a file."""
    import soundfile

    with open_input(path) as file:
        try:
            with soundfile.SoundFile(file) as opened:
                rate = opened.samplerate
                opened.seek(min(frames_of(start, rate), opened.frames))
                wanted = frames_of(duration, rate) if duration else opened.frames
                if min(wanted, opened.frames) * opened.channels > MOST_SAMPLES:
                    raise ValueError(f"{path} has more than {MOST_SAMPLES} samples; read it in parts")
                frames = opened.read(wanted, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise ValueError(f"{path} is no sound that can be read: {error}") from error
    return Sound(torch.from_numpy(np.ascontiguousarray(frames.T)).to(ctx.device), rate)


@node("audio.save", category="file", title="Save sound", volatile=True)
def save(
    audio: Audio,
    ctx: Context,
    filename: Annotated[
        str, Doc("Ends in .wav, .flac, .ogg, .mp3 or .aiff; within the execution's output folder.")
    ] = "sound.wav",
    bits: Annotated[str, Choices(*_SUBTYPES), Doc("Of each sample, in WAV; FLAC and AIFF have no float.")] = "16",
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
) -> Path:
    """Write a sound to a file; what is beyond −1..1 is clipped, unless samples are float."""
    import soundfile

    kind = _FORMATS.get(PurePosixPath(filename).suffix.lower())
    if kind is None:
        raise ValueError(f"{filename!r} ends in none of {', '.join(_FORMATS)}")
    subtype = _SUBTYPES[bits] if kind in ("WAV", "FLAC", "AIFF") else None
    frames = audio.samples.detach().cpu().T.numpy()
    if not np.isfinite(frames).all():
        raise ValueError("the sound holds NaN or an infinity")
    file = io.BytesIO()
    try:
        soundfile.write(file, frames, audio.rate, format=kind, subtype=subtype)
    except (soundfile.LibsndfileError, ValueError) as error:
        raise ValueError(
            f"{audio.channels} channels at {audio.rate} Hz with {bits} bits have no form in {kind}: {error}"
        ) from error
    return ctx.write_output(filename, file.getvalue(), overwrite=overwrite)
