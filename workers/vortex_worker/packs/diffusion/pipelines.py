"""diffusers' pipelines, put together for one run of models that are in memory already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import torch

from vortex_prefect.core.errors import GraphError, WorkerError
from vortex_worker.packs.diffusion.components import controlnet
from vortex_worker.packs.diffusion.conditioning import EMBEDS, POOLED
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.latents import SCALE
from vortex_worker.packs.diffusion.library import diffusers
from vortex_worker.packs.diffusion.schedulers import scheduler_of
from vortex_worker.packs.diffusion.steps import Steps
from vortex_worker.packs.diffusion.watching import watched
from vortex_worker.packs.image.pixels import to_planes
from vortex_worker.packs.seeding import generator
from vortex_worker.sdk import Conditioning, Context

Task = Literal["", "Img2Img", "Inpaint"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sample; see the nodes' parameters."""

    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float


class NoAutoencoder:
    """In a pipeline's place for an autoencoder where latents go in and come out: pipelines ask it for these facts."""

    config = SimpleNamespace(block_out_channels=(0,) * 4, latent_channels=4, force_upcast=False)


@dataclass(frozen=True, slots=True)
class Controls:
    """ControlNets of one run, their pictures (batch, 3, height, width), and how much and how long each counts."""

    nets: list[Any]
    pictures: list[torch.Tensor]
    strengths: list[float]
    starts: list[float]
    ends: list[float]

    def options(self, task: Task) -> dict[str, Any]:
        """As a pipeline takes them; one alone is no list."""
        named: dict[str, list[Any]] = {
            "control_image" if task else "image": self.pictures,
            "controlnet_conditioning_scale": self.strengths,
            "control_guidance_start": self.starts,
            "control_guidance_end": self.ends,
        }
        return named if len(self.nets) > 1 else {name: values[0] for name, values in named.items()}


def controls_of(ctx: Context, handle: Handle, conditioning: Conditioning) -> Controls:
    """The ControlNets that a conditioning asks for, in memory.

    Raises:
        WorkerError: WK-014, one is of another family than the model; as `components.unet`.
    """
    found = Controls([], [], [], [], [])
    for control in conditioning.info.get("controls", ()):
        own = Handle.of(control["model"], "controlnet")
        _require_family(own.family, handle, own.path)
        net = controlnet(ctx, own)
        found.nets.append(net)
        found.pictures.append(to_planes(conditioning.tensors[control["image"]]).to(ctx.device, net.dtype))
        found.strengths.append(float(control["strength"]))
        found.starts.append(float(control["start"]))
        found.ends.append(float(control["end"]))
    return found


def pipeline_of(handle: Handle, task: Task, unet: Any, controls: Controls, settings: Settings, vae: Any = None) -> Any:
    """A pipeline without text encoders; without an autoencoder it takes and gives latents."""
    library = diffusers()
    xl, net = "XL" if handle.family == "sdxl" else "", "ControlNet" if controls.nets else ""
    kind = getattr(library, f"StableDiffusion{xl}{net}{task}Pipeline")
    options: dict[str, Any] = {"add_watermarker": False, "text_encoder_2": None, "tokenizer_2": None} if xl else {
        "safety_checker": None, "feature_extractor": None, "requires_safety_checker": False
    }  # fmt: skip
    if xl and task == "Inpaint" and not net:
        options["requires_aesthetics_score"] = False
    if controls.nets:
        options["controlnet"] = controls.nets if len(controls.nets) > 1 else controls.nets[0]
    found = kind(
        vae=NoAutoencoder() if vae is None else vae,
        text_encoder=None,
        tokenizer=None,
        unet=unet,
        scheduler=scheduler_of(handle, settings.sampler, settings.scheduler),
        **options,
    )
    found.set_progress_bar_config(disable=True)
    return found


def prompt_options(
    handle: Handle, unet: Any, positive: Conditioning, negative: Conditioning, batch: int
) -> dict[str, Any]:
    """Two conditionings as a pipeline takes them, once for each picture.

    Raises:
        WorkerError: WK-014, they are of another family than the model.
        ValueError: one of them is for another number of pictures.
    """
    found: dict[str, Any] = {}
    for prefix, conditioning in (("", positive), ("negative_", negative)):
        _require_family(str(conditioning.info.get("family")), handle, "the conditioning")
        names = {EMBEDS: f"{prefix}prompt_embeds", POOLED: f"{prefix}pooled_prompt_embeds"}
        for name, option in names.items():
            if name in conditioning.tensors:
                found[option] = _for_each(conditioning.tensors[name].to(unet.device, unet.dtype), batch)
    width = unet.config.cross_attention_dim
    if found["prompt_embeds"].shape[-1] != width:
        given = found["prompt_embeds"].shape[-1]
        raise WorkerError(
            "WK-014", f"{handle.path} takes prompts of width {width}, not {given}: its text encoder differs"
        )
    return found


def _for_each(tensor: torch.Tensor, batch: int) -> torch.Tensor:
    if len(tensor) not in (1, batch):
        raise ValueError(f"the conditioning is for {len(tensor)} pictures, the latent for {batch}")
    return tensor if len(tensor) == batch else tensor.repeat(batch, *(1,) * (tensor.ndim - 1))


def _require_family(found: str, handle: Handle, what: str) -> None:
    names = {"sd": "Stable Diffusion 1 or 2", "sdxl": "Stable Diffusion XL"}
    if found != handle.family:
        raise WorkerError("WK-014", f"{what} is for {names.get(found, found)}, {handle.path} is {names[handle.family]}")


def partial_steps(settings: Settings) -> dict[str, Any]:
    """So many steps are really done, at the end of a schedule that is longer by what `denoise` leaves out."""
    count = max(settings.steps, int(settings.steps / settings.denoise))
    # Half a step more, since the library rounds the product down.
    return {"num_inference_steps": count, "strength": min(1.0, (settings.steps + 0.5) / count)}


def size_options(latent: torch.Tensor) -> dict[str, int]:
    """Height and width of the pictures that a latent stands for."""
    return {"height": latent.shape[2] * SCALE, "width": latent.shape[3] * SCALE}


def run(pipeline: Any, settings: Settings, steps: Steps, **options: Any) -> torch.Tensor:
    """The latents that a pipeline gives, as float32.

    Raises:
        GraphError: VE-010, its schedule has fewer steps than are wanted.
    """
    most = pipeline.scheduler.config.num_train_timesteps
    if (count := options["num_inference_steps"]) >= most:
        told = f"steps / denoise is {count}" if count != settings.steps else f"steps is {count}"
        raise GraphError("VE-010", f"{told}; the model was trained with {most}, and takes fewer")
    with _deterministic(pipeline.unet.device), watched(pipeline.unet, steps.look):
        found: torch.Tensor = pipeline(
            guidance_scale=settings.cfg,
            generator=generator(settings.seed),
            output_type="latent",
            return_dict=False,
            callback_on_step_end=steps,
            **options,
        )[0]
    return found.float()


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    """On CUDA convolutions are otherwise computed by whatever is fastest at that moment."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        yield
