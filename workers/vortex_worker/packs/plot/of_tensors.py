"""Drawings of tensors and sounds."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch

from vortex_worker.packs.core.numbers import Number
from vortex_worker.packs.plot.figure import MOST_POINTS, Bare, Title, Width, drawing, require_few
from vortex_worker.sdk import Audio, Choices, Context, Doc, Image, Range, Tensor, node

Colors = Annotated[str, Choices("viridis", "magma", "gray", "coolwarm", "turbo"), Doc("From low to high.")]
_MOST_CELLS = 4096 * 4096


@node("plot.curve", category="plot", title="Curves")
def curve(
    tensor: Annotated[Tensor, Doc("(point), or (curve, point).")],
    ctx: Context,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw the rows of a tensor as curves."""
    values = _real(tensor)
    values = values[np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) > 100:
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is not up to 100 curves")
    require_few(values.size)
    with drawing(width, height, title, bare) as page:
        page.axes.plot(values.T)
    return page.image.to(ctx.device)


@node("plot.histogram", category="plot")
def histogram(
    tensor: Tensor,
    ctx: Context,
    bins: Annotated[int, Range(1, 10_000)] = 50,
    low: Number = 0.0,
    high: Annotated[Number, Doc("Not above low: the range of the elements.")] = 0.0,
    log: Annotated[bool, Doc("Heights as logarithms.")] = False,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw how many elements lie in each of some equal bins; what is no finite number is left out."""
    values = _real(tensor).ravel()
    values = values[np.isfinite(values)]
    if not len(values):
        raise ValueError("the tensor holds no finite number")
    counts, edges = np.histogram(values, bins, (low, high) if high > low else None)
    with drawing(width, height, title, bare) as page:
        page.axes.stairs(counts, edges, fill=True)
        page.axes.set_xlim(edges[0], edges[-1])
        if log:
            page.axes.set_yscale("log", nonpositive="clip")
    return page.image.to(ctx.device)


@node("plot.heatmap", category="plot")
def heatmap(
    tensor: Annotated[Tensor, Doc("(row, column).")],
    ctx: Context,
    colors: Colors = "viridis",
    low: Number = 0.0,
    high: Annotated[Number, Doc("Not above low: the range of the elements.")] = 0.0,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw a matrix with a colour for each element, the first row at the top; NaN is white."""
    values = _matrix(tensor)
    limits = {"vmin": low, "vmax": high} if high > low else {}
    with drawing(width, height, title, bare) as page:
        shown = page.axes.imshow(values, colors, aspect="auto", interpolation="nearest", **limits)
        if not bare:
            page.axes.figure.colorbar(shown)
    return page.image.to(ctx.device)


@node("plot.contour", category="plot", title="Contours")
def contour(
    tensor: Annotated[Tensor, Doc("(row, column), of which the first row is at the bottom.")],
    ctx: Context,
    levels: Annotated[int, Range(2, 100)] = 10,
    colors: Colors = "viridis",
    filled: bool = True,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw lines of equal height of a surface."""
    values = _matrix(tensor)
    if min(values.shape) < 2 or not np.isfinite(values).any() or np.nanmin(values) == np.nanmax(values):
        raise ValueError(f"a flat surface of shape {values.shape} has no contours")
    with drawing(width, height, title, bare) as page:
        (page.axes.contourf if filled else page.axes.contour)(values, levels, cmap=colors)
    return page.image.to(ctx.device)


@node("plot.surface", category="plot", title="Shaded relief")
def surface(
    tensor: Annotated[Tensor, Doc("(row, column) of heights.")],
    ctx: Context,
    colors: Colors = "viridis",
    exaggeration: Annotated[float, Range(0.01, 1000.0)] = 1.0,
    width: Width = 800,
    height: Width = 600,
) -> Image:
    """Draw heights as if the sun stood in the north-west."""
    values = _matrix(tensor)
    if min(values.shape) < 2 or not np.isfinite(values).all():
        raise ValueError(f"heights are finite and have more than one row and column, not {values.shape}")
    import matplotlib
    from matplotlib.colors import LightSource

    shaded = LightSource(315, 45).shade(values, matplotlib.colormaps[colors], vert_exag=exaggeration, blend_mode="soft")
    with drawing(width, height, "", bare=True) as page:
        page.axes.imshow(np.clip(shaded, 0, 1), aspect="auto", interpolation="nearest")
    return page.image.to(ctx.device)


@node("plot.waveform", category="plot", title="Waveform")
def waveform(
    audio: Audio, ctx: Context, title: Title = "", width: Width = 800, height: Width = 300, bare: Bare = False
) -> Image:
    """Draw a sound over time: of each column of pixels the least and the greatest sample, over all channels."""
    samples = _real(audio.samples)
    if not samples.shape[1]:
        raise ValueError("the sound has no length, and so no waveform")
    edges = np.linspace(0, samples.shape[1], min(width, samples.shape[1]) + 1).astype(np.int64)
    low = np.minimum.reduceat(samples.min(0), edges[:-1])
    high = np.maximum.reduceat(samples.max(0), edges[:-1])
    with drawing(width, height, title, bare, ("s", "")) as page:
        seconds = edges / audio.rate
        page.axes.fill_between(seconds[:-1], low, high, step="post", linewidth=0.8, edgecolor="C0")
        page.axes.set_xlim(0, seconds[-1])
        page.axes.set_ylim(min(-1.0, float(low.min())), max(1.0, float(high.max())))
    return page.image.to(ctx.device)


def _real(tensor: torch.Tensor) -> npt.NDArray[np.float64]:
    if tensor.is_complex():
        raise ValueError("complex numbers cannot be drawn; take tensor.complex_parts")
    if tensor.numel() > max(MOST_POINTS, _MOST_CELLS) and tensor.ndim > 2:
        raise ValueError(f"a tensor of {tensor.numel()} elements is too large to be drawn")
    found: npt.NDArray[np.float64] = tensor.detach().cpu().to(torch.float64).numpy()
    return found


def _matrix(tensor: torch.Tensor) -> npt.NDArray[np.float64]:
    values = _real(tensor)
    if values.ndim != 2 or not values.size or values.size > _MOST_CELLS:
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is no matrix of 1 to {_MOST_CELLS} elements")
    return values
