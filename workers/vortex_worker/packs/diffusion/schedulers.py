"""How noise is taken away: samplers and noise schedules under the names that node editors use."""

from __future__ import annotations

import inspect
from typing import Any

from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.packs.diffusion.library import diffusers, loading

#: sampler → class of diffusers, and what is particular to it.
_SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm_2": ("KDPM2DiscreteScheduler", {}),
    "dpm_2_ancestral": ("KDPM2AncestralDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "dpmpp_2s": ("DPMSolverSinglestepScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "uni_pc": ("UniPCMultistepScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "lcm": ("LCMScheduler", {}),
}
SAMPLERS = ("default", *_SAMPLERS)
_SCHEDULES: dict[str, dict[str, Any]] = {
    "normal": {},
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
    "sgm_uniform": {"timestep_spacing": "trailing"},
}
SCHEDULES = tuple(_SCHEDULES)


def scheduler_of(handle: Handle, sampler: str, schedule: str) -> Any:
    """A fresh scheduler for one run of a UNet: of its own kind by default, else another over the same noise.

    Raises:
        ValueError: that sampler has no such schedule.
        WorkerError: WK-014, the checkpoint's own scheduler is none that is known.
    """
    config = dict(handle.scheduler or {})
    name, particular = _SAMPLERS.get(sampler, (str(config.get("_class_name")), {}))
    with loading(f"the scheduler of {handle.path}"):
        kind = getattr(diffusers(), name)
        known = inspect.signature(kind.__init__).parameters
    chosen = _SCHEDULES[schedule]
    if lacking := set(chosen) - set(known):
        raise ValueError(f"{sampler} has no schedule {schedule} ({min(lacking)}); take normal, or another sampler")
    # One at a time: the checkpoint's own may be another.
    plain = {key: value for key, value in config.items() if chosen == {} or not key.endswith("_sigmas")}
    with loading(f"the scheduler of {handle.path}"):
        return kind.from_config(plain, **particular, **chosen)
