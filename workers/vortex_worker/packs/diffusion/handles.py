"""What says which model: JSON along an edge, with the hashes of the files that it is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from vortex_prefect.core.errors import WorkerError

#: Architectures: Stable Diffusion 1 and 2, and XL.
Family = Literal["sd", "sdxl"]
Part = Literal["unet", "clip", "vae", "controlnet"]
#: Where weights lie: in the folders of diffusers, or in one file with the original names.
Layout = Literal["folder", "checkpoint"]

DTYPES = ("auto", "float32", "float16", "bfloat16")
_WHAT = {"unet": "model", "clip": "text encoder (clip)", "vae": "autoencoder (vae)", "controlnet": "ControlNet"}


@dataclass(frozen=True, slots=True)
class Lora:
    """Weights that change a model a little."""

    path: str
    sha256: str
    strength: float


@dataclass(frozen=True, slots=True)
class Handle:
    """One part of a checkpoint.

    Attributes:
        path: the folder, or the file.
        config: the folder of configurations; for a folder the same.
        files: all that is read for this part → SHA-256.
        sha256: of these hashes and of the files' names below their folder, so of the content.
        elements: of all weights together.
        dtype: one of `DTYPES`; `auto` is float16 on a GPU and float32 on the CPU.
        scheduler: how the model's noise is scheduled, as diffusers writes it down; of a UNet only.
    """

    family: Family
    part: Part
    layout: Layout
    path: str
    config: str
    files: dict[str, str]
    sha256: str
    elements: int
    dtype: str = "auto"
    scheduler: dict[str, Any] | None = None
    loras: tuple[Lora, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What flows along an edge."""
        return {**asdict(self), "loras": [asdict(lora) for lora in self.loras]}

    def with_lora(self, lora: Lora) -> Handle:
        """The same, changed by one more."""
        return replace(self, loras=(*self.loras, lora))

    @classmethod
    def of(cls, model: Any, part: Part) -> Handle:
        """The handle that came along an edge.

        Raises:
            WorkerError: WK-014, it is none, or one of another part of a checkpoint.
        """
        try:
            found = cls(**{**model, "loras": tuple(Lora(**lora) for lora in model["loras"])})
            if found.family not in get_args(Family) or not isinstance(found.files, dict):
                raise TypeError
        except (TypeError, KeyError):
            raise WorkerError("WK-014", f"{model!r:.100} names no model that diffusion.load_… gives") from None
        if found.part != part:
            wrong = _WHAT.get(found.part, found.part)
            raise WorkerError("WK-014", f"a {_WHAT[part]} is wanted here, not the {wrong} of {found.path}")
        return found
