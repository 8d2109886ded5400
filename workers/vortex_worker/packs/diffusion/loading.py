"""Checkpoints and ControlNets in files: which they are, not yet in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args

from vortex_prefect.core.errors import WorkerError
from vortex_worker.packs.diffusion.files import (
    elements_of,
    hashes,
    listing_sha256,
    read_json,
    require_sha256,
    stamps,
    wanted_sha256,
    weight_files,
)
from vortex_worker.packs.diffusion.handles import DTYPES, Family, Handle, Layout, Part
from vortex_worker.sdk import Choices, Doc, File, Model, node

Sha256 = Annotated[str, Doc("What the file must have, in hexadecimal; empty takes it as it is.")]
Precision = Annotated[str, Choices(*DTYPES), Doc("auto: float16 on a GPU, float32 on the CPU.")]

#: Folders of each part below that of a pipeline; the second ones are XL's.
FOLDERS: dict[Part, dict[Family, tuple[str, ...]]] = {
    "unet": {"sd": ("unet",), "sdxl": ("unet",)},
    "vae": {"sd": ("vae",), "sdxl": ("vae",)},
    "clip": {
        "sd": ("text_encoder", "tokenizer"),
        "sdxl": ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"),
    },
}
#: What weights are called in such a folder.
STEMS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model",
         "text_encoder_2": "model"}  # fmt: skip
#: Where the parts lie in one file.
PREFIXES: dict[Part, tuple[str, ...]] = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.",),
    "clip": ("cond_stage_model.", "conditioner.embedders."),
}
#: The classes that these nodes know, by the folder's name in model_index.json.
_CLASSES = {
    "unet": {"UNet2DConditionModel"}, "vae": {"AutoencoderKL"}, "text_encoder": {"CLIPTextModel"},
    "text_encoder_2": {"CLIPTextModelWithProjection"}, "tokenizer": {"CLIPTokenizer", "CLIPTokenizerFast"},
    "tokenizer_2": {"CLIPTokenizer", "CLIPTokenizerFast"},
}  # fmt: skip


class Checkpoint(NamedTuple):
    model: Annotated[Model, Doc("The UNet, for samplers.")]
    clip: Annotated[Model, Doc("Tokenizers and text encoders, for prompts.")]
    vae: Annotated[Model, Doc("Between pictures and latents.")]


def _folder_stamps(folder: Path) -> str:
    return stamps(folder)


def _config_stamps(config: Path) -> str:
    return stamps(config)


@node("diffusion.load_folder", category="diffusion", title="Load pipeline folder", fingerprint=_folder_stamps)
def load_folder(
    folder: Annotated[Path, Doc("A pipeline as diffusers saves it, with model_index.json; safetensors only.")],
    sha256: Annotated[
        str, Doc("Of the lines that sha256sum prints for its files, sorted by name; empty takes them as they are.")
    ] = "",
    dtype: Precision = "auto",
) -> Checkpoint:
    """Name the parts of a Stable Diffusion pipeline in a folder; the nodes that use them load them, once a worker."""
    wanted = wanted_sha256(sha256)
    family = _family(folder)
    parts = [_folder_part(folder, family, part, dtype) for part in get_args(Part)[:3]]
    files = {path: digest for part in parts for path, digest in part.files.items()}
    if wanted and (found := listing_sha256(files, folder)) != wanted:
        raise WorkerError("WK-009", f"{folder} has SHA-256 {found}, not {wanted}")
    return Checkpoint(*(part.to_json() for part in parts))


@node("diffusion.load_checkpoint", category="diffusion", title="Load checkpoint", fingerprint=_config_stamps)
def load_checkpoint(
    path: Annotated[Path, File(), Doc("One .safetensors file with all parts, under their original names.")],
    config: Annotated[
        Path, Doc("A pipeline folder of the same architecture: its configurations and vocabularies; weights may lack.")
    ],
    sha256: Sha256 = "",
    dtype: Precision = "auto",
) -> Checkpoint:
    """Name the parts of a Stable Diffusion checkpoint; the nodes that use them load them, once a worker."""
    wanted = wanted_sha256(sha256)
    sizes = _sizes(path)
    digest = require_sha256(path, wanted)
    family = _family(config)
    if sizes["clip"] and (("conditioner.embedders." in sizes["prefix"]) != (family == "sdxl")):
        theirs = "Stable Diffusion XL" if family == "sd" else "Stable Diffusion 1 or 2"
        raise WorkerError("WK-014", f"{path} is {theirs}, but {config} the configuration of another")
    parts = []
    for part in get_args(Part)[:3]:
        if not sizes[part]:
            raise WorkerError("WK-014", f"{path} is no whole checkpoint: it has no tensors {PREFIXES[part][0]}…")
        configs = _configs(config, family, part)
        found = {str(path): digest, **hashes(configs)}
        parts.append(_handle(family, part, "checkpoint", path, config, found, sizes[part], dtype))
    return Checkpoint(*(part.to_json() for part in parts))


@node(
    "diffusion.load_controlnet",
    category="diffusion",
    title="Load ControlNet",
    outputs=("control_net",),
    fingerprint=_folder_stamps,
)
def load_controlnet(
    folder: Annotated[Path, Doc("config.json, and diffusion_pytorch_model.safetensors.")],
    sha256: Annotated[str, Doc("Of its weights; empty takes them as they are.")] = "",
    dtype: Precision = "auto",
) -> Model:
    """Name a ControlNet, which lets a picture steer another; the sampler loads it, once a worker."""
    wanted = wanted_sha256(sha256)
    config = read_json(folder / "config.json")
    if (kind := config.get("_class_name")) != "ControlNetModel":
        raise WorkerError("WK-014", f"{folder} holds a {kind}, not a ControlNetModel")
    weights = weight_files(folder, "diffusion_pytorch_model")
    if wanted:
        require_sha256(weights[0], wanted)
    files = hashes([folder / "config.json", *weights])
    # XL's see the pooled text too.
    family: Family = "sdxl" if config.get("addition_embed_type") == "text_time" else "sd"
    elements = sum(sum(elements_of(path).values()) for path in weights)
    return _handle(family, "controlnet", "folder", folder, folder, files, elements, dtype).to_json()


def _family(folder: Path) -> Family:
    """The architecture of a pipeline's folder.

    Raises:
        WorkerError: WK-013, there is no index; WK-014, it is another.
    """
    index = read_json(folder / "model_index.json")
    name = str(index.get("_class_name"))
    if not name.startswith("StableDiffusion") or name.startswith("StableDiffusion3"):
        raise WorkerError("WK-014", f"{folder} is a {name}; these nodes run Stable Diffusion 1, 2 and XL")
    family: Family = "sdxl" if name.startswith("StableDiffusionXL") else "sd"
    needed = {name for folders in FOLDERS.values() for name in folders[family]}
    for part in sorted(needed):
        kind = index.get(part)
        named = kind[1] if isinstance(kind, list) and len(kind) == 2 else None
        if named not in _CLASSES[part]:
            raise WorkerError("WK-014", f"{folder}: its {part} is {named}, not {' or '.join(sorted(_CLASSES[part]))}")
    return family


def _folder_part(folder: Path, family: Family, part: Part, dtype: str) -> Handle:
    weights = [
        path for name in FOLDERS[part][family] if name in STEMS for path in weight_files(folder / name, STEMS[name])
    ]
    files = hashes([*_configs(folder, family, part), *weights])
    elements = sum(sum(elements_of(path).values()) for path in weights)
    return _handle(family, part, "folder", folder, folder, files, elements, dtype)


def _configs(folder: Path, family: Family, part: Part) -> list[Path]:
    """What a part needs beside its weights."""
    found = []
    for name in FOLDERS[part][family]:
        if name in STEMS:
            found.append(folder / name / "config.json")
            found += sorted((folder / name).glob("*.index.json"))
        else:
            found += _vocabulary(folder / name)
    return found


def _vocabulary(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix in (".json", ".txt") and path.is_file())
    names = {path.name for path in found}
    if "tokenizer.json" not in names and not {"vocab.json", "merges.txt"} <= names:
        raise WorkerError("WK-013", f"{folder} has neither tokenizer.json nor vocab.json and merges.txt")
    return found


def _handle(
    family: Family,
    part: Part,
    layout: Layout,
    path: Path,
    config: Path,
    files: dict[str, str],
    elements: int,
    dtype: str,
) -> Handle:
    # Names count below the folder, so that a copy elsewhere is the same model.
    base = {str(config / "weights") if name == str(path) else name: digest for name, digest in files.items()}
    scheduler: dict[str, Any] | None = None
    if part == "unet":
        scheduler = read_json(config / "scheduler" / "scheduler_config.json")
    # Most autoencoders overflow in less, and say so.
    if part == "vae" and read_json(config / "vae" / "config.json").get("force_upcast", True):
        dtype = "float32"
    digest = listing_sha256(base, config)
    return Handle(family, part, layout, str(path), str(config), files, digest, elements, dtype, scheduler)


def _sizes(path: Path) -> dict[str, Any]:
    """How many elements each part has in one file, and the prefixes of its text encoders."""
    found: dict[str, Any] = {"unet": 0, "vae": 0, "clip": 0, "prefix": set()}
    for name, elements in elements_of(path).items():
        for part, prefixes in PREFIXES.items():
            for prefix in prefixes:
                if name.startswith(prefix):
                    found[part] += elements
                    found["prefix"] |= {prefix} if part == "clip" else set()
    return found
