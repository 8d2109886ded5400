"""Pictures of what image nodes do: what each is given here, and what it makes of it.

The same bytes on every machine, as far as that can be had: one thread, and no code that is chosen by the processor.
What is left (pixels where it is not even so) is in `same`.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ |= {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}

import numpy as np
import torch
from PIL import Image

from vortex_worker.packs import load_packs
from vortex_worker.sdk import NodeType
from vortex_worker.sdk.testing import run_node

PHOTO = Path(__file__).resolve().parent.parent / "examples" / "coffee.png"
PACKS = ("batch", "image", "mask")
WIDTH, HEIGHT = 240, 160
_QUALITY = 82
#: Of 255 levels, on average over a picture. One pixel that is rounded otherwise changes a block of a JPEG.
_MOST_DIFFERENCE = 0.05

_S_CURVE = [[0.0, 0.0], [0.25, 0.12], [0.75, 0.88], [1.0, 1.0]]
#: What is set where the defaults would show nothing, or too little on so small a picture.
PARAMS: dict[str, dict[str, Any]] = {
    "batch.grid": {"columns": 2, "gap": 6, "color": "#ffffff"},
    "batch.select": {"indices": [2, 0]},
    "image.affine": {"scale": 0.8, "angle": 15.0, "shear": 0.2},
    "image.auto_contrast": {"cut": 0.02},
    "image.blend": {"mode": "overlay", "opacity": 0.8},
    "image.brightness_contrast": {"brightness": 0.1, "contrast": 1.5},
    "image.channel_mixer": {"matrix": [[0, 1, 0], [0, 0, 1], [1, 0, 0]]},
    "image.checkerboard": {"first": "#3b6ea8", "second": "#f2e8cf"},
    "image.chromatic_aberration": {"amount": 0.02},
    "image.clahe": {"clip_limit": 4.0, "tiles": 4},
    "image.color_balance": {"cyan_red": -0.4, "yellow_blue": 0.4, "tones": "shadows"},
    "image.crop": {"x": 60, "y": 20, "width": 120, "height": 120},
    "image.curves": {"points": _S_CURVE},
    "image.draw_shape": {"shape": "ellipse", "x": 0.2, "y": 0.15, "to_x": 0.8, "to_y": 0.85, "color": "#ffd166"},
    "image.draw_text": {"text": "Good morning", "size": 30.0, "y": 0.88},
    "image.exposure": {"stops": 1.0},
    "image.gamma": {"gamma": 2.0},
    "image.glow": {"threshold": 0.5, "amount": 1.0},
    "image.gradient": {"start": "#1d3557", "end": "#f4a261"},
    "image.gradient_map": {"colors": ["#14213d", "#e76f51", "#fefae0"]},
    "image.grain": {"amount": 0.25, "size": 1.5},
    "image.hue": {"shift": 120.0},
    "image.lens_distortion": {"k1": 0.4},
    "image.levels": {"black": 0.15, "white": 0.7, "gamma": 1.2},
    "image.mask_blur": {"radius": 8.0},
    "image.mask_combine": {"operation": "difference"},
    "image.median": {"radius": 3},
    "image.morphology": {"operation": "erode", "radius": 6},
    "image.noise": {"amount": 0.15},
    "image.offset": {"x": 0.3, "y": 0.25},
    "image.pad": {"left": 20, "right": 20, "top": 20, "bottom": 20, "mode": "reflect"},
    "image.perlin": {"size": 64.0},
    "image.perspective": {"corners": [[0.25, 0.1], [0.9, 0.0], [1.0, 1.0], [0.0, 0.9]]},
    "image.quantize": {"colors": 6},
    "image.resize": {"width": 120, "height": 120},
    "image.rotate": {"angle": 20.0, "color": "#ffffff"},
    "image.saturation": {"factor": 2.0},
    "image.sharpen": {"amount": 2.5},
    "image.solid": {"color": "#3b6ea8"},
    "image.solarize": {"threshold": 0.4},
    "image.threshold": {"value": 0.4},
    "image.tile": {"mirror": True},
    "image.tone_map": {"exposure": 1.0},
    "image.vibrance": {"amount": 1.0},
    "image.vignette": {"amount": 0.9},
    "image.white_balance": {"temperature": -80.0},
    "mask.color_range": {"color": "#c08040", "tolerance": 0.25},
    "mask.cut_out": {"color": "#ffffff"},
    "mask.differences": {"threshold": 0.2},
    "mask.keep_large": {"area": 200},
    "mask.outline": {"thickness": 3},
    "mask.peaks": {"radius": 3, "threshold": 0.5},
}  # fmt: skip
_SIZE = {"width": WIDTH, "height": HEIGHT}


class Studio:
    """The inputs, and every node that gives a picture."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        torch.backends.mkldnn.enabled = False
        self.nodes = {node.spec.type: node for node in load_packs(debug=False)}
        self._lut = folder / "warm.cube"
        self._lut.write_text(_cube(), encoding="ascii")
        picture = Image.open(PHOTO).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        self.photo = _tensor(picture)
        clouds = self._make("image.perlin", size=90.0, seed=3, **_SIZE)
        self.sunset = self._make("image.gradient_map", image=clouds, colors=["#22223b", "#c9184a", "#ffd166"])
        self.clouds = clouds
        spots = self._make("image.threshold", image=self._make("image.perlin", size=36.0, seed=1, **_SIZE), value=0.55)
        self.spots = spots
        self.disc = self._make("mask.ellipse", w=0.6, h=0.8, x=0.42, **_SIZE)
        self.box = self._make("mask.rectangle", x=0.45, y=0.3, w=0.45, h=0.5, **_SIZE)
        self._named = {
            "photo": self.photo, "sunset": self.sunset, "clouds": clouds, "spots": spots,
            "disc": self.disc, "box": self.box,
        }  # fmt: skip

    def shown(self) -> list[NodeType]:
        """Nodes that give a picture, by type."""
        return [node for name, node in self.nodes.items() if name.partition(".")[0] in PACKS and _picture(node)]

    def inputs(self, node: NodeType) -> dict[str, Any]:
        """What a node is given here."""
        region = node.spec.category == "region"
        given: dict[str, Any] = {}
        for port in node.spec.inputs:
            first = port is node.spec.inputs[0] or node.spec.inputs[0].type == "IMAGE" != port.type
            values = {
                "IMAGE": self.photo if first else self.sunset,
                "MASK": self.spots if region else self.disc if first else self.box,
                "LIST[IMAGE]": [self.photo, self.sunset],
            }
            given[port.name] = [self.photo, self.sunset] if port.list else values.get(port.type)
        return {**given, **self._special(node.spec.type)}

    def name_of(self, value: Any, otherwise: str) -> str | None:
        """Under which name an input is shown, equal ones under the first; null for what is no picture."""
        if not isinstance(value, torch.Tensor) or value.shape[-1] not in (3, WIDTH) or value.min() < 0:
            return None
        known = [
            name for name, other in self._named.items() if other.shape == value.shape and torch.equal(other, value)
        ]
        name = known[0] if known else otherwise
        self._named.setdefault(name, value)
        return name

    def params(self, node: NodeType) -> dict[str, Any]:
        """What is set."""
        sizes = _SIZE if not node.spec.inputs else {}
        found = {name: value for name, value in sizes.items() if node.spec.param(name)}
        files = {"image.lut": {"path": self._lut}, "image.load": {"path": PHOTO}}
        return found | PARAMS.get(node.spec.type, {}) | files.get(node.spec.type, {})

    def after(self, node: NodeType) -> bytes:
        """What it makes of them, as a JPEG."""
        given = {name: value for name, value in self.inputs(node).items() if value is not None}
        done = run_node(node, **given, **self.params(node))
        pictures = [done[port.name] for port in node.spec.outputs if _shows(port.type)]
        if node.spec.type == "image.load":
            pictures = pictures[:1]
        return encoded([each for value in pictures for each in (value if isinstance(value, list) else [value])])

    def _make(self, kind: str, **values: Any) -> torch.Tensor:
        found: torch.Tensor = next(iter(run_node(self.nodes[kind], **values).values()))
        return found

    def _special(self, kind: str) -> dict[str, Any]:
        """What a node needs to show what it does, beside the photograph."""
        if kind in ("batch.grid", "batch.items", "batch.select"):
            return {"image": torch.cat([self.photo, self.sunset, self.clouds, 1 - self.photo])}
        special = {
            "image.from_color_space": lambda: {"colors": self._make("image.to_color_space", image=self.photo)},
            "image.tone_map": lambda: {"image": self.photo**2.2 * 4},
            "image.channel_merge": self._swapped,
            "mask.differences": lambda: {"b": self._make("image.draw_text", image=self.photo, text="Here", size=40.0)},
            "mask.hull": lambda: {"mask": self._without(self.disc, self.box)},
            "mask.fill_holes": lambda: {
                "mask": self._without(self.disc, self._make("mask.ellipse", w=0.3, h=0.4, x=0.4, **_SIZE))
            },
            "mask.parts": lambda: {"mask": self._make("mask.keep_large", mask=self.spots, area=1500)},
            "mask.peaks": lambda: {"image": self.clouds},
        }
        return special[kind]() if kind in special else {}

    def _swapped(self) -> dict[str, Any]:
        split = run_node(self.nodes["image.channel_split"], image=self.photo)
        return {"red": split["blue"], "green": split["green"], "blue": split["red"]}

    def _without(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return self._make("image.mask_combine", a=one, b=other, operation="difference")


def encoded(pictures: list[torch.Tensor]) -> bytes:
    """Pictures beside each other, all of them as high as the first, as a JPEG."""
    images = [_image(picture) for batch in pictures for picture in batch]
    if len(images) > 1:
        images = [image.resize((image.width * 2 // 3, image.height * 2 // 3), Image.Resampling.BOX) for image in images]
    images = [_fitting(image) for image in images]
    gap = 4
    whole = Image.new(
        "RGB", (sum(i.width for i in images) + gap * (len(images) - 1), max(i.height for i in images)), "white"
    )
    x = 0
    for image in images:
        whole.paste(image, (x, 0))
        x += image.width + gap
    data = io.BytesIO()
    whole.save(data, "JPEG", quality=_QUALITY, optimize=True)
    return data.getvalue()


def same(one: bytes, other: bytes) -> bool:
    """Whether two files show the same, whatever encoded them."""
    if one == other:
        return True
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.int16) for data in (one, other))
    return first.shape == second.shape and float(abs(first - second).mean()) <= _MOST_DIFFERENCE


@contextmanager
def studio() -> Iterator[Studio]:
    """One, with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        yield Studio(Path(folder))


def _shows(port_type: str) -> bool:
    return port_type in ("IMAGE", "MASK", "LIST[IMAGE]", "LIST[MASK]")


def _picture(node: NodeType) -> bool:
    return any(_shows(port.type) for port in node.spec.outputs)


def _tensor(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)[None]


def _image(picture: torch.Tensor) -> Image.Image:
    values = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    return Image.fromarray(values.numpy()).convert("RGB")


def _fitting(image: Image.Image) -> Image.Image:
    """Not wider than what a page has room for."""
    if image.width <= 2 * WIDTH:
        return image
    return image.resize((2 * WIDTH, image.height * 2 * WIDTH // image.width), Image.Resampling.LANCZOS)


def _cube() -> str:
    """A lookup table that makes shadows teal and lights orange."""
    steps = range(9)
    lines = ["LUT_3D_SIZE 9"]
    for blue in steps:
        for green in steps:
            for red in steps:
                light = (red + green + blue) / 24
                tint = (0.3 * (light - 0.5), 0.0, -0.4 * (light - 0.5))
                shown = [
                    min(max(part / 8 + shift, 0.0), 1.0) for part, shift in zip((red, green, blue), tint, strict=True)
                ]
                lines.append(" ".join(f"{value:.6f}" for value in shown))
    return "\n".join(lines) + "\n"
