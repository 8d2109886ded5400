"""Neighbourhoods: blurs, sharpening, edges. Beyond the image's border its edge goes on."""

from __future__ import annotations

from typing import Annotated

import kornia.filters
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import luma, to_image, to_planes, unit
from vortex_worker.sdk import Choices, Context, Doc, Image, Range, Step, Unit, Widget, node

#: Window values that one step of the median may hold: 256 MiB as float32.
_MEDIAN_VALUES = 1 << 26
#: Wider than the windows of Sobel, Laplace and Canny (5 + 3) together.
_EDGE_MARGIN = 8


@node("image.blur", category="filter")
def blur(
    image: Image,
    radius: Annotated[
        float, Range(0.0, 100.0), Step(0.5), Unit("px"), Widget("slider"), Doc("Standard deviation of the Gaussian.")
    ] = 4.0,
) -> Image:
    """Gaussian blur."""
    return to_image(gaussian(to_planes(image), radius))


@node("image.box_blur", category="filter")
def box_blur(
    image: Image,
    radius: Annotated[
        int, Range(0, 100), Unit("px"), Widget("slider"), Doc("The square's side is twice this, and one.")
    ] = 4,
) -> Image:
    """Replace every pixel by the mean of the square around it."""
    side = 2 * radius + 1
    planes = F.pad(to_planes(image), [radius] * 4, mode="replicate")
    return to_image(F.avg_pool2d(F.avg_pool2d(planes, (side, 1), stride=1), (1, side), stride=1))


@node("image.median", category="filter")
def median(
    image: Image,
    ctx: Context,
    radius: Annotated[int, Range(0, 10), Unit("px"), Doc("The square's side is twice this, and one.")] = 1,
) -> Image:
    """Replace every pixel by the median of the square around it, which removes specks and keeps edges."""
    side = 2 * radius + 1
    planes = F.pad(to_planes(image), [radius] * 4, mode="replicate")
    height, row_values = image.shape[1], side * side * image[:, 0].numel()
    rows = max(1, _MEDIAN_VALUES // row_values)
    done = image.clone(memory_format=torch.contiguous_format)
    for top in range(0, height, rows):
        ctx.progress(top / height)
        if top:
            ctx.preview(done)
        windows = planes[:, :, top : top + rows + 2 * radius].unfold(2, side, 1).unfold(3, side, 1)
        done[:, top : top + rows] = windows.flatten(-2).median(dim=-1).values.movedim(1, -1)
    return unit(done)


@node("image.sharpen", category="filter")
def sharpen(
    image: Image,
    amount: Annotated[float, Range(0.0, 10.0), Step(0.1), Widget("slider"), Doc("0 changes nothing.")] = 1.0,
    radius: Annotated[float, Range(0.0, 100.0), Step(0.5), Unit("px"), Doc("Size of the details to lift.")] = 2.0,
    threshold: Annotated[
        float, Range(0.0, 1.0), Step(0.01), Doc("Smaller differences are left alone, such as noise.")
    ] = 0.0,
) -> Image:
    """Unsharp mask: add what a Gaussian blur takes away."""
    planes = to_planes(image)
    detail = planes - gaussian(planes, radius)
    if threshold > 0:
        detail = torch.where(detail.abs() >= threshold, detail, 0.0)
    return to_image(torch.add(planes, detail, alpha=amount))


@node("image.edges", category="filter")
def edges(
    image: Image,
    method: Annotated[str, Choices("sobel", "canny", "laplacian")] = "sobel",
    low: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Canny: weaker edges are dropped.")] = 0.05,
    high: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Canny: stronger edges are kept.")] = 0.1,
) -> Image:
    """Draw edges in white on black. A step from black to white counts as 1."""
    # Kornia reflects at some borders, which an image of one pixel does not allow.
    plane = F.pad(luma(image).unsqueeze(1), [_EDGE_MARGIN] * 4, mode="replicate")
    if method == "sobel":
        found = kornia.filters.sobel(plane, eps=0.0) * 2
    elif method == "laplacian":
        found = kornia.filters.laplacian(plane, 3, normalized=False).abs() / 3
    else:
        # Its gradients are Sobel's without the factor 1/4.
        found = kornia.filters.canny(plane / 4, min(low, high), max(low, high))[1]
    found = found[..., _EDGE_MARGIN:-_EDGE_MARGIN, _EDGE_MARGIN:-_EDGE_MARGIN]
    return to_image(found.expand(-1, 3, -1, -1))


def gaussian(planes: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian of (batch, channel, height, width) with standard deviation `sigma` pixels, cut off at 3 sigma."""
    if sigma <= 0:
        return planes
    side = 2 * max(1, round(3 * sigma)) + 1
    return kornia.filters.gaussian_blur2d(planes, (side, side), (sigma, sigma), border_type="replicate")
