"""LoRA: small weights in files of their own that change a model, and are taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch

from vortex_prefect.core.errors import WorkerError
from vortex_worker.packs.diffusion.files import open_weights, require_sha256, tensors_below, wanted_sha256
from vortex_worker.packs.diffusion.handles import Handle, Lora
from vortex_worker.packs.diffusion.library import diffusers, loading
from vortex_worker.sdk import Doc, File, Model, Range, Step, node

Strength = Annotated[float, Range(-20.0, 20.0), Step(0.05), Doc("1 as it was trained, 0 not at all.")]
LoraFile = Annotated[Path, File(), Doc("A .safetensors file of LoRA weights.")]
Sha256 = Annotated[str, Doc("What the file must have, in hexadecimal; empty takes it as it is.")]


class Changed(NamedTuple):
    model: Model
    clip: Model


@node("diffusion.load_lora", category="diffusion", title="Load LoRA")
def load_lora(
    model: Model,
    clip: Model,
    path: LoraFile,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    sha256: Sha256 = "",
) -> Changed:
    """Change a model and its text encoder by LoRA weights; several change it one after the other."""
    unet, text = Handle.of(model, "unet"), Handle.of(clip, "clip")
    digest = _checked(path, sha256)
    return Changed(
        unet.with_lora(Lora(str(path), digest, strength_model)).to_json(),
        text.with_lora(Lora(str(path), digest, strength_clip)).to_json(),
    )


@node("diffusion.load_lora_model", category="diffusion", title="Load LoRA (model only)", outputs=("model",))
def load_lora_model(model: Model, path: LoraFile, strength_model: Strength = 1.0, sha256: Sha256 = "") -> Model:
    """Change a model by LoRA weights, but not its text encoder."""
    unet = Handle.of(model, "unet")
    return unet.with_lora(Lora(str(path), _checked(path, sha256), strength_model)).to_json()


def _checked(path: Path, sha256: str) -> str:
    digest = require_sha256(path, wanted_sha256(sha256))
    with open_weights(path) as opened:
        if not any("lora" in name.lower() for name in opened.keys()):  # noqa: SIM118  it is no dictionary
            raise WorkerError("WK-014", f"{path} holds no LoRA weights")
    return digest


def change(modules: Sequence[Any], handle: Handle) -> None:
    """Bring modules that are kept into the state that a handle names: these LoRA weights, at these strengths.

    Args:
        modules: the UNet, or the text encoders in their order.

    Raises:
        WorkerError: WK-009, WK-013 or WK-014, as `components.unet`.
    """
    wanted: dict[str, float] = {}
    for lora in handle.loras:
        wanted[_name(lora)] = wanted.get(_name(lora), 0.0) + lora.strength
    if set(wanted) != set().union(*map(_present, modules)):
        _restore(modules)
        try:
            for lora in {_name(lora): lora for lora in handle.loras}.values():
                with loading(lora.path):
                    _add(modules, handle, lora)
        except BaseException:
            # Half changed it must not stay: the next job would find the names that it wants.
            _restore(modules)
            raise
    for module in modules:
        if present := sorted(_present(module)):
            _weigh(module, present, [wanted[name] for name in present])


def _name(lora: Lora) -> str:
    return f"lora_{lora.sha256[:32]}"


def _present(module: Any) -> set[str]:
    return set(getattr(module, "peft_config", None) or ())


def _restore(modules: Sequence[Any]) -> None:
    """Take all LoRA weights away: what is left is what was loaded, to the bit."""
    from diffusers.utils import recurse_remove_peft_layers

    for module in modules:
        if _present(module):
            recurse_remove_peft_layers(module)
            module.peft_config.clear()
            module._hf_peft_config_loaded = False


def _add(modules: Sequence[Any], handle: Handle, lora: Lora) -> None:
    require_sha256(Path(lora.path), lora.sha256)
    library = diffusers()
    xl = handle.family == "sdxl"
    loader = library.StableDiffusionXLPipeline if xl else library.StableDiffusionPipeline
    config = {"unet_config": modules[0].config} if xl and handle.part == "unet" else {}
    state, alphas, *_ = loader.lora_state_dict(tensors_below(Path(lora.path), ""), **config)
    before = [_present(module) for module in modules]
    if handle.part == "unet":
        loader.load_lora_into_unet(state, alphas, modules[0], adapter_name=_name(lora))
        if _present(modules[0]) == before[0]:
            raise WorkerError("WK-014", f"{lora.path} has no LoRA weights for this model")
        return
    for module, prefix in zip(modules, ("text_encoder", "text_encoder_2"), strict=False):
        # One without weights for the text is usual.
        if any(name.startswith(f"{prefix}.") for name in state):
            loader.load_lora_into_text_encoder(state, alphas, module, prefix=prefix, adapter_name=_name(lora))


def _weigh(module: Any, names: list[str], strengths: list[float]) -> None:
    from diffusers.utils import set_weights_and_activate_adapters

    with torch.inference_mode(False):
        set_weights_and_activate_adapters(module, names, strengths)
