"""Brightness of all channels alike."""

from __future__ import annotations

from typing import Annotated

import kornia.color
import kornia.enhance
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import luma, own_unit, rgb, to_image, to_planes, unit, with_luma
from vortex_worker.sdk import Doc, Image, Range, Step, Unit, Widget, node

Level = Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider")]


@node("image.levels", category="tone")
def levels(
    image: Image,
    black: Annotated[Level, Doc("What becomes black.")] = 0.0,
    white: Annotated[Level, Doc("What becomes white.")] = 1.0,
    gamma: Annotated[float, Range(0.1, 10.0), Step(0.05), Doc("Above 1 lightens the midtones.")] = 1.0,
    out_black: Annotated[Level, Doc("What black becomes.")] = 0.0,
    out_white: Annotated[Level, Doc("What white becomes.")] = 1.0,
) -> Image:
    """Stretch the tones between a black and a white point, with a gamma for the midtones."""
    # A white point at or below black makes a hard threshold, not a division by zero.
    stretched = unit((image - black) / max(white - black, 1e-6)) ** (1 / gamma)
    return unit(out_black + stretched * (out_white - out_black))


@node("image.gamma", category="tone")
def gamma(
    image: Image,
    gamma: Annotated[float, Range(0.1, 10.0), Step(0.05), Widget("slider"), Doc("Above 1 lightens.")] = 1.0,
) -> Image:
    """Raise every value to the power 1/gamma."""
    return unit(image).pow_(1 / gamma)


@node("image.brightness_contrast", category="tone")
def brightness_contrast(
    image: Image,
    brightness: Annotated[float, Range(-1.0, 1.0), Step(0.01), Widget("slider"), Doc("Is added.")] = 0.0,
    contrast: Annotated[
        float, Range(0.0, 4.0), Step(0.01), Widget("slider"), Doc("Factor about middle grey; 1 changes nothing.")
    ] = 1.0,
) -> Image:
    """Shift all values, and spread them about middle grey."""
    return own_unit((image - 0.5).mul_(contrast).add_(0.5 + brightness))


@node("image.exposure", category="tone")
def exposure(
    image: Image,
    stops: Annotated[
        float, Range(-10.0, 10.0), Step(0.1), Unit("EV"), Widget("slider"), Doc("One more doubles the light.")
    ] = 0.0,
) -> Image:
    """Change the amount of light, as a longer or shorter exposure would: a factor in linear light."""
    light = kornia.color.rgb_to_linear_rgb(to_planes(unit(rgb(image))))
    return to_image(kornia.color.linear_rgb_to_rgb(unit(light * 2.0**stops)))


@node("image.histogram_equalize", category="tone")
def histogram_equalize(
    image: Image,
    amount: Annotated[Level, Doc("0 changes nothing, 1 makes all tones equally frequent.")] = 1.0,
) -> Image:
    """Spread the tones so that dark, middle and bright ones are equally frequent. Colours keep their chroma."""
    tones = luma(image)
    flat = tones.flatten(1)
    # Ranks instead of a histogram: 256 bins would leave bands in a float image.
    ranks = torch.searchsorted(flat.sort(dim=1).values, flat.contiguous(), right=True)
    lowest = ranks.amin(dim=1, keepdim=True)
    span = flat.shape[1] - lowest
    equalized = torch.where(span > 0, (ranks - lowest) / span.clamp(min=1), flat).to(flat.dtype)
    return with_luma(image, torch.lerp(tones, equalized.view_as(tones), amount))


@node("image.clahe", category="tone")
def clahe(
    image: Image,
    clip_limit: Annotated[
        float, Range(1.0, 40.0), Step(0.5), Widget("slider"), Doc("Higher gives more contrast, and more noise.")
    ] = 2.0,
    tiles: Annotated[int, Range(1, 32), Doc("Tiles across and down, each with a histogram of its own.")] = 8,
) -> Image:
    """Contrast-limited adaptive histogram equalisation: bring out detail in dark and bright regions alike."""
    tones = unit(luma(image))
    height, width = tones.shape[1:]
    # Kornia wants more pixels than tiles both ways, so a row of one gets a second.
    plane = F.pad(tones.unsqueeze(1), (0, int(width == 1), 0, int(height == 1)), mode="replicate")
    grid = (min(tiles, max(1, height // 2)), min(tiles, max(1, width // 2)))
    return with_luma(image, kornia.enhance.equalize_clahe(plane, clip_limit, grid)[:, 0, :height, :width])


@node("image.invert", category="tone")
def invert(image: Image) -> Image:
    """Make a negative."""
    return own_unit(1 - image)


@node("image.posterize", category="tone")
def posterize(
    image: Image, levels: Annotated[int, Range(2, 256), Widget("slider"), Doc("Values left in each channel.")] = 4
) -> Image:
    """Leave only a few values in each channel."""
    return unit((image * (levels - 1)).round() / (levels - 1))


@node("image.solarize", category="tone")
def solarize(image: Image, threshold: Annotated[Level, Doc("Values from here up are inverted.")] = 0.5) -> Image:
    """Invert the bright values only."""
    return unit(torch.where(image >= threshold, 1 - image, image))
