"""The pictures of a film among themselves; a batch is a film."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import unit
from vortex_worker.sdk import Choices, Doc, Image, Range, Tensor, node


@node("video.retime", category="frames", title="Change the number of pictures")
def retime(
    image: Image,
    count: Annotated[int, Range(1, 100_000), Doc("Of the new film; both ends stay.")] = 48,
    mode: Annotated[str, Choices("nearest", "blend"), Doc("Blend fades from one picture to the next.")] = "blend",
) -> Image:
    """Make a film longer or shorter."""
    if count * image[0].numel() > 1 << 30:
        raise ValueError(f"{count} pictures of this size do not fit into memory")
    places = torch.linspace(0, len(image) - 1, count, dtype=torch.float64)
    if mode == "nearest":
        return unit(image[places.round().long().to(image.device)])
    left = places.floor().long().clamp(max=max(len(image) - 2, 0))
    share = (places - left).to(image).view(-1, 1, 1, 1)
    right = (left + 1).clamp(max=len(image) - 1)
    return unit(torch.lerp(image[left.to(image.device)], image[right.to(image.device)], share))


@node("video.changes", category="frames", title="How much pictures change")
def changes(image: Image) -> Tensor:
    """For each picture but the first the mean difference to the one before: high where a scene ends."""
    if len(image) < 2:
        raise ValueError("one picture alone does not change")
    return (image[1:] - image[:-1]).abs().mean((1, 2, 3))


@node("video.average", category="frames", title="Long exposure")
def average(
    image: Image,
    operation: Annotated[
        str, Choices("mean", "median", "lighten", "darken"), Doc("Median takes away what moves.")
    ] = "mean",
) -> Image:
    """One picture of all pictures of a film."""
    match operation:
        case "median":
            return unit(image.quantile(0.5, dim=0, keepdim=True) if len(image) > 1 else image)
        case "lighten":
            return unit(image.amax(0, keepdim=True))
        case "darken":
            return unit(image.amin(0, keepdim=True))
    return unit(image.mean(0, keepdim=True))
