"""Masks: float32 (batch, height, width) in 0..1, where 1 is inside."""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.filters import gaussian
from vortex_worker.packs.image.pixels import luma, require_same_size, rgb, unit
from vortex_worker.sdk import Choices, Doc, Image, Mask, Range, Step, Unit, Widget, node


@node("image.threshold", category="mask")
def threshold(
    image: Image,
    value: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("Luma from here up is inside.")] = 0.5,
) -> Mask:
    """Select the bright parts."""
    return (luma(image) >= value).to(image.dtype)


@node("image.mask_from_image", category="mask")
def mask_from_image(
    image: Image,
    channel: Annotated[str, Choices("luma", "red", "green", "blue"), Doc("What becomes the mask.")] = "luma",
) -> Mask:
    """Use the luma or one channel of an image as a mask."""
    if channel == "luma":
        return unit(luma(image)).contiguous()
    return unit(rgb(image)[..., ("red", "green", "blue").index(channel)]).contiguous()


@node("image.mask_to_image", category="mask")
def mask_to_image(mask: Mask) -> Image:
    """Show a mask as a grey image."""
    return unit(mask.unsqueeze(-1).expand(-1, -1, -1, 3)).contiguous()


@node("image.mask_invert", category="mask")
def mask_invert(mask: Mask) -> Mask:
    """Swap inside and outside."""
    return unit(1 - mask)


@node("image.mask_blur", category="mask", title="Feather mask")
def mask_blur(
    mask: Mask,
    radius: Annotated[
        float, Range(0.0, 100.0), Step(0.5), Unit("px"), Widget("slider"), Doc("Standard deviation of the Gaussian.")
    ] = 4.0,
) -> Mask:
    """Soften the border of a mask."""
    return unit(gaussian(mask.unsqueeze(1), radius)[:, 0])


@node("image.mask_combine", category="mask")
def mask_combine(
    a: Mask,
    b: Mask,
    operation: Annotated[
        str, Choices("union", "intersection", "difference"), Doc("Difference is what is in a but not in b.")
    ] = "union",
) -> Mask:
    """Join two masks, or cut one by the other."""
    require_same_size(a=a, b=b)
    if operation == "union":
        return unit(torch.maximum(a, b))
    return unit(torch.minimum(a, b if operation == "intersection" else 1 - b))


@node("image.morphology", category="mask")
def morphology(
    mask: Mask,
    operation: Annotated[
        str, Choices("dilate", "erode", "open", "close"), Doc("Open removes specks, close fills holes.")
    ] = "dilate",
    radius: Annotated[
        int, Range(0, 100), Unit("px"), Widget("slider"), Doc("The square's side is twice this, and one.")
    ] = 2,
) -> Mask:
    """Grow or shrink a mask by a square."""
    if operation == "dilate":
        return unit(_dilated(mask, radius))
    if operation == "erode":
        return unit(_eroded(mask, radius))
    if operation == "open":
        return unit(_dilated(_eroded(mask, radius), radius))
    return unit(_eroded(_dilated(mask, radius), radius))


def _dilated(mask: torch.Tensor, radius: int) -> torch.Tensor:
    side = 2 * radius + 1
    # The maximum over a square is that over its columns of that over its rows: 2 × side steps, not side².
    rows = F.max_pool2d(mask.unsqueeze(1), (1, side), stride=1, padding=(0, radius))
    return F.max_pool2d(rows, (side, 1), stride=1, padding=(radius, 0))[:, 0]


def _eroded(mask: torch.Tensor, radius: int) -> torch.Tensor:
    return 1 - _dilated(1 - mask, radius)
