"""Pictures, sound and figures out of a film."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch

from vortex_worker.packs.video.containers import opened, video_stream
from vortex_worker.sdk import Audio, Context, Doc, File, Image, Range, Sound, Unit, node

Film = Annotated[Path, File(), Doc("MP4, MKV, WebM, MOV, AVI, GIF, … as FFmpeg reads them.")]
#: Values of all pictures that one node holds: 4 GiB of float32.
_MOST_VALUES = 1 << 30


class Frames(NamedTuple):
    image: Annotated[Image, Doc("A picture of the batch each.")]
    rate: Annotated[float, Doc("Pictures a second, of those that were taken.")]


class Info(NamedTuple):
    width: int
    height: int
    rate: Annotated[float, Doc("Pictures a second.")]
    duration: Annotated[float, Doc("In seconds; 0 if the file does not say.")]
    codec: str
    has_sound: bool


@node("video.load", category="file", title="Load video")
def load(
    path: Film,
    ctx: Context,
    start: Annotated[int, Range(0, 2**31), Doc("The first picture, counted from 0.")] = 0,
    count: Annotated[int, Range(0, 100_000), Doc("How many pictures at most; 0 for all.")] = 0,
    every: Annotated[int, Range(1, 10_000), Doc("Take only each nth.")] = 1,
) -> Frames:
    """Read the pictures of a film as a batch."""
    with opened(path) as container:
        stream = video_stream(container, path)
        rate = float(stream.average_rate or 0.0)
        stop = start + count * every if count else None
        pictures: list[np.ndarray] = []
        for picture in itertools.islice(_pictures(container, stream), start, stop, every):
            if pictures and picture.shape != pictures[0].shape:
                raise ValueError(f"{path} changes its size at picture {start + len(pictures) * every}")
            if (len(pictures) + 1) * picture.size > _MOST_VALUES:
                raise ValueError(f"{path} has more pictures than fit into memory; read it in parts")
            pictures.append(picture)
            ctx.progress(len(pictures) / (count or max(stream.frames // every, len(pictures))))
    if not pictures:
        raise ValueError(f"{path} has no picture {start}")
    image = torch.from_numpy(np.stack(pictures)).to(ctx.device, torch.float32) / 255
    return Frames(image, rate / every)


@node("video.frame", category="file", title="One picture of a video")
def frame(
    path: Film, ctx: Context, time: Annotated[float, Range(0.0, 1e7), Unit("s"), Doc("Since the beginning.")] = 0.0
) -> Image:
    """The picture that is seen at some time."""
    with opened(path) as container:
        stream = video_stream(container, path)
        if stream.time_base and time:
            # To the key picture before; what lies between is decoded.
            container.seek(int(time / stream.time_base) + (stream.start_time or 0), stream=stream)
        begin = float((stream.start_time or 0) * (stream.time_base or 0))
        last = None
        for picture in container.decode(stream):
            at = picture.time
            if last is not None and at is not None and at - begin > time + 1e-6:
                break
            last = picture
        if last is None:
            raise ValueError(f"{path} has no picture at {time:g} s")
        pixels = last.to_ndarray(format="rgb24")
    return torch.from_numpy(pixels).unsqueeze(0).to(ctx.device, torch.float32) / 255


@node("video.info", category="file", title="About a video")
def info(path: Film) -> Info:
    """Tell size, rate and length of a film."""
    with opened(path) as container:
        stream = video_stream(container, path)
        duration = container.duration / 1_000_000 if container.duration else 0.0
        return Info(
            stream.width,
            stream.height,
            float(stream.average_rate or 0.0),
            duration,
            stream.codec_context.name,
            bool(container.streams.audio),
        )


@node("video.sound", category="file", title="Sound of a video")
def sound(path: Film, ctx: Context) -> Audio:
    """The sound of a film."""
    import av

    with opened(path) as container:
        if not container.streams.audio:
            raise ValueError(f"{path} has no sound")
        stream = container.streams.audio[0]
        rate = int(stream.rate)
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        parts = [piece.to_ndarray() for heard in container.decode(stream) for piece in resampler.resample(heard)]
        parts += [piece.to_ndarray() for piece in resampler.resample(None)]
    if not parts:
        raise ValueError(f"{path} has no sound")
    return Sound(torch.from_numpy(np.concatenate(parts, axis=1).astype(np.float32)).to(ctx.device), rate)


def _pictures(container: Any, stream: Any) -> Iterator[np.ndarray]:
    for picture in container.decode(stream):
        yield picture.to_ndarray(format="rgb24")
