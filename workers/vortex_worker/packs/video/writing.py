"""Pictures and sound into a film."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
import torch

from vortex_worker.packs.image.pixels import rgb, unit
from vortex_worker.sdk import Audio, Choices, Context, Doc, Image, Range, Sound, node

#: codec → (FFmpeg's encoder, pixel format, files that take it).
_CODECS = {
    "h264": ("libx264", "yuv420p", (".mp4", ".mkv", ".mov")),
    "h265": ("libx265", "yuv420p", (".mp4", ".mkv", ".mov")),
    "vp9": ("libvpx-vp9", "yuv420p", (".webm", ".mkv")),
    "mpeg4": ("mpeg4", "yuv420p", (".mp4", ".mkv", ".avi", ".mov")),
    "lossless": ("ffv1", "bgr0", (".mkv", ".avi")),
}
_CONTAINERS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov", ".webm": "webm", ".avi": "avi"}


@node("video.save", category="file", title="Save video", volatile=True)
def save(
    image: Annotated[Image, Doc("A picture of the film each.")],
    ctx: Context,
    audio: Annotated[Audio | None, Doc("The film's sound.")] = None,
    rate: Annotated[float, Range(0.1, 1000.0), Doc("Pictures a second.")] = 24.0,
    codec: Annotated[str, Choices(*_CODECS), Doc("Lossless keeps every pixel, in MKV and AVI.")] = "h264",
    quality: Annotated[int, Range(0, 51), Doc("0 is best; of h264, h265 and vp9.")] = 20,
    filename: Annotated[str, Doc("Ends in .mp4, .mkv, .mov, .webm or .avi.")] = "video.mp4",
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
) -> Path:
    """Write a batch of pictures as a film; odd sizes lose a row or a column, unless it is lossless."""
    encoder, pixels, endings = _CODECS[codec]
    ending = PurePosixPath(filename).suffix.lower()
    if ending not in endings:
        raise ValueError(f"{codec} goes into {', '.join(endings)}, not into {filename!r}")
    import av

    pictures = _whole_pairs(rgb(image)) if pixels == "yuv420p" else rgb(image)
    if 0 in pictures.shape:
        raise ValueError(f"pictures of {image.shape[2]}×{image.shape[1]} are too small for {codec}")
    file = io.BytesIO()
    try:
        with av.open(file, "w", format=_CONTAINERS[ending]) as container:
            stream = container.add_stream(encoder, rate=Fraction(rate).limit_denominator(1001))
            stream.height, stream.width, stream.pix_fmt = pictures.shape[1], pictures.shape[2], pixels
            # One thread, and the same bytes each time.
            stream.codec_context.thread_count = 1
            if codec in ("h264", "h265", "vp9"):
                stream.options = {"crf": str(quality), **({"b:v": "0"} if codec == "vp9" else {})}
            heard = _sound_stream(container, audio, ending) if audio is not None else None
            _write_pictures(container, stream, pictures, ctx)
            if audio is not None:
                _write_sound(container, heard, audio)
    except (av.FFmpegError, ValueError) as error:
        raise ValueError(f"the pictures have no form in {codec}: {error}") from error
    return ctx.write_output(filename, file.getvalue(), overwrite=overwrite)


def _write_pictures(container: Any, stream: Any, pictures: torch.Tensor, ctx: Context) -> None:
    import av

    for index, picture in enumerate(pictures):
        ctx.progress(index / len(pictures))
        samples = (unit(torch.nan_to_num(picture)) * 255).round().to(torch.uint8).cpu().contiguous().numpy()
        container.mux(stream.encode(av.VideoFrame.from_ndarray(samples, format="rgb24")))
    container.mux(stream.encode(None))


def _sound_stream(container: Any, audio: Sound, ending: str) -> Any:
    if audio.channels > 2:
        raise ValueError(f"a film has one or two channels of sound here, not {audio.channels}")
    if ending == ".webm" and audio.rate != 48000:
        raise ValueError(f"WebM has sound of 48000 Hz, not {audio.rate}; resample it")
    stream = container.add_stream("libopus" if ending == ".webm" else "aac", rate=audio.rate)
    stream.layout = "mono" if audio.channels == 1 else "stereo"
    return stream


def _write_sound(container: Any, stream: Any, audio: Sound) -> None:
    import av

    layout = "mono" if audio.channels == 1 else "stereo"
    samples = np.ascontiguousarray(audio.samples.detach().cpu().clamp(-1, 1).numpy())
    resampler = av.AudioResampler(format=stream.codec_context.format or "fltp", layout=layout, rate=audio.rate,
                                  frame_size=stream.codec_context.frame_size or None)  # fmt: skip
    heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    heard.sample_rate, heard.pts = audio.rate, 0
    for piece in (*resampler.resample(heard), *resampler.resample(None)):
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))


def _whole_pairs(image: torch.Tensor) -> torch.Tensor:
    """Without the last row and column of an odd number of such: colours are held for two by two pixels."""
    height, width = (length - length % 2 for length in image.shape[1:3])
    return image[:, :height, :width]
