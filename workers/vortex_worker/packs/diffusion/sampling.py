"""Samplers: noise becomes a latent, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.diffusion.components import unet as denoiser
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.latents import require_finite, require_latent
from vortex_worker.packs.diffusion.pipelines import (
    Settings,
    Task,
    controls_of,
    partial_steps,
    pipeline_of,
    prompt_options,
    run,
    size_options,
)
from vortex_worker.packs.diffusion.schedulers import SAMPLERS, SCHEDULES
from vortex_worker.packs.diffusion.steps import Steps
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Choices, Conditioning, Context, Doc, Latent, Mask, Model, Range, Step, node

StepCount = Annotated[int, Range(1, 1000), Doc("How many are really done, also where denoise is below 1.")]
Guidance = Annotated[
    float, Range(0.0, 100.0), Step(0.5), Doc("How closely to follow the prompt; 1 leaves the negative out.")
]
Sampler = Annotated[str, Choices(*SAMPLERS), Doc("default is the checkpoint's own.")]
Schedule = Annotated[str, Choices(*SCHEDULES), Doc("How much noise is left when; not every sampler has each.")]
Denoise = Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("1 makes pictures anew, 0 leaves them as they are.")]
Where = Annotated[Mask | None, Doc("Of any size: 1 where something is to change, 0 where the latent stays.")]


@node("diffusion.sample", category="diffusion", title="Sampler", outputs=("latent",))
def sample(
    model: Model,
    positive: Annotated[Conditioning, Doc("What to paint.")],
    negative: Annotated[Conditioning, Doc("What not to.")],
    latent: Annotated[Latent, Doc("Where to begin; with denoise 1 and without a mask only its size counts.")],
    ctx: Context,
    mask: Where = None,
    seed: Seed = 0,
    steps: StepCount = 20,
    cfg: Guidance = 7.0,
    sampler_name: Sampler = "default",
    scheduler: Schedule = "normal",
    denoise: Denoise = 1.0,
) -> Latent:
    """Take noise away until a picture's latent is left; the noise is drawn on the CPU, on every device the same."""
    settings = Settings(seed, steps, cfg, sampler_name, scheduler, denoise)
    return sampled(ctx, model, positive, negative, latent, settings, ctx.progress, mask)


def sampled(
    ctx: Context,
    model: Any,
    positive: Conditioning,
    negative: Conditioning,
    latent: torch.Tensor,
    settings: Settings,
    report: Callable[[float], None],
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """As the node; `report` takes the share that is done."""
    require_latent(latent)
    if settings.denoise == 0:
        return latent
    handle = Handle.of(model, "unet")
    unet = denoiser(ctx, handle)
    if unet.config.in_channels != latent.shape[1]:
        raise ValueError(f"{handle.path} also takes the picture around what is to be painted; use diffusion.inpaint")
    controls = controls_of(ctx, handle, positive)
    start = latent.to(ctx.device, unet.dtype)
    options: dict[str, Any] = prompt_options(handle, unet, positive, negative, len(latent))
    task: Task = "Img2Img" if settings.denoise < 1 else ""
    if task:
        options |= {"image": start, **partial_steps(settings)}
    else:
        options |= {"num_inference_steps": settings.steps, **size_options(latent)}
    if controls.nets:
        options |= {**size_options(latent), **controls.options(task)}
    keep = None if mask is None else _keeping(start, mask, settings.seed)
    pipeline = pipeline_of(handle, task, unet, controls, settings)
    found = run(pipeline, settings, Steps(ctx, handle.family, report, keep), **options)
    require_finite(found, "the latent")
    return found


def _keeping(latent: torch.Tensor, mask: torch.Tensor, seed: int) -> Callable[[Any, int, torch.Tensor], torch.Tensor]:
    """Outside of the mask the latent stays: after each step it is put there, with the noise of that step."""
    # The very noise that the pipeline began with, which it does not tell.
    noise = torch.randn(latent.shape, generator=generator(seed), dtype=latent.dtype).to(latent.device)
    where = F.interpolate(mask.to(latent.device, latent.dtype).unsqueeze(1), size=latent.shape[2:])
    if len(where) not in (1, len(latent)):
        raise ValueError(f"there are {len(where)} masks for {len(latent)} pictures")

    def keep(pipeline: Any, step: int, found: torch.Tensor) -> torch.Tensor:
        timesteps = pipeline.scheduler.timesteps[-pipeline.num_timesteps :]
        around = latent
        if step + 1 < len(timesteps):
            around = pipeline.scheduler.add_noise(latent, noise, timesteps[step + 1].reshape(1))
        return (1 - where) * around + where * found

    return keep
