"""Prompt, sampler and autoencoder in one node."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.diffusion.conditioning import encoded
from vortex_worker.packs.diffusion.latents import Batch, Side, blank, decoded, encoded_pictures
from vortex_worker.packs.diffusion.pipelines import Settings
from vortex_worker.packs.diffusion.sampling import Denoise, Guidance, Sampler, Schedule, StepCount, sampled
from vortex_worker.packs.seeding import Seed
from vortex_worker.sdk import Context, Doc, Image, Model, Widget, node

Prompt = Annotated[str, Widget("text"), Doc("What to paint.")]
NegativePrompt = Annotated[str, Widget("text"), Doc("What not to.")]
#: Share of the time until the pictures are decoded.
_SAMPLED = 0.9


@node("diffusion.text_to_image", category="diffusion", title="Text to image")
def text_to_image(
    model: Model,
    clip: Model,
    vae: Model,
    ctx: Context,
    prompt: Prompt = "",
    negative_prompt: NegativePrompt = "",
    width: Side = 512,
    height: Side = 512,
    batch_size: Batch = 1,
    seed: Seed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 7.0,
    sampler_name: Sampler = "default",
    scheduler: Schedule = "normal",
) -> Image:
    """Paint what a text says."""
    settings = Settings(seed, steps, cfg, sampler_name, scheduler, 1.0)
    return _painted(ctx, (model, clip, vae), (prompt, negative_prompt), blank(width, height, batch_size), settings)


@node("diffusion.image_to_image", category="diffusion", title="Image to image")
def image_to_image(
    image: Annotated[Image, Doc("Both sides multiples of 8.")],
    model: Model,
    clip: Model,
    vae: Model,
    ctx: Context,
    prompt: Prompt = "",
    negative_prompt: NegativePrompt = "",
    seed: Seed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 7.0,
    sampler_name: Sampler = "default",
    scheduler: Schedule = "normal",
    denoise: Denoise = 0.6,
) -> Image:
    """Paint a picture over as a text says."""
    settings = Settings(seed, steps, cfg, sampler_name, scheduler, denoise)
    return _painted(ctx, (model, clip, vae), (prompt, negative_prompt), encoded_pictures(ctx, vae, image), settings)


def _painted(
    ctx: Context,
    models: tuple[object, object, object],
    texts: tuple[str, str],
    latent: torch.Tensor,
    settings: Settings,
) -> torch.Tensor:
    model, clip, vae = models
    positive, negative = (encoded(ctx, clip, text) for text in texts)
    found = sampled(ctx, model, positive, negative, latent, settings, lambda share: ctx.progress(_SAMPLED * share))
    return decoded(ctx, vae, found, lambda share: ctx.progress(_SAMPLED + (1 - _SAMPLED) * share))
