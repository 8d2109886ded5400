"""Moving pictures that browsers show as pictures."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import PIL.Image
import torch

from vortex_worker.packs.image.carried import png_info
from vortex_worker.packs.image.pixels import rgb, unit
from vortex_worker.sdk import Context, Doc, Image, Range, node

_FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}


@node("video.save_animation", category="file", title="Save animation", volatile=True, takes_graph=True)
def save_animation(
    image: Annotated[Image, Doc("A picture of the animation each.")],
    ctx: Context,
    rate: Annotated[float, Range(0.1, 50.0), Doc("Pictures a second; GIF counts in hundredths of a second.")] = 10.0,
    loops: Annotated[int, Range(0, 10_000), Doc("0 goes on for ever.")] = 0,
    filename: Annotated[str, Doc("Ends in .gif, .webp or .png.")] = "animation.gif",
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
    embed_graph: Annotated[
        bool, Doc("Store the graph in a PNG: dropped on the editor's canvas, the file opens it.")
    ] = True,
) -> Path:
    """Write a batch of pictures as an animated GIF, WebP or PNG."""
    kind = _FORMATS.get(PurePosixPath(filename).suffix.lower())
    if kind is None:
        raise ValueError(f"{filename!r} ends in none of {', '.join(_FORMATS)}")
    samples = (unit(torch.nan_to_num(rgb(image))) * 255).round().to(torch.uint8).cpu().numpy()
    first, *rest = (PIL.Image.fromarray(picture) for picture in samples)
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "PNG":
        options = {"pnginfo": png_info(ctx.graph_json if embed_graph else None)}
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=rest, duration=round(1000 / rate), loop=loops, **options)
    return ctx.write_output(filename, file.getvalue(), overwrite=overwrite)
