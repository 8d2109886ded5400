"""What lenses and movement do, and how to undo it."""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import rgb, to_image, to_planes
from vortex_worker.sdk import Choices, Doc, Image, Json, Range, Step, Unit, node

_UNIT_SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@node("image.motion_blur", category="filter")
def motion_blur(
    image: Image,
    length: Annotated[int, Range(1, 200), Unit("px")] = 15,
    angle: Annotated[float, Range(-360.0, 360.0), Unit("°"), Doc("Counter-clockwise; 0 moves to the right.")] = 0.0,
) -> Image:
    """Blur along a line, as if the camera had moved."""
    kernel = _line(length, math.radians(angle)).to(image)
    planes = to_planes(image)
    reach = len(kernel) // 2
    padded = F.pad(planes, [reach] * 4, mode="replicate")
    flat = padded.reshape(-1, 1, *padded.shape[-2:])
    return to_image(F.conv2d(flat, kernel[None, None]).reshape(planes.shape))


@node("image.chromatic_aberration", category="effect")
def chromatic_aberration(
    image: Image,
    amount: Annotated[
        float, Range(-0.1, 0.1), Step(0.001), Doc("How much larger red is than green, and green than blue.")
    ] = 0.005,
) -> Image:
    """Show red larger and blue smaller than green, as simple lenses do."""
    planes = to_planes(rgb(image))
    grid = _grid(planes)
    shifted = [
        F.grid_sample(planes[:, i : i + 1], grid / (1 + scale), padding_mode="border", align_corners=False)
        for i, scale in enumerate((amount, 0.0, -amount))
    ]
    return to_image(torch.cat(shifted, 1))


@node("image.lens_distortion", category="transform")
def lens_distortion(
    image: Image,
    k1: Annotated[float, Range(-1.0, 1.0), Step(0.01), Doc("Above 0: a cushion; below: a barrel.")] = 0.1,
    k2: Annotated[float, Range(-1.0, 1.0), Step(0.01), Doc("Of the fourth power of the radius.")] = 0.0,
) -> Image:
    """Bend straight lines, or straighten bent ones, by Brown's radial model; 1 is half the diagonal."""
    planes = to_planes(image)
    height, width = planes.shape[-2:]
    grid = _grid(planes)
    diagonal = math.hypot(height, width)
    radius = ((grid[..., 0] * width / diagonal).square() + (grid[..., 1] * height / diagonal).square()).unsqueeze(-1)
    bent = grid * (1 + k1 * radius + k2 * radius.square())
    return to_image(F.grid_sample(planes, bent, padding_mode="border", align_corners=False))


@node("image.perspective", category="transform")
def perspective(
    image: Image,
    corners: Annotated[
        Json, Doc("Four pairs [x, y] in 0..1 in the picture: upper left, upper right, lower right, lower left.")
    ] = _UNIT_SQUARE,
    direction: Annotated[
        str, Choices("to_square", "from_square"), Doc("From: put the picture into the four corners.")
    ] = ("to_square"),
) -> Image:
    """Stretch four corners of a picture to its whole, to look straight at a page say; black lies beyond."""
    found = _quad(corners)
    square = torch.tensor(_UNIT_SQUARE, dtype=torch.float64)
    pair = (square, found) if direction == "to_square" else (found, square)
    return to_image(_warped(to_planes(image), _homography(*pair)))


@node("image.affine", category="transform")
def affine(
    image: Image,
    scale: Annotated[float, Range(0.01, 100.0), Step(0.05)] = 1.0,
    angle: Annotated[float, Range(-360.0, 360.0), Unit("°"), Doc("Counter-clockwise.")] = 0.0,
    shear: Annotated[float, Range(-80.0, 80.0), Unit("°"), Doc("How far upright lines lean to the right.")] = 0.0,
    x: Annotated[float, Range(-2.0, 2.0), Doc("Shift to the right; 1 is the width.")] = 0.0,
    y: Annotated[float, Range(-2.0, 2.0), Doc("Shift down; 1 is the height.")] = 0.0,
) -> Image:
    """Scale, shear, turn about the centre and shift, in that order; the size stays, black lies beyond."""
    planes = to_planes(image)
    height, width = planes.shape[-2:]
    turn, lean = math.radians(angle), math.tan(math.radians(shear))
    # In pixels from the centre, y down: so the angle counts the other way.
    forward = torch.tensor(
        [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], dtype=torch.float64
    ) @ torch.tensor([[scale, -lean * scale], [0.0, scale]], dtype=torch.float64)
    back = torch.linalg.inv(forward)
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64)
    shift = torch.tensor([x * width, y * height], dtype=torch.float64)
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[:2, :2] = back
    matrix[:2, 2] = half - back @ (half + shift)
    sizes = torch.diag(torch.tensor([width, height, 1.0], dtype=torch.float64))
    return to_image(_warped(planes, torch.linalg.inv(sizes) @ matrix @ sizes))


def _grid(planes: torch.Tensor) -> torch.Tensor:
    """Where `grid_sample` finds each pixel: (batch, height, width, 2) from −1 to 1, x first."""
    height, width = planes.shape[-2:]
    x = (torch.arange(width, dtype=planes.dtype, device=planes.device) + 0.5) * (2 / width) - 1
    y = (torch.arange(height, dtype=planes.dtype, device=planes.device) + 0.5) * (2 / height) - 1
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    return grid.expand(len(planes), -1, -1, -1)


def _warped(planes: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Planes read where the matrix sends each place in 0..1."""
    grid = ((_grid(planes) + 1) / 2).double()
    homogeneous = torch.cat([grid, torch.ones_like(grid[..., :1])], -1) @ matrix.T.to(grid.device)
    depth = homogeneous[..., 2:]
    # What lies behind the eye is beyond the picture.
    places = torch.where(depth > 1e-9, homogeneous[..., :2] / depth.clamp(min=1e-9), 9.0)
    return F.grid_sample(planes, (places * 2 - 1).to(planes.dtype), padding_mode="zeros", align_corners=False)


def _homography(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The matrix that sends four points to four others.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, section 4.1.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    try:
        found = torch.linalg.solve(torch.tensor(rows, dtype=torch.float64), torch.tensor(right, dtype=torch.float64))
    except RuntimeError:  # LinAlgError is one
        raise ValueError("three of the corners lie on one line") from None
    return torch.cat([found, found.new_ones(1)]).reshape(3, 3)


def _quad(corners: Any) -> torch.Tensor:
    pairs = isinstance(corners, list | tuple) and len(corners) == 4
    if not pairs or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in corners):
        raise ValueError("corners are four pairs [x, y]")
    if not all(isinstance(value, int | float) and -2 <= value <= 3 for pair in corners for value in pair):
        raise ValueError("corners are numbers in −2..3")
    return torch.tensor(corners, dtype=torch.float64)


def _line(length: int, turn: float) -> torch.Tensor:
    """A kernel of a line through its centre, each of its steps shared by the four pixels around."""
    reach = (length + 1) // 2
    side = 2 * reach + 1
    kernel = torch.zeros(side, side, dtype=torch.float64)
    for step in range(length):
        along = step - (length - 1) / 2
        x, y = reach + along * math.cos(turn), reach - along * math.sin(turn)
        left, top = math.floor(x), math.floor(y)
        for row, column, weight in (
            (top, left, (left + 1 - x) * (top + 1 - y)), (top, left + 1, (x - left) * (top + 1 - y)),
            (top + 1, left, (left + 1 - x) * (y - top)), (top + 1, left + 1, (x - left) * (y - top)),
        ):  # fmt: skip
            if weight > 1e-12:
                kernel[row, column] += weight
    return kernel / length
