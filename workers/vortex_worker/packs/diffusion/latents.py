"""Latents: what diffusion works on, and the pictures that they stand for.

They are float32 (batch, 4, height / 8, width / 8), scaled as the model's sampler wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch

from vortex_prefect.core.errors import GraphError, WorkerError
from vortex_worker.packs.diffusion.components import vae as autoencoder
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.watching import watched
from vortex_worker.packs.image.pixels import rgb, to_planes, unit
from vortex_worker.sdk import Context, Doc, Image, Latent, Model, Range, Step, Unit, node

#: Pixels that one element of a latent stands for, along each side; and its channels.
SCALE, CHANNELS = 8, 4

Side = Annotated[int, Range(16, 16384), Step(8), Unit("px"), Doc("A multiple of 8.")]
Batch = Annotated[int, Range(1, 4096), Doc("How many pictures.")]


@node("diffusion.empty_latent", category="diffusion", title="Empty latent", outputs=("latent",))
def empty_latent(width: Side = 512, height: Side = 512, batch_size: Batch = 1) -> Latent:
    """Where a sampler begins that makes pictures out of nothing: tells their size and number."""
    return blank(width, height, batch_size)


@node("diffusion.vae_encode", category="diffusion", title="VAE encode", outputs=("latent",))
def vae_encode(image: Annotated[Image, Doc("Both sides multiples of 8.")], vae: Model, ctx: Context) -> Latent:
    """Turn pictures into latents: the mean of what the autoencoder gives, so always the same."""
    return encoded_pictures(ctx, vae, image)


@node("diffusion.vae_decode", category="diffusion", title="VAE decode")
def vae_decode(
    latent: Latent,
    vae: Model,
    ctx: Context,
    tiling: Annotated[bool, Doc("Piece by piece: slower, in less memory, with seams that are hardly seen.")] = False,
) -> Image:
    """Turn latents into pictures."""
    return decoded(ctx, vae, latent, ctx.progress, tiling=tiling)


def blank(width: int, height: int, batch: int) -> torch.Tensor:
    """Zeros of the form of a latent; VE-010 for sides that are no multiples of 8."""
    require_sides(width, height)
    return torch.zeros(batch, CHANNELS, height // SCALE, width // SCALE)


def require_sides(width: int, height: int) -> None:
    """Raises GraphError VE-010 for sides that are no multiples of 8."""
    for name, side in (("width", width), ("height", height)):
        if side % SCALE or side < 2 * SCALE:
            below = max(side // SCALE, 2) * SCALE
            raise GraphError("VE-010", f"{name} is {side}, not a multiple of {SCALE}; {below} is the next below")


def require_latent(latent: torch.Tensor) -> None:
    """Raises ValueError for what is no latent, WorkerError WK-015 for one that is not finite."""
    if latent.ndim != 4 or latent.shape[1] != CHANNELS or not latent.is_floating_point() or not latent.numel():
        raise ValueError(f"a latent is (batch, {CHANNELS}, height / 8, width / 8), not {tuple(latent.shape)}")
    require_finite(latent, "the latent")


def require_finite(tensor: torch.Tensor, what: str) -> None:
    """Raises WorkerError WK-015 unless all elements are numbers."""
    if not bool(tensor.isfinite().all()):
        raise WorkerError("WK-015", f"{what} holds what is no finite number")


def encoded_pictures(ctx: Context, vae: Any, image: torch.Tensor) -> torch.Tensor:
    """Pictures as latents, one after the other."""
    require_sides(image.shape[2], image.shape[1])
    model = autoencoder(ctx, Handle.of(vae, "vae"))
    planes = to_planes(unit(torch.nan_to_num(rgb(image))))
    found = []
    for index in range(len(planes)):
        share = index / len(planes)
        ctx.progress(share)
        with torch.no_grad(), watched(model, lambda share=share: ctx.progress(share)):  # type: ignore[misc]
            mean = model.encode(2.0 * planes[index : index + 1].to(model.dtype) - 1.0).latent_dist.mode()
        shift, factor = _scaling(model, mean)
        found.append(((mean - shift) * factor).float())
    latent = torch.cat(found)
    require_finite(latent, "what the autoencoder gives")
    return latent


def decoded(
    ctx: Context, vae: Any, latent: torch.Tensor, report: Callable[[float], None], *, tiling: bool = False
) -> torch.Tensor:
    """Latents as pictures, one after the other; (batch, height, width, 3) in main memory where results lie."""
    require_latent(latent)
    model = autoencoder(ctx, Handle.of(vae, "vae"))
    (model.enable_tiling if tiling else model.disable_tiling)()
    batch, _, height, width = latent.shape
    result = ctx.empty(batch, height * SCALE, width * SCALE, 3)
    for index in range(batch):
        share = index / batch
        report(share)
        one = latent[index : index + 1].to(ctx.device, model.dtype)
        shift, factor = _scaling(model, one)
        with torch.no_grad(), watched(model, lambda share=share: report(share)):  # type: ignore[misc]
            planes = model.decode(one / factor + shift, return_dict=False)[0]
        require_finite(planes, "what the autoencoder gives")
        result[index] = (planes[0].movedim(0, -1).float() / 2 + 0.5).clamp(0.0, 1.0)
        ctx.preview(result[index])
    return result


def _scaling(model: Any, like: torch.Tensor) -> tuple[torch.Tensor | float, torch.Tensor | float]:
    """What is taken from a latent, and by what it is multiplied then: some models have their own for each channel."""
    mean, deviation = (getattr(model.config, name, None) for name in ("latents_mean", "latents_std"))
    factor: float = model.config.scaling_factor
    if mean is None or deviation is None:
        return 0.0, factor
    each = (
        torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1) for values in (mean, deviation)
    )
    shift, spread = each
    return shift, factor / spread
