"""Pictures between files and tensors, by Pillow."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageOps
import torch

from vortex_worker.packs.image.carried import png_info
from vortex_worker.packs.image.pixels import require_same_size, rgb
from vortex_worker.sdk import Choices, Context, Doc, File, Image, Json, Mask, Range, Widget, node, open_input

_FORMAT_OF_SUFFIX = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class Loaded(NamedTuple):
    image: Image
    mask: Annotated[Mask, Doc("Alpha of the file: 1 is opaque, and all is where it has none.")]


class Saved(NamedTuple):
    path: Annotated[Path, Doc("The file; the first one of a batch.")]
    paths: Annotated[Json, Doc("List of all files, one for each image of the batch.")]


@node("image.load", category="file")
def load(
    path: Annotated[Path, File(), Doc("PNG, JPEG, WebP, TIFF or what else Pillow reads.")], ctx: Context
) -> Loaded:
    """Read a picture from a file, upright as its EXIF orientation says. Alpha comes as a mask of its own."""
    with open_input(path) as file:
        samples = _decoded(file, path)
    pixels = torch.from_numpy(samples).unsqueeze(0).to(ctx.device)
    alpha = pixels[..., 3] if pixels.shape[-1] == 4 else torch.ones_like(pixels[..., 0])
    return Loaded(pixels[..., :3].contiguous(), alpha.contiguous())


@node("image.save", category="file", volatile=True, takes_graph=True)
def save(
    image: Image,
    ctx: Context,
    mask: Annotated[Mask | None, Doc("Alpha to store; PNG and WebP only.")] = None,
    filename: Annotated[str, Doc("Name within the execution's output folder; subfolders are made.")] = "result.png",
    format: Annotated[
        str, Choices("auto", "png", "jpeg", "webp"), Doc("`auto` goes by the file name's ending.")
    ] = "auto",
    quality: Annotated[int, Range(1, 100), Widget("slider"), Doc("Of JPEG and WebP; 100 makes WebP lossless.")] = 92,
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
    embed_graph: Annotated[
        bool, Doc("Store the graph in a PNG: dropped on the editor's canvas, the file opens it.")
    ] = True,
) -> Saved:
    """Write the picture into the execution's output folder. The images of a batch go to numbered files."""
    target, kind = _target(filename, format)
    pictures = _pictures(image, mask)
    if kind == "jpeg" and pictures.shape[-1] == 4:
        raise ValueError("JPEG has no alpha; choose png or webp, or disconnect the mask")
    carried = ctx.graph_json if embed_graph else None
    paths = []
    for index, picture in enumerate(pictures):
        ctx.progress(index / len(pictures))
        path = target if len(pictures) == 1 else target.with_stem(f"{target.stem}_{index:04d}")
        paths.append(ctx.write_output(str(path), _encoded(picture, kind, quality, carried), overwrite=overwrite))
    return Saved(paths[0], [str(path) for path in paths])


@node("image.preview", category="file")
def preview(image: Image) -> Image:
    """Show the image in the editor, and pass it on unchanged."""
    return image


def _decoded(file: BinaryIO, path: Path) -> npt.NDArray[np.float32]:
    try:
        picture = PIL.Image.open(file)
    except PIL.UnidentifiedImageError as error:
        raise PIL.UnidentifiedImageError(f"{path} is no picture that Pillow reads") from error
    with picture:
        try:
            return _samples(PIL.ImageOps.exif_transpose(picture))
        except OSError as error:
            raise ValueError(f"{path} cannot be decoded: {error}") from error


def _samples(picture: PIL.Image.Image) -> npt.NDArray[np.float32]:
    """(height, width, 3 or 4) in 0..1. Pillow itself keeps only 8 of 16 bits of colour, but all 16 of grey."""
    if picture.mode == "F" or picture.mode.startswith("I"):
        grey = np.asarray(picture).astype(np.float32) / (1.0 if picture.mode == "F" else 65535.0)
        return np.repeat(np.nan_to_num(grey).clip(0.0, 1.0)[..., np.newaxis], 3, axis=-1)
    colors = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return np.asarray(colors).astype(np.float32) / np.float32(255.0)


def _target(filename: str, format: str) -> tuple[PurePosixPath, str]:
    """Name to write to, and its format.

    Raises:
        ValueError: it is no file's name, or says no format.
    """
    path = PurePosixPath(filename)
    if path.name in ("", ".."):
        raise ValueError(f"filename {filename!r} does not stay within the output folder: it names no file")
    implied = _FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if format == "auto":
        if implied is None:
            raise ValueError(f"filename {filename!r} ends in none of {', '.join(_FORMAT_OF_SUFFIX)}; choose a format")
        return path, implied
    if implied == format:
        return path, format
    return path.with_suffix(f".{format}") if implied else path.with_name(f"{path.name}.{format}"), format


def _pictures(image: torch.Tensor, mask: torch.Tensor | None) -> npt.NDArray[np.uint8]:
    """Bytes of (batch, height, width, 1, 3 or 4), the mask as fourth channel."""
    if mask is not None:
        require_same_size(image=image, mask=mask)
        colors, alpha = rgb(image), mask.unsqueeze(-1)
        batch = max(len(colors), len(alpha))
        image = torch.cat([colors.expand(batch, -1, -1, -1), alpha.expand(batch, -1, -1, -1)], dim=-1)
    return image.mul(255.0).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def _encoded(picture: npt.NDArray[np.uint8], kind: str, quality: int, graph_json: str | None) -> bytes:
    file = io.BytesIO()
    pixels = PIL.Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    options: dict[str, Any] = {"lossless": quality == 100, "exact": True} if kind == "webp" else {}
    if kind == "png":
        options = {"pnginfo": png_info(graph_json)}
    pixels.save(file, format=kind, quality=quality, **options)
    return file.getvalue()
