"""What happens between two steps of a sampler: progress, a cancel, a preview, a look for what is no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from vortex_worker.packs.diffusion.latents import require_finite
from vortex_worker.sdk import Context

#: Latent channels → red, green, blue: fits to what the autoencoders of each family decode.
#: Sources: T. A. Vass, Explaining the SDXL latent space (huggingface.co/blog, 2024); for Stable Diffusion 1 and 2
#: the thread "Decoding latents to RGB without upscaling" on discuss.huggingface.co (2022).
_TO_RGB = {
    "sd": ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473)),
    "sdxl": ((0.471, 0.471, 0.471), (-0.471, -0.039, 0.078), (0.196, 0.118, -0.039), (-0.549, -0.392, -0.275)),
}


class Steps:
    """Called by diffusers after each step.

    Args:
        ctx: of the node.
        family: of the model.
        report: takes the share of the steps that are done; raises where the node was cancelled.
        keep: what replaces the latents after a step: the pipeline, the number of the step and the latents are given.
    """

    def __init__(
        self,
        ctx: Context,
        family: str,
        report: Callable[[float], None],
        keep: Callable[[Any, int, torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        self._ctx = ctx
        self._family = family
        self._report = report
        self._keep = keep
        self._share = 0.0

    def look(self) -> None:
        """Between two steps: nothing is new, but the node may have been cancelled."""
        self._report(self._share)

    def __call__(self, pipeline: Any, step: int, _: Any, values: dict[str, Any]) -> dict[str, Any]:
        """See `callback_on_step_end` of diffusers' pipelines."""
        latents = values["latents"]
        require_finite(latents, f"the latent after step {step + 1}")
        if self._keep is not None:
            latents = self._keep(pipeline, step, latents)
        self._ctx.preview(approximate(latents[:1], self._family))
        self._share = (step + 1) / max(1, pipeline.num_timesteps)
        self._report(self._share)
        return {"latents": latents}


def approximate(latents: torch.Tensor, family: str) -> torch.Tensor:
    """A guess at the pictures of latents, without an autoencoder: (batch, height / 8, width / 8, 3) in 0..1.

    Some samplers count noise in its full size: latents that vary more than a picture's are made smaller.
    """
    flat = latents.float()
    flat = flat / flat.std().clamp(min=1.0)
    colours = torch.tensor(_TO_RGB[family], dtype=flat.dtype, device=flat.device)
    return (torch.einsum("bchw,cr->bhwr", flat, colours) / 2 + 0.5).clamp(0.0, 1.0)
