"""Channels apart and together, and what an image measures."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.image.pixels import require_same_size, rgb, unit
from vortex_worker.sdk import Doc, Image, Mask, node


class Channels(NamedTuple):
    red: Mask
    green: Mask
    blue: Mask


class Info(NamedTuple):
    width: Annotated[int, Doc("In pixels.")]
    height: Annotated[int, Doc("In pixels.")]
    batch: Annotated[int, Doc("Number of images.")]
    channels: int


@node("image.channel_split", category="channel")
def channel_split(image: Image) -> Channels:
    """Take red, green and blue apart, each as a mask."""
    red, green, blue = (unit(channel).contiguous() for channel in rgb(image).unbind(-1))
    return Channels(red, green, blue)


@node("image.channel_merge", category="channel")
def channel_merge(red: Mask, green: Mask, blue: Mask) -> Image:
    """Make a colour image of three masks."""
    require_same_size(red=red, green=green, blue=blue)
    batch = max(len(red), len(green), len(blue))
    return unit(torch.stack([channel.expand(batch, -1, -1) for channel in (red, green, blue)], dim=-1))


@node("image.info", category="channel")
def info(image: Image) -> Info:
    """Tell the size of an image."""
    batch, height, width, channels = image.shape
    return Info(width, height, batch, channels)
