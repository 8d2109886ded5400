"""One drawing, from an empty page to an image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import torch

from vortex_worker.sdk import Doc, Range, Unit

#: So many pixels are an inch, for the sizes of letters and lines.
_DPI = 100
#: More points make no drawing that is seen.
MOST_POINTS = 1_000_000

Width = Annotated[int, Range(64, 8192), Unit("px")]
Title = Annotated[str, Doc("Empty for none.")]
Bare = Annotated[bool, Doc("The drawing alone, without axes and margins.")]


@dataclass
class Drawing:
    """What `drawing` lets its block draw on, and leaves behind."""

    axes: Any
    _pixels: list[torch.Tensor] = field(default_factory=list)

    @property
    def image(self) -> torch.Tensor:
        """The finished page as (1, height, width, 3) in 0..1."""
        return self._pixels[0]


@contextmanager
def drawing(width: int, height: int, title: str, bare: bool, labels: tuple[str, str] = ("", "")) -> Iterator[Drawing]:
    """A page of one system of axes, drawn when the block ends.

    Without pyplot, which keeps every figure that was ever made.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, layout=None if bare else "constrained")
    canvas = FigureCanvasAgg(figure)
    page = Drawing(figure.add_axes((0, 0, 1, 1)) if bare else figure.add_subplot())
    yield page
    if bare:
        page.axes.set_axis_off()
    else:
        page.axes.set_title(_literal(title))
        page.axes.set_xlabel(_literal(labels[0]))
        page.axes.set_ylabel(_literal(labels[1]))
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(np.float32) / 255
    page._pixels.append(torch.from_numpy(pixels).unsqueeze(0))


def require_few(count: int) -> None:
    """ValueError for more points than a drawing shows."""
    if count > MOST_POINTS:
        raise ValueError(f"{count} points are more than the {MOST_POINTS} that a drawing shows; take some")


def _literal(text: str) -> str:
    """A dollar would begin a formula, and two that hold none an error."""
    return text.replace("$", r"\$")
