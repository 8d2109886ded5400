"""Models in memory: made of their files once a worker, and kept until memory is wanted for others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.models import resident_name
from vortex_worker.packs.diffusion.adapters import change
from vortex_worker.packs.diffusion.files import checked, tensors_below, variant_of, weight_files
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.library import diffusers, loading, transformers
from vortex_worker.packs.diffusion.loading import FOLDERS, PREFIXES, STEMS
from vortex_worker.sdk import Context


@dataclass(frozen=True, slots=True)
class TextEncoders:
    """One encoder and its tokenizer; XL has two of them."""

    tokenizers: tuple[Any, ...]
    encoders: tuple[Any, ...]


def unet(ctx: Context, handle: Handle) -> Any:
    """A UNet on the worker's device, with just the LoRA weights that the handle names.

    Raises:
        WorkerError: WK-009, a file has changed; WK-013, one is damaged or missing; WK-014, it is no such model.
    """
    found = _resident(ctx, handle, lambda: _model(ctx, handle, "UNet2DConditionModel", "unet"))
    change((found,), handle)
    return found


def vae(ctx: Context, handle: Handle) -> Any:
    """An autoencoder. Raises as `unet`."""
    found = _resident(ctx, handle, lambda: _model(ctx, handle, "AutoencoderKL", "vae"))
    # The library's pipelines leave it in what they computed with.
    dtype = _dtype(ctx, handle)
    return found if found.dtype == dtype else found.to(dtype)


def controlnet(ctx: Context, handle: Handle) -> Any:
    """A ControlNet. Raises as `unet`."""
    return _resident(ctx, handle, lambda: _model(ctx, handle, "ControlNetModel", ""))


def text_encoders(ctx: Context, handle: Handle) -> TextEncoders:
    """Tokenizers and text encoders, with just the LoRA weights that the handle names. Raises as `unet`."""
    found: TextEncoders = _resident(ctx, handle, lambda: _text_encoders(ctx, handle))
    change(found.encoders, handle)
    return found


def _resident(ctx: Context, handle: Handle, make: Any) -> Any:
    def made() -> Any:
        with checked(handle), loading(handle.path):
            return make()

    return ctx.resident(resident_name(handle.to_json()), made, handle.elements * _dtype(ctx, handle).itemsize)


def _dtype(ctx: Context, handle: Handle) -> torch.dtype:
    name = handle.dtype
    if name == "auto":
        name = "float16" if ctx.device.type == "cuda" else "float32"
    found: torch.dtype = getattr(torch, name)
    return found


def _model(ctx: Context, handle: Handle, kind: str, subfolder: str) -> Any:
    """A model of diffusers, in evaluation mode on the worker's device."""
    made: Any = getattr(diffusers(), kind)
    dtype = _dtype(ctx, handle)
    options: dict[str, Any] = {"torch_dtype": dtype, "local_files_only": True}
    if handle.layout == "checkpoint":
        tensors = tensors_below(Path(handle.path), *PREFIXES[handle.part])
        found = made.from_single_file(tensors, config=handle.config, subfolder=subfolder, **options)
    else:
        folder = Path(handle.path) / subfolder
        variant = variant_of(weight_files(folder, "diffusion_pytorch_model")[0], "diffusion_pytorch_model")
        found, told = made.from_pretrained(
            folder, use_safetensors=True, variant=variant, output_loading_info=True, **options
        )
        _require_complete(handle, told)
    return _placed(ctx, handle, found)


def _text_encoders(ctx: Context, handle: Handle) -> TextEncoders:
    library = transformers()
    tokenizers, encoders = [], []
    for name in FOLDERS["clip"][handle.family]:
        if name not in STEMS:
            folder = Path(handle.config) / name
            tokenizers.append(library.CLIPTokenizer.from_pretrained(folder, local_files_only=True))
            continue
        kind = library.CLIPTextModelWithProjection if name == "text_encoder_2" else library.CLIPTextModel
        encoders.append(_placed(ctx, handle, _text_encoder(ctx, handle, kind, name)))
    return TextEncoders(tuple(tokenizers), tuple(encoders))


def _text_encoder(ctx: Context, handle: Handle, kind: Any, name: str) -> Any:
    dtype = _dtype(ctx, handle)
    if handle.layout == "folder":
        folder = Path(handle.path) / name
        variant = variant_of(weight_files(folder, STEMS[name])[0], STEMS[name])
        found, told = kind.from_pretrained(
            folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
        _require_complete(handle, told)
        return found
    diffusers()
    from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm

    tensors = tensors_below(Path(handle.path), *PREFIXES["clip"])
    return create_diffusers_clip_model_from_ldm(
        kind, tensors, subfolder=name, config=handle.config, torch_dtype=dtype, local_files_only=True
    ).to(dtype)


def _require_complete(handle: Handle, told: Any) -> None:
    """The libraries make up what a file lacks, and say so in a log."""
    missing = sorted(told["missing_keys"])
    # Some versions of a text encoder kept the numbers of its places beside its weights.
    missing = [name for name in missing if not name.endswith("position_ids")]
    if missing or told.get("mismatched_keys"):
        wrong = missing or sorted(map(str, told["mismatched_keys"]))
        raise WorkerError(
            "WK-014", f"{handle.path}: its {handle.part} lacks {len(wrong)} of the architecture's tensors: {wrong[0]} …"
        )


def _placed(ctx: Context, handle: Handle, model: Any) -> Any:
    if any(parameter.is_meta for parameter in model.parameters()):
        raise WorkerError("WK-014", f"{handle.path}: its {handle.part} lacks tensors of the architecture")
    return model.eval().requires_grad_(False).to(ctx.device)
