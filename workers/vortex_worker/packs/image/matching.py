"""Tones and colours after a reference, or after a picture's own range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import rgb, unit
from vortex_worker.sdk import Choices, Doc, Image, Json, Range, Step, Tensor, Widget, node

_SPACES = ("linear", "hsv", "lab", "ycbcr", "xyz")
Space = Annotated[str, Choices(*_SPACES), Doc("linear is RGB without its curve; lab has L in 0..100.")]


@node("image.auto_contrast", category="tone")
def auto_contrast(
    image: Image,
    cut: Annotated[float, Range(0.0, 0.49), Step(0.001), Doc("Share of pixels that may clip at either end.")] = 0.005,
    by_channel: Annotated[bool, Doc("Each channel by itself, which takes colour casts away.")] = False,
) -> Image:
    """Stretch each picture to the full range from black to white."""
    values = torch.nan_to_num(image)
    flat = values.flatten(1, 2) if by_channel else values.flatten(1).unsqueeze(-1)
    low, high = (_quantile(flat, q).view(len(image), 1, 1, -1) for q in (cut, 1 - cut))
    width = high - low
    return unit(torch.where(width > 1e-6, (values - low) / width.clamp(min=1e-6), values))


@node("image.match_histogram", category="tone")
def match_histogram(
    image: Image,
    reference: Annotated[Image, Doc("Of any size; the first of its batch counts.")],
    amount: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider")] = 1.0,
) -> Image:
    """Give each channel the distribution of tones that a reference has."""
    import numpy as np

    colors = rgb(image)
    wanted = torch.nan_to_num(rgb(reference[:1])).reshape(-1, 3).cpu().numpy()
    given = torch.nan_to_num(colors).reshape(len(colors), -1, 3).cpu().numpy()
    found = np.empty_like(given)
    for index, picture in enumerate(given):
        for channel in range(3):
            _, place, counts = np.unique(picture[:, channel], return_inverse=True, return_counts=True)
            tones, occur = np.unique(wanted[:, channel], return_counts=True)
            shares = np.cumsum(counts) / len(picture)
            found[index, :, channel] = np.interp(shares, np.cumsum(occur) / len(wanted), tones)[place]
    return unit(torch.lerp(colors, torch.from_numpy(found).to(colors).reshape(colors.shape), amount))


@node("image.match_color", category="colour")
def match_color(
    image: Image,
    reference: Annotated[Image, Doc("Of any size; the first of its batch counts.")],
    amount: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider")] = 1.0,
) -> Image:
    """Give a picture the mean and the deviation that a reference has in Lab.

    Source: E. Reinhard et al., Color Transfer between Images, IEEE CG&A 21 (2001).
    """
    lab, wanted = to_color_space(image, "lab"), to_color_space(reference[:1], "lab")
    mean, deviation = lab.mean((1, 2), keepdim=True), lab.std((1, 2), correction=0, keepdim=True)
    other, spread = wanted.mean((1, 2), keepdim=True), wanted.std((1, 2), correction=0, keepdim=True)
    moved = (lab - mean) * torch.where(deviation > 1e-6, spread / deviation.clamp(min=1e-6), 1.0) + other
    return unit(torch.lerp(rgb(image), from_color_space(moved, "lab"), amount))


@node("image.channel_mixer", category="colour")
def channel_mixer(
    image: Image,
    matrix: Annotated[Json, Doc("Three rows: how much red, green and blue go into red, green and blue.")] = (
        (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0),
    ),
) -> Image:  # fmt: skip
    """Make each channel of all three."""
    rows = isinstance(matrix, list | tuple) and len(matrix) == 3
    if not rows or not all(isinstance(row, list | tuple) and len(row) == 3 for row in matrix):
        raise ValueError("matrix is three rows of three numbers")
    if not all(isinstance(value, int | float) and abs(value) <= 100 for row in matrix for value in row):
        raise ValueError("matrix holds numbers in −100..100")
    colors = rgb(image)
    return unit(colors @ torch.tensor(matrix).to(colors).T)


@node("image.tone_map", category="tone")
def tone_map(
    image: Annotated[Tensor, Doc("Linear light, above 1 too: (height, width, 3), with or without batch before.")],
    exposure: Annotated[float, Range(-20.0, 20.0), Step(0.1), Doc("In stops.")] = 0.0,
    curve: Annotated[str, Choices("reinhard", "aces", "clip")] = "reinhard",
) -> Image:
    """Bring light of any strength into 0..1, and give it the curve that screens expect.

    Source: E. Reinhard et al. (2002), equation 3; K. Narkowicz, ACES Filmic Tone Mapping Curve (2015).
    """
    light = image.unsqueeze(0) if image.ndim == 3 else image
    if light.ndim != 4 or light.shape[-1] != 3 or light.is_complex():
        raise ValueError(f"a tensor of shape {tuple(image.shape)} is no light in three channels")
    light = torch.nan_to_num(light.to(torch.float32), posinf=1e6).clamp(0, 1e6) * 2.0**exposure
    match curve:
        case "reinhard":
            mapped = light / (1 + light)
        case "aces":
            mapped = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
        case _:
            mapped = light
    result: torch.Tensor = from_color_space(unit(mapped), "linear")
    return result


@node("image.to_color_space", category="colour", title="To colour space")
def to_color_space(image: Image, space: Space = "lab") -> Tensor:
    """The colours in another space: (batch, height, width, 3), in the units of that space; hue in 0..1."""
    import kornia.color

    planes = unit(rgb(image)).movedim(-1, 1)
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "linear": kornia.color.rgb_to_linear_rgb, "lab": kornia.color.rgb_to_lab, "ycbcr": kornia.color.rgb_to_ycbcr,
        "xyz": lambda values: kornia.color.rgb_to_xyz(kornia.color.rgb_to_linear_rgb(values)), "hsv": _hsv,
    }  # fmt: skip
    return functions[space](planes).movedim(1, -1).contiguous()


@node("image.from_color_space", category="colour", title="From colour space")
def from_color_space(colors: Annotated[Tensor, Doc("(batch, height, width, 3).")], space: Space = "lab") -> Image:
    """An image of colours in another space."""
    import kornia.color

    if colors.ndim != 4 or colors.shape[-1] != 3 or colors.is_complex():
        raise ValueError(f"a tensor of shape {tuple(colors.shape)} holds no colours")
    planes = torch.nan_to_num(colors.to(torch.float32)).movedim(-1, 1)
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "linear": kornia.color.linear_rgb_to_rgb, "lab": kornia.color.lab_to_rgb, "ycbcr": kornia.color.ycbcr_to_rgb,
        "xyz": lambda values: kornia.color.linear_rgb_to_rgb(kornia.color.xyz_to_rgb(values).clamp(min=0)),
        "hsv": lambda values: kornia.color.hsv_to_rgb(values * values.new_tensor([math.tau, 1, 1]).view(3, 1, 1)),
    }  # fmt: skip
    return unit(torch.nan_to_num(functions[space](planes)).movedim(1, -1).contiguous())


def _hsv(planes: torch.Tensor) -> torch.Tensor:
    import kornia.color

    return kornia.color.rgb_to_hsv(planes) / planes.new_tensor([math.tau, 1, 1]).view(3, 1, 1)


def _quantile(flat: torch.Tensor, q: float) -> torch.Tensor:
    """Along axis 1, between two elements; torch's own takes no more than 16 million."""
    place = q * (flat.shape[1] - 1)
    low = int(place)
    ordered = flat.sort(1).values
    return torch.lerp(ordered[:, low], ordered[:, min(low + 1, flat.shape[1] - 1)], place - low)
