"""Which pictures are in a batch."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import unit
from vortex_worker.sdk import Doc, Image, Json, Many, Range, node


@node("batch.join", category="batch", title="Join batches")
def join(images: Annotated[Many[Image], Doc("Of one size and number of channels.")]) -> Image:
    """One batch of all pictures, in the order of the edges."""
    return _joined(images)


@node("batch.from_list", category="batch", title="Batch of a list")
def from_list(images: list[Image]) -> Image:
    """One batch of a list of pictures."""
    if not images:
        raise ValueError("the list is empty, and a batch has a picture at least")
    return _joined(images)


@node("batch.items", category="batch", title="Pictures of a batch")
def items(image: Image) -> list[Image]:
    """The pictures of a batch one by one: what takes an image runs once for each."""
    return [picture.unsqueeze(0).clone() for picture in image]


@node("batch.select", category="batch", title="Some of a batch")
def select(
    image: Image, indices: Annotated[Json, Doc("Such as [0, -1]; below 0 counts from the end.")] = (0,)
) -> Image:
    """Some pictures of a batch, in that order."""
    if not isinstance(indices, list | tuple) or not indices or not all(type(index) is int for index in indices):
        raise ValueError(f"indices is a list of one or more whole numbers, not {indices!r:.60}")
    for index in indices:
        if not -len(image) <= index < len(image):
            raise ValueError(f"there is no picture {index} among {len(image)}")
    return unit(image[[index % len(image) for index in indices]])


@node("batch.repeat", category="batch")
def repeat(image: Image, count: Annotated[int, Range(1, 10_000)] = 2) -> Image:
    """The whole batch several times."""
    if image.numel() * count > 1 << 30:
        raise ValueError(f"{len(image) * count} pictures of this size do not fit into memory")
    return unit(image.repeat(count, 1, 1, 1))


def _joined(images: list[torch.Tensor]) -> torch.Tensor:
    if len({image.shape[1:] for image in images}) > 1:
        sizes = ", ".join(f"{image.shape[2]}×{image.shape[1]}×{image.shape[3]}" for image in images[:10])
        raise ValueError(f"pictures of {sizes} make no batch; resize them")
    return unit(torch.cat(images))
