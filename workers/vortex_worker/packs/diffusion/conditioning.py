"""Prompts, and pictures that steer."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from vortex_worker.packs.diffusion.components import text_encoders
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.library import diffusers
from vortex_worker.packs.image.pixels import rgb, unit
from vortex_worker.sdk import Conditioning, Context, Doc, Image, Model, Range, Steering, Step, Widget, node

#: Names of tensors in a conditioning: what attention sees, and XL's single vector of the whole text.
EMBEDS, POOLED = "embeds", "pooled"

Share = Annotated[float, Range(0.0, 1.0), Step(0.05)]


@node("diffusion.encode_prompt", category="diffusion", title="Encode prompt", outputs=("conditioning",))
def encode_prompt(
    clip: Model,
    ctx: Context,
    text: Annotated[str, Widget("text"), Doc("77 tokens at most; the rest is cut off. Brackets are no weights.")] = "",
    clip_skip: Annotated[int, Range(0, 11), Doc("How many of the last layers are left out.")] = 0,
) -> Conditioning:
    """Turn a text into what steers the sampler."""
    return encoded(ctx, clip, text, clip_skip)


@node("diffusion.apply_controlnet", category="diffusion", title="Apply ControlNet", outputs=("conditioning",))
def apply_controlnet(
    conditioning: Annotated[Conditioning, Doc("The positive one; what steers it steers the negative one too.")],
    control_net: Model,
    image: Annotated[Image, Doc("What the ControlNet was trained on: edges, depth, poses, … One, or one a picture.")],
    strength: Annotated[float, Range(0.0, 10.0), Step(0.05)] = 1.0,
    start_percent: Annotated[Share, Doc("Share of the steps before it begins.")] = 0.0,
    end_percent: Annotated[Share, Doc("Share of the steps after which it ends.")] = 1.0,
) -> Conditioning:
    """Let a picture steer what is painted; several do so together."""
    handle = Handle.of(control_net, "controlnet")
    if start_percent >= end_percent:
        raise ValueError(f"it ends at {end_percent:g}, not after {start_percent:g}, where it begins")
    controls = list(conditioning.info.get("controls", ()))
    name = f"control.{len(controls)}"
    controls.append({
        "model": handle.to_json(), "image": name, "strength": strength, "start": start_percent, "end": end_percent,
    })  # fmt: skip
    picture = unit(torch.nan_to_num(rgb(image)))
    return Steering({**conditioning.tensors, name: picture}, {**conditioning.info, "controls": controls})


def encoded(ctx: Context, clip: Any, text: str, clip_skip: int = 0) -> Conditioning:
    """As `encode_prompt`."""
    handle = Handle.of(clip, "clip")
    parts = text_encoders(ctx, handle)
    layers = min(encoder.config.num_hidden_layers for encoder in parts.encoders)
    if clip_skip >= layers - 1:
        raise ValueError(f"clip_skip is {clip_skip}, but the text encoder has {layers} layers")
    if handle.family == "sd":
        tensors = {EMBEDS: _plain(ctx, parts.tokenizers[0], parts.encoders[0], text, clip_skip)}
    else:
        pipeline = diffusers().StableDiffusionXLPipeline(
            vae=None, unet=None, scheduler=None, tokenizer=parts.tokenizers[0], tokenizer_2=parts.tokenizers[1],
            text_encoder=parts.encoders[0], text_encoder_2=parts.encoders[1], add_watermarker=False,
        )  # fmt: skip
        embeds, _, pooled, _ = pipeline.encode_prompt(
            text, device=ctx.device, do_classifier_free_guidance=False, clip_skip=clip_skip or None
        )
        tensors = {EMBEDS: embeds, POOLED: pooled}
    return Steering(tensors, {"family": handle.family})


def _plain(ctx: Context, tokenizer: Any, encoder: Any, text: str, clip_skip: int) -> torch.Tensor:
    """(1, token, element). Not by the library's pipeline, which knows another form of the encoder's last layers."""
    tokens = tokenizer(
        text, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    )
    # Version 2 was trained with padding left out, and says so.
    seen = tokens.attention_mask.to(ctx.device) if getattr(encoder.config, "use_attention_mask", False) else None
    with torch.no_grad():
        found = encoder(tokens.input_ids.to(ctx.device), attention_mask=seen, output_hidden_states=bool(clip_skip))
    if not clip_skip:
        states: torch.Tensor = found.last_hidden_state
        return states
    inner = getattr(encoder, "text_model", encoder)
    with torch.no_grad():
        skipped: torch.Tensor = inner.final_layer_norm(found.hidden_states[-1 - clip_skip])
    return skipped
