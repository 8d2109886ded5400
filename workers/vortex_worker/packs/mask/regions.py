"""The connected parts of a mask, its holes and its edges. What is above a half is inside."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import torch

from vortex_worker.packs.image.pixels import unit
from vortex_worker.packs.mask.planes import Plane, each
from vortex_worker.sdk import Choices, Doc, Mask, Range, Tensor, Unit, node

Corners = Annotated[bool, Doc("Parts that touch at corners alone are one.")]


class Regions(NamedTuple):
    labels: Annotated[Tensor, Doc("0 outside, 1, 2, … within each part; int64 (batch, height, width).")]
    number: Annotated[int, Doc("Of all parts, over the batch.")]


@node("mask.regions", category="region", title="Number the parts")
def regions(mask: Mask, corners: Corners = False) -> Regions:
    """Tell the connected parts of a mask apart."""
    from scipy import ndimage

    found = [ndimage.label(plane, _structure(corners)) for plane in (mask > 0.5).cpu().numpy()]
    labels = np.stack([labelled for labelled, _ in found]).astype(np.int64)
    return Regions(torch.from_numpy(labels).to(mask.device), sum(int(count) for _, count in found))


@node("mask.parts", category="region", title="Parts one by one")
def parts(mask: Mask, corners: Corners = False) -> list[Mask]:
    """Each connected part of the first mask as a mask: what takes one runs once for each."""
    labels, count = regions(mask[:1], corners)
    if count > 1000:
        raise ValueError(f"the mask has {count} parts, more than 1000; remove the small ones")
    return [(labels == number).to(torch.float32) for number in range(1, count + 1)]


@node("mask.keep_large", category="region", title="Keep large parts")
def keep_large(
    mask: Mask,
    area: Annotated[int, Range(0, 2**31), Unit("px"), Doc("Smaller parts go away.")] = 64,
    corners: Corners = False,
) -> Mask:
    """Remove the connected parts that are smaller than some number of pixels."""

    def kept(labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        result: np.ndarray = (sizes >= area)[labels]
        return result

    return each(mask, lambda plane: _by_size(plane, corners, kept))


@node("mask.largest", category="region", title="Largest part")
def largest(mask: Mask, corners: Corners = False) -> Mask:
    """The largest connected part alone; of equal ones the one farther up."""
    return each(mask, lambda plane: _by_size(plane, corners, lambda labels, sizes: labels == int(sizes.argmax())))


@node("mask.fill_holes", category="region")
def fill_holes(mask: Mask) -> Mask:
    """Fill what the mask encloses on all sides."""
    from scipy import ndimage

    return each(mask, ndimage.binary_fill_holes)


@node("mask.outline", category="region")
def outline(
    mask: Mask,
    thickness: Annotated[int, Range(1, 100), Unit("px")] = 1,
    side: Annotated[str, Choices("inside", "outside", "both")] = "inside",
) -> Mask:
    """The pixels along the edge."""
    from scipy import ndimage

    def edge(plane: Plane) -> Plane:
        grown = ndimage.binary_dilation(plane, iterations=thickness) if side != "inside" else plane
        shrunk = ndimage.binary_erosion(plane, iterations=thickness, border_value=1) if side != "outside" else plane
        return np.asarray(grown & ~shrunk)

    return each(mask, edge)


@node("mask.distance", category="region", title="Distance to the edge")
def distance(
    mask: Mask,
    reach: Annotated[float, Range(0.5, 16384.0), Unit("px"), Doc("What is so far within becomes 1.")] = 32.0,
) -> Mask:
    """How far within the mask each pixel lies, as a mask that rises from the edge."""
    from scipy import ndimage

    return unit(each(mask, ndimage.distance_transform_edt) / reach)


@node("mask.hull", category="region", title="Convex hull")
def hull(mask: Mask) -> Mask:
    """The smallest form without dents that holds the mask."""
    return each(mask, _hull)


def _hull(plane: Plane) -> Plane:
    from scipy.spatial import ConvexHull, QhullError

    inside = np.argwhere(plane)
    if len(inside) < 3:
        return plane
    # Pixels are squares: their corners, not their centres, are what is to be held.
    corners = np.concatenate([inside + shift for shift in ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5))])
    try:
        faces = ConvexHull(corners).equations
    except QhullError:
        return plane
    rows, columns = np.indices(plane.shape)
    held = np.ones(plane.shape, bool)
    for a, b, offset in np.unique(faces, axis=0):
        held &= a * rows + b * columns + offset <= 1e-9
    return held


def _structure(corners: bool) -> np.ndarray:
    from scipy import ndimage

    return np.asarray(ndimage.generate_binary_structure(2, 2 if corners else 1))


def _by_size(plane: Plane, corners: bool, keep: object) -> Plane:
    from scipy import ndimage

    labels, _ = ndimage.label(plane, _structure(corners))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(keep(labels, sizes) & plane)  # type: ignore[operator]
