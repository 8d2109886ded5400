"""Hue, saturation and balance. Every node here gives three channels; grey images become RGB."""

from __future__ import annotations

import math
from typing import Annotated

import kornia.color
import torch

from vortex_worker.packs.image.pixels import luma, own_unit, rgb, to_image, to_planes, unit, with_luma
from vortex_worker.sdk import Choices, Doc, Image, Range, Step, Unit, Widget, node

Balance = Annotated[float, Range(-1.0, 1.0), Step(0.01), Widget("slider")]
Hundred = Annotated[float, Range(-100.0, 100.0), Step(1.0), Widget("slider")]

#: Rows give red, green and blue of the toned print: Microsoft's sepia matrix, the customary one.
_SEPIA = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))


@node("image.saturation", category="colour")
def saturation(
    image: Image,
    factor: Annotated[float, Range(0.0, 4.0), Step(0.01), Widget("slider"), Doc("0 is grey, 1 changes nothing.")] = 1.0,
) -> Image:
    """Make all colours stronger or weaker alike."""
    grey = luma(image).unsqueeze(-1)
    return own_unit(torch.lerp(grey, rgb(image), factor))


@node("image.vibrance", category="colour")
def vibrance(image: Image, amount: Annotated[Balance, Doc("0 changes nothing.")] = 0.3) -> Image:
    """Make weak colours stronger, and leave strong ones as they are."""
    colors, grey = rgb(image), luma(image).unsqueeze(-1)
    strength = (colors.amax(-1, keepdim=True) - colors.amin(-1, keepdim=True)).clamp(0.0, 1.0)
    return unit(grey + (colors - grey) * (1 + amount * (1 - strength)))


@node("image.hue", category="colour")
def hue(
    image: Image,
    shift: Annotated[
        float, Range(-180.0, 180.0), Step(1.0), Unit("°"), Widget("slider"), Doc("120 turns red to green.")
    ] = 0.0,
) -> Image:
    """Turn all hues around the colour wheel."""
    angle, *rest = kornia.color.rgb_to_hsv(to_planes(unit(rgb(image)))).unbind(1)
    turned = (angle + math.radians(shift)).remainder(2 * math.pi)
    return to_image(kornia.color.hsv_to_rgb(torch.stack([turned, *rest], dim=1)))


@node("image.white_balance", category="colour")
def white_balance(
    image: Image,
    temperature: Annotated[Hundred, Doc("Above 0 warmer, below 0 colder.")] = 0.0,
    tint: Annotated[Hundred, Doc("Above 0 towards magenta, below 0 towards green.")] = 0.0,
) -> Image:
    """Correct the colour of the light: factors on red, green and blue in linear light; white keeps its brightness."""
    red, green, blue = (2 ** (stops / 100) for stops in (temperature / 2, -tint / 2, -temperature / 2))
    gains = image.new_tensor((red, green, blue))
    gains = gains / luma(gains)
    light = kornia.color.rgb_to_linear_rgb(to_planes(unit(rgb(image))))
    return to_image(kornia.color.linear_rgb_to_rgb(unit(light * gains.view(3, 1, 1))))


@node("image.color_balance", category="colour")
def color_balance(
    image: Image,
    cyan_red: Balance = 0.0,
    magenta_green: Balance = 0.0,
    yellow_blue: Balance = 0.0,
    tones: Annotated[str, Choices("shadows", "midtones", "highlights"), Doc("Where it acts most.")] = "midtones",
    keep_luma: Annotated[bool, Doc("Change the colour, not the brightness.")] = True,
) -> Image:
    """Shift the colours of shadows, midtones or highlights."""
    colors, grey = rgb(image), luma(image)
    weight = {"shadows": (1 - grey) ** 2, "midtones": 4 * grey * (1 - grey), "highlights": grey**2}[tones]
    shifted = colors + weight.unsqueeze(-1) * image.new_tensor((cyan_red, magenta_green, yellow_blue))
    return with_luma(shifted, grey) if keep_luma else unit(shifted)


@node("image.grayscale", category="colour")
def grayscale(
    image: Image,
    method: Annotated[
        str, Choices("luma", "average", "lightness"), Doc("Luma weighs as the eye does; lightness is midway.")
    ] = "luma",
) -> Image:
    """Take the colour away; the three channels become equal."""
    colors = rgb(image)
    if method == "luma":
        grey = luma(image)
    elif method == "average":
        grey = colors.mean(dim=-1)
    else:
        grey = (colors.amax(-1) + colors.amin(-1)) / 2
    return unit(grey).unsqueeze(-1).expand_as(colors).contiguous()


@node("image.sepia", category="colour")
def sepia(
    image: Image,
    amount: Annotated[
        float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("0 changes nothing, 1 tones fully.")
    ] = 1.0,
) -> Image:
    """Tone in brown like an old print."""
    colors = rgb(image)
    return unit(torch.lerp(colors, colors @ image.new_tensor(_SEPIA).T, amount))
