"""Painting into pictures."""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.diffusion.components import unet as denoiser
from vortex_worker.packs.diffusion.components import vae as autoencoder
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.latents import require_finite, require_sides
from vortex_worker.packs.diffusion.pipelines import (
    Settings,
    controls_of,
    partial_steps,
    pipeline_of,
    prompt_options,
    run,
)
from vortex_worker.packs.diffusion.sampling import Denoise, Guidance, Sampler, Schedule, StepCount
from vortex_worker.packs.diffusion.steps import Steps
from vortex_worker.packs.image.pixels import rgb, to_planes, unit
from vortex_worker.packs.seeding import Seed
from vortex_worker.sdk import Conditioning, Context, Doc, Image, Latent, Mask, Model, node


@node("diffusion.inpaint", category="diffusion", title="Inpaint", outputs=("latent",))
def inpaint(
    model: Annotated[Model, Doc("One made for inpainting, which sees what is around; any other does it less well.")],
    vae: Model,
    positive: Annotated[Conditioning, Doc("What to paint.")],
    negative: Annotated[Conditioning, Doc("What not to.")],
    image: Annotated[Image, Doc("Both sides multiples of 8.")],
    mask: Annotated[Mask, Doc("From 0.5 on something new is painted.")],
    ctx: Context,
    seed: Seed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 7.0,
    sampler_name: Sampler = "default",
    scheduler: Schedule = "normal",
    denoise: Denoise = 1.0,
) -> Latent:
    """Paint something new into a part of a picture, to be decoded with the same autoencoder."""
    if denoise == 0:
        raise ValueError("denoise is 0, with which nothing is painted")
    height, width = image.shape[1:3]
    require_sides(width, height)
    settings = Settings(seed, steps, cfg, sampler_name, scheduler, denoise)
    handle = Handle.of(model, "unet")
    unet = denoiser(ctx, handle)
    if unet.config.in_channels not in (4, 9):
        raise ValueError(f"{handle.path} takes {unet.config.in_channels} channels, and is not made for inpainting")
    controls = controls_of(ctx, handle, positive)
    pipeline = pipeline_of(handle, "Inpaint", unet, controls, settings, autoencoder(ctx, Handle.of(vae, "vae")))
    picture = to_planes(unit(torch.nan_to_num(rgb(image))))
    where = F.interpolate(torch.nan_to_num(mask).clamp(0, 1).unsqueeze(1), size=(height, width))
    if len(where) not in (1, len(image)):
        raise ValueError(f"there are {len(where)} masks for {len(image)} pictures")
    found = run(
        pipeline,
        settings,
        Steps(ctx, handle.family, ctx.progress),
        image=picture,
        mask_image=where.expand(len(image), -1, -1, -1),
        height=height,
        width=width,
        **partial_steps(settings),
        **prompt_options(handle, unet, positive, negative, len(image)),
        **(controls.options("Inpaint") if controls.nets else {}),
    )
    require_finite(found, "the latent")
    return found
