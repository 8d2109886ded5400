"""How many node types there are, and what an image node costs beside the same calls straight to the library.

Twelve operations that image graphs are full of, on one picture of 1920 × 1080 pixels. Both ways take an image as it
lies in memory, (batch, height, width, channel), and give one that is contiguous; what they give is compared first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import kornia.color
import kornia.filters
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from benchmarks.harness import say
from vortex_worker.packs import load_packs
from vortex_worker.sdk import NodeType

REPETITIONS = 15
_HEIGHT, _WIDTH = 1080, 1920
#: Largest difference of a value in 0..1 at which two ways do the same.
_TOLERANCE = 2e-3

Direct = Callable[[torch.Tensor], torch.Tensor]


def measure() -> dict[str, float]:
    """Node types, and for each operation and over all the time through the node over that of the library."""
    nodes = {node.spec.type: node for node in load_packs(debug=False)}
    image = torch.rand(1, _HEIGHT, _WIDTH, 3, generator=torch.Generator().manual_seed(1))
    metrics: dict[str, float] = {"node_types": len(nodes)}
    ratios = []
    for name, (params, direct) in _operations().items():
        node = nodes[f"image.{name}"]
        ours_ms, direct_ms, ratio = _compared(node, params, direct, image)
        say(f"{name}: {ours_ms:.1f} ms through the node, {direct_ms:.1f} ms directly, ×{ratio:.3f}")
        metrics[f"{name}_ms"], metrics[f"{name}_over_direct"] = round(ours_ms, 2), round(ratio, 3)
        ratios.append(ratio)
    metrics["over_direct_median"] = round(median(ratios), 3)
    metrics["over_direct_worst"] = round(max(ratios), 3)
    return metrics


def _compared(
    node: NodeType, params: dict[str, Any], direct: Direct, image: torch.Tensor
) -> tuple[float, float, float]:
    """Milliseconds of the node and of the library, and the median of their quotients, taken in turn."""
    inputs: dict[str, Any] = {port.name: image for port in node.spec.inputs if port.type == "IMAGE"}
    arguments = {**{param.name: param.default for param in node.spec.params}, **inputs, **params}
    call = {node.argument_of[name]: value for name, value in arguments.items()}
    with torch.inference_mode():
        difference = float((node.function(**call) - direct(image)).abs().max())
        if difference > _TOLERANCE:
            raise ValueError(f"{node.spec.type} differs from the library by {difference:.4f}: they are not the same")
        times = [(_seconds(lambda: node.function(**call)), _seconds(lambda: direct(image))) for _ in range(REPETITIONS)]
    ours, theirs = (1000 * median(row) for row in zip(*times, strict=True))
    return ours, theirs, median(a / b for a, b in times)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _operations() -> dict[str, tuple[dict[str, Any], Direct]]:
    """Node of the pack `image` → parameters, and the library's calls that do the same."""
    return {
        "resize": ({"width": 960, "height": 540, "mode": "bilinear"}, lambda image: _hwc(
            F.interpolate(_chw(image), size=(540, 960), mode="bilinear", antialias=True).clamp_(0, 1))),
        "crop": ({"x": 100, "y": 50, "width": 1280, "height": 720}, lambda image: (
            image[:, 50:770, 100:1380].clamp(0, 1).contiguous())),
        "flip": ({"direction": "horizontal"}, lambda image: image.flip(2).clamp_(0, 1)),
        "pad": ({"left": 32, "top": 32, "right": 32, "bottom": 32, "mode": "color"}, lambda image: (
            F.pad(image, (0, 0, 32, 32, 32, 32)).clamp_(0, 1))),
        "blur": ({"radius": 4.0}, lambda image: _hwc(kornia.filters.gaussian_blur2d(
            _chw(image), (25, 25), (4.0, 4.0), "replicate").clamp_(0, 1))),
        "sharpen": ({"amount": 0.5, "radius": 2.0, "threshold": 0.0}, lambda image: _hwc(_sharpened(_chw(image)))),
        "grayscale": ({}, _gray),
        "saturation": ({"factor": 1.5}, lambda image: torch.lerp(_gray(image), image, 1.5).clamp_(0, 1)),
        "brightness_contrast": ({"brightness": 0.1, "contrast": 1.2}, lambda image: (
            (image - 0.5).mul_(1.2).add_(0.6).clamp_(0, 1))),
        "gamma": ({"gamma": 2.2}, lambda image: image.clamp(0, 1).pow_(1 / 2.2)),
        "invert": ({}, lambda image: (1 - image).clamp_(0, 1)),
        "blend": ({"mode": "multiply", "opacity": 1.0}, lambda image: (
            image.clamp(0, 1).mul_(image.clamp(0, 1)))),
    }  # fmt: skip


def _chw(image: torch.Tensor) -> torch.Tensor:
    return image.movedim(-1, 1).contiguous()


def _hwc(planes: torch.Tensor) -> torch.Tensor:
    return planes.movedim(1, -1).contiguous()


def _gray(image: torch.Tensor) -> torch.Tensor:
    weights = torch.tensor([0.2126, 0.7152, 0.0722])
    return (image @ weights).unsqueeze(-1).expand(image.shape).clamp(0, 1)


def _sharpened(planes: torch.Tensor) -> torch.Tensor:
    soft = kornia.filters.gaussian_blur2d(planes, (13, 13), (2.0, 2.0), "replicate")
    return torch.add(planes, planes - soft, alpha=0.5).clamp_(0, 1)
