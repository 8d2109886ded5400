"""Writing and lines on pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import torch

from vortex_worker.packs.image.pixels import color_for, unit
from vortex_worker.sdk import Choices, Doc, Image, Range, Unit, Widget, node

Place = Annotated[float, Range(-2.0, 3.0), Doc("0 to 1 across or down the picture.")]
Color = Annotated[str, Widget("colour"), Doc("As #rrggbb.")]
Opacity = Annotated[float, Range(0.0, 1.0), Widget("slider")]

_MOST_CHARACTERS = 10_000
#: What is drawn is so many times as large at first, for soft edges.
_OVERSAMPLED = 4


@node("image.draw_text", category="draw", title="Write text")
def draw_text(
    image: Image,
    text: Annotated[str, Widget("text")] = "Text",
    x: Place = 0.5,
    y: Place = 0.5,
    size: Annotated[float, Range(1.0, 2000.0), Unit("px"), Doc("Of the letters.")] = 32.0,
    color: Color = "#ffffff",
    opacity: Opacity = 1.0,
    anchor: Annotated[str, Choices("middle", "left", "right"), Doc("Which part of the text stands at x.")] = "middle",
) -> Image:
    """Write a text on every picture of the batch; lines are broken where the text breaks them."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"a text of {len(text)} characters is too long to be written on a picture")
    font = PIL.ImageFont.load_default(size)
    align = {"middle": "center"}.get(anchor, anchor)

    def write(draw: Any, width: int, height: int) -> None:
        place = (x * width, y * height)
        draw.multiline_text(place, text, 255, font, f"{anchor[0]}m", align=align)

    return _painted(image, _coverage(image, write, 1), color, opacity)


@node("image.draw_shape", category="draw")
def draw_shape(
    image: Image,
    shape: Annotated[str, Choices("rectangle", "ellipse", "line", "arrow")] = "rectangle",
    x: Place = 0.25,
    y: Place = 0.25,
    to_x: Place = 0.75,
    to_y: Place = 0.75,
    thickness: Annotated[float, Range(0.0, 1000.0), Unit("px"), Doc("0 fills a rectangle or an ellipse.")] = 4.0,
    color: Color = "#ff0000",
    opacity: Opacity = 1.0,
) -> Image:
    """Draw a form between two corners, or a line from one place to another."""

    def paint(draw: Any, width: int, height: int) -> None:
        start, end = (x * width, y * height), (to_x * width, to_y * height)
        wide = max(1, round(thickness * _OVERSAMPLED))
        if shape in ("line", "arrow"):
            draw.line([start, end], 255, wide)
            if shape == "arrow":
                _arrow_head(draw, start, end, wide)
            return
        box = [min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])]
        function = draw.rectangle if shape == "rectangle" else draw.ellipse
        function(box, fill=None if thickness else 255, outline=255, width=wide if thickness else 1)

    return _painted(image, _coverage(image, paint, _OVERSAMPLED), color, opacity)


def _coverage(image: torch.Tensor, paint: Callable[[Any, int, int], None], oversampled: int) -> torch.Tensor:
    """How much of each pixel is painted: (height, width) in 0..1."""
    height, width = image.shape[1:3]
    if height * width * oversampled**2 > 1 << 29:
        oversampled = 1
    canvas = PIL.Image.new("L", (width * oversampled, height * oversampled))
    paint(PIL.ImageDraw.Draw(canvas), *canvas.size)
    if oversampled > 1:
        canvas = canvas.reduce(oversampled)
    return torch.from_numpy(np.asarray(canvas, np.float32) / 255).to(image.device)


def _painted(image: torch.Tensor, coverage: torch.Tensor, color: str, opacity: float) -> torch.Tensor:
    return unit(torch.lerp(image, color_for(image, color).expand_as(image), opacity * coverage.unsqueeze(-1)))


def _arrow_head(draw: Any, start: tuple[float, float], end: tuple[float, float], wide: int) -> None:
    direction = np.subtract(end, start)
    length = float(np.hypot(*direction))
    if length == 0:
        return
    along = direction / length * max(4 * wide, 8)
    across = np.array([-along[1], along[0]]) / 2
    base = np.subtract(end, along)
    draw.polygon([tuple(end), tuple(base + across), tuple(base - across)], fill=255)
