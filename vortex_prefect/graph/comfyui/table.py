"""Which of ComfyUI's node types is which of ours: a row for each, and more can be added.

A row says where each of their inputs, widgets and outputs is with us. What it does not name has no counterpart, and is
told in the report unless it has the value at which nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of ours, and how a value of theirs becomes one; what is no such value is handed on as it is."""

    name: str
    by: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Through:
    """An output that goes through one more node of ours."""

    output: str
    type: str
    into: str
    out: str


@dataclass(frozen=True, slots=True)
class Same:
    """An output that is what came in at an input of theirs."""

    input: str


Output = str | Through | Same | None
#: Of a widget that makes no difference with us.
ANY: Any = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One of their node types as one of ours."""

    type: str
    #: Their widgets in the order of `widgets_values`.
    widgets: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | Param] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    #: Parameters that theirs has by its nature.
    fixed: Mapping[str, Any] = field(default_factory=dict)
    #: Widget → the value at which nothing is lost, or `ANY`.
    neutral: Mapping[str, Any] = field(default_factory=dict)
    #: The port that callers are given, of what theirs shows or saves.
    result: str | None = None


def _named(values: Mapping[Any, Any]) -> Callable[[Any], Any]:
    return lambda value: values.get(value, value) if isinstance(value, str | int) else value


def _file(value: Any) -> Any:
    """A file of their folder `input`: `name.png [input]`."""
    return value.partition(" [")[0] if isinstance(value, str) else value


def _picture(prefix: Any) -> Any:
    """`%date%` and the like are theirs alone."""
    return f"{prefix.replace('%', '')}.png" if isinstance(prefix, str) and prefix.strip("%/ ") else "image.png"


def _color(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 24
    return f"#{value:06x}" if whole else value


_SIZES = {"nearest-exact": "nearest", "lanczos": "bicubic"}
_SCALING = Param("mode", _named(_SIZES))
_SEED = ("seed", "control_after_generate")
_IMAGE = {"image": "image"}
_MASK = {"mask": "mask"}

_PICTURES: dict[str, Row] = {
    "LoadImage": Row(
        "image.load",
        ("image", "upload"),
        params={"image": Param("path", _file)},
        # Theirs is 1 where the picture is transparent.
        outputs=("image", Through("mask", "image.mask_invert", "mask", "mask")),
        neutral={"upload": ANY},
    ),
    "SaveImage": Row(
        "image.save",
        ("filename_prefix",),
        inputs={"images": "image"},
        params={"filename_prefix": Param("filename", _picture)},
        result="path",
    ),
    "PreviewImage": Row("image.preview", inputs={"images": "image"}, result="image"),
    "ImageScale": Row(
        "image.resize",
        ("upscale_method", "width", "height", "crop"),
        inputs=_IMAGE,
        params={"upscale_method": _SCALING, "width": "width", "height": "height"},
        outputs=("image",),
        neutral={"crop": "disabled"},
    ),
    "ImageScaleBy": Row(
        "image.scale",
        ("upscale_method", "scale_by"),
        inputs=_IMAGE,
        params={"upscale_method": _SCALING, "scale_by": "factor"},
        outputs=("image",),
    ),
    "ImageBlur": Row(
        "image.blur",
        ("blur_radius", "sigma"),
        inputs=_IMAGE,
        params={"sigma": "radius"},
        outputs=("image",),
        # How far their kernel goes, not how much it blurs.
        neutral={"blur_radius": ANY},
    ),
    "ImageSharpen": Row(
        "image.sharpen",
        ("sharpen_radius", "sigma", "alpha"),
        inputs=_IMAGE,
        params={"sigma": "radius", "alpha": "amount"},
        outputs=("image",),
        neutral={"sharpen_radius": ANY},
    ),
    "ImageInvert": Row("image.invert", inputs=_IMAGE, outputs=("image",)),
    "ImageCrop": Row(
        "image.crop",
        ("width", "height", "x", "y"),
        inputs=_IMAGE,
        params={"width": "width", "height": "height", "x": "x", "y": "y"},
        outputs=("image",),
    ),
    "ImageBlend": Row(
        "image.blend",
        ("blend_factor", "blend_mode"),
        inputs={"image1": "base", "image2": "layer"},
        params={"blend_factor": "opacity", "blend_mode": "mode"},
        outputs=("image",),
    ),
    "ImageBatch": Row("batch.join", inputs={"image1": "images", "image2": "images"}, outputs=("image",)),
    "ImageFromBatch": Row(
        "batch.select",
        ("batch_index", "length"),
        inputs=_IMAGE,
        params={"batch_index": Param("indices", lambda value: [value])},
        outputs=("image",),
        neutral={"length": 1},
    ),
    "RepeatImageBatch": Row("batch.repeat", ("amount",), inputs=_IMAGE, params={"amount": "count"}, outputs=("image",)),
    "ImageQuantize": Row(
        "image.quantize",
        ("colors", "dither"),
        inputs=_IMAGE,
        params={"colors": "colors"},
        outputs=("image",),
        neutral={"dither": "none"},
    ),
    "EmptyImage": Row(
        "image.solid",
        ("width", "height", "batch_size", "color"),
        params={"width": "width", "height": "height", "batch_size": "batch", "color": Param("color", _color)},
        outputs=("image",),
    ),
    "ImagePadForOutpaint": Row(
        "image.pad",
        ("left", "top", "right", "bottom", "feathering"),
        inputs=_IMAGE,
        params={side: side for side in ("left", "top", "right", "bottom")},
        outputs=("image", None),
        fixed={"color": "#808080"},
        neutral={"feathering": ANY},
    ),
    "ImageFlip": Row(
        "image.flip",
        ("flip_method",),
        inputs=_IMAGE,
        # They name the axis, we what changes sides.
        params={
            "flip_method": Param(
                "direction", _named({"x-axis: vertically": "vertical", "y-axis: horizontally": "horizontal"})
            )
        },
        outputs=("image",),
    ),
    "ImageRotate": Row(
        "image.rotate",
        ("rotation",),
        inputs=_IMAGE,
        params={
            "rotation": Param("angle", _named({"none": 0, "90 degrees": -90, "180 degrees": 180, "270 degrees": 90}))
        },
        outputs=("image",),
    ),
    "Canny": Row(
        "image.edges",
        ("low_threshold", "high_threshold"),
        inputs=_IMAGE,
        params={"low_threshold": "low", "high_threshold": "high"},
        outputs=("image",),
        fixed={"method": "canny"},
    ),
    "GetImageSize": Row("image.info", inputs=_IMAGE, outputs=("width", "height", "batch")),
    "ImageCompositeMasked": Row(
        "image.composite",
        ("x", "y", "resize_source"),
        inputs={"destination": "background", "source": "foreground", "mask": "mask"},
        outputs=("image",),
        neutral={"x": 0, "y": 0, "resize_source": False},
    ),
}

_MASKS: dict[str, Row] = {
    "InvertMask": Row("image.mask_invert", inputs=_MASK, outputs=("mask",)),
    "MaskToImage": Row("image.mask_to_image", inputs=_MASK, outputs=("image",)),
    "ImageToMask": Row(
        "image.mask_from_image", ("channel",), inputs=_IMAGE, params={"channel": "channel"}, outputs=("mask",)
    ),
    "GrowMask": Row(
        "image.morphology",
        ("expand", "tapered_corners"),
        inputs=_MASK,
        params={"expand": "radius"},
        outputs=("mask",),
        fixed={"operation": "dilate"},
        neutral={"tapered_corners": False},
    ),
    "MaskComposite": Row(
        "image.mask_combine",
        ("x", "y", "operation"),
        inputs={"destination": "a", "source": "b"},
        params={
            "operation": Param(
                "operation",
                _named(
                    {
                        "add": "union",
                        "or": "union",
                        "multiply": "intersection",
                        "and": "intersection",
                        "subtract": "difference",
                    }
                ),
            )
        },
        outputs=("mask",),
        neutral={"x": 0, "y": 0},
    ),
}

_VALUES: dict[str, Row] = {
    "PrimitiveInt": Row("core.int", ("value", "control_after_generate"), params={"value": "value"}, outputs=("value",)),
    "PrimitiveFloat": Row("core.float", ("value",), params={"value": "value"}, outputs=("value",)),
    "PrimitiveBoolean": Row("core.bool", ("value",), params={"value": "value"}, outputs=("value",)),
    "PrimitiveString": Row("core.string", ("value",), params={"value": "value"}, outputs=("value",)),
    "PrimitiveStringMultiline": Row("core.string", ("value",), params={"value": "value"}, outputs=("value",)),
    "StringConcatenate": Row(
        "core.concat",
        ("string_a", "string_b", "delimiter"),
        params={"string_a": "a", "string_b": "b", "delimiter": "separator"},
        outputs=("value",),
    ),
    "StringReplace": Row(
        "core.replace",
        ("string", "find", "replace"),
        params={"string": "text", "find": "find", "replace": "replacement"},
        outputs=("value",),
    ),
    "PreviewAny": Row("core.to_string", inputs={"source": "value"}, result="value", neutral={"preview": ANY}),
    "Reroute": Row("core.passthrough", inputs={"": "value", "in_0": "value"}, outputs=("out",)),
}

_SAMPLER_PARAMS = {name: name for name in ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")}
_DIFFUSION: dict[str, Row] = {
    "CheckpointLoaderSimple": Row(
        "diffusion.load_checkpoint", ("ckpt_name",), params={"ckpt_name": "path"}, outputs=("model", "clip", "vae")
    ),
    "CLIPTextEncode": Row(
        "diffusion.encode_prompt",
        ("text",),
        inputs={"clip": "clip"},
        params={"text": "text"},
        outputs=("conditioning",),
    ),
    "KSampler": Row(
        "diffusion.sample",
        (*_SEED, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
        inputs={"model": "model", "positive": "positive", "negative": "negative", "latent_image": "latent"},
        params=_SAMPLER_PARAMS,
        outputs=("latent",),
    ),
    "EmptyLatentImage": Row(
        "diffusion.empty_latent",
        ("width", "height", "batch_size"),
        params={"width": "width", "height": "height", "batch_size": "batch_size"},
        outputs=("latent",),
    ),
    "VAEDecode": Row("diffusion.vae_decode", inputs={"samples": "latent", "vae": "vae"}, outputs=("image",)),
    "VAEDecodeTiled": Row(
        "diffusion.vae_decode",
        ("tile_size", "overlap", "temporal_size", "temporal_overlap"),
        inputs={"samples": "latent", "vae": "vae"},
        outputs=("image",),
        fixed={"tiling": True},
        neutral=dict.fromkeys(("tile_size", "overlap", "temporal_size", "temporal_overlap"), ANY),
    ),
    "VAEEncode": Row("diffusion.vae_encode", inputs={"pixels": "image", "vae": "vae"}, outputs=("latent",)),
    "LoraLoader": Row(
        "diffusion.load_lora",
        ("lora_name", "strength_model", "strength_clip"),
        inputs={"model": "model", "clip": "clip"},
        params={"lora_name": "path", "strength_model": "strength_model", "strength_clip": "strength_clip"},
        outputs=("model", "clip"),
    ),
    "LoraLoaderModelOnly": Row(
        "diffusion.load_lora_model",
        ("lora_name", "strength_model"),
        inputs={"model": "model"},
        params={"lora_name": "path", "strength_model": "strength_model"},
        outputs=("model",),
    ),
    "ControlNetLoader": Row(
        "diffusion.load_controlnet",
        ("control_net_name",),
        params={"control_net_name": "folder"},
        outputs=("control_net",),
    ),
    "ControlNetApply": Row(
        "diffusion.apply_controlnet",
        ("strength",),
        inputs={"conditioning": "conditioning", "control_net": "control_net", "image": "image"},
        params={"strength": "strength"},
        outputs=("conditioning",),
    ),
    # With us the positive conditioning carries the ControlNet for both.
    "ControlNetApplyAdvanced": Row(
        "diffusion.apply_controlnet",
        ("strength", "start_percent", "end_percent"),
        inputs={"positive": "conditioning", "control_net": "control_net", "image": "image"},
        params={"strength": "strength", "start_percent": "start_percent", "end_percent": "end_percent"},
        outputs=("conditioning", Same("negative")),
    ),
}

ROWS: Mapping[str, Row] = _PICTURES | _MASKS | _VALUES | _DIFFUSION

#: Text on the canvas.
NOTES = frozenset({"Note", "MarkdownNote"})
#: A value whose type is that of what it feeds.
PRIMITIVE = "PrimitiveNode"


def primitive_row(value: Any) -> Row | None:
    """What a `PrimitiveNode` of a value is with us, or null."""
    kinds: tuple[tuple[type, str], ...] = ((bool, "Boolean"), (int, "Int"), (float, "Float"), (str, "String"))
    return next((_VALUES[f"Primitive{name}"] for kind, name in kinds if isinstance(value, kind)), None)
