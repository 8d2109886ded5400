"""Colour lookup tables in .cube files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import rgb, to_image, unit
from vortex_worker.sdk import Doc, File, Image, Range, Step, Widget, node, open_input

_SIZES = range(2, 257)


@dataclass(frozen=True, slots=True)
class Cube:
    """A three-dimensional lookup table."""

    #: float32 of shape (blue, green, red, 3): the file's own order, red fastest.
    table: torch.Tensor
    #: Colours that the first and the last entry stand for.
    domain_min: tuple[float, ...] = (0.0, 0.0, 0.0)
    domain_max: tuple[float, ...] = (1.0, 1.0, 1.0)


@node("image.lut", category="colour")
def lut(
    image: Image,
    path: Annotated[Path, File(), Doc("A .cube file with a 3D table.")],
    amount: Annotated[
        float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("0 changes nothing, 1 applies it fully.")
    ] = 1.0,
) -> Image:
    """Grade the colours by a lookup table."""
    with open_input(path) as file:
        text = file.read().decode("utf-8-sig", errors="replace")
    try:
        cube = parse_cube(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    colors = rgb(image)
    return unit(torch.lerp(colors, look_up(cube, colors), amount))


def parse_cube(text: str) -> Cube:
    """Read a 3D table.

    Source: Adobe, Cube LUT Specification 1.0 (2013).

    Raises:
        ValueError: the text is no such table; the message says why.
    """
    keywords, rows = _split(text.splitlines())
    if "LUT_3D_SIZE" not in keywords:
        raise ValueError("no LUT_3D_SIZE: not a 3D table in .cube form")
    size = int(_numbers(keywords["LUT_3D_SIZE"], 1)[0])
    if size not in _SIZES:
        raise ValueError(f"LUT_3D_SIZE {size} is not in {_SIZES[0]}..{_SIZES[-1]}")
    low = tuple(_numbers(keywords.get("DOMAIN_MIN", ["0", "0", "0"]), 3))
    high = tuple(_numbers(keywords.get("DOMAIN_MAX", ["1", "1", "1"]), 3))
    if not all(a < b for a, b in zip(low, high, strict=True)):
        raise ValueError(f"DOMAIN_MIN {low} is not below DOMAIN_MAX {high}")
    values = _numbers(rows, 3 * size**3)
    return Cube(torch.from_numpy(values.astype(np.float32)).reshape(size, size, size, 3), low, high)


def look_up(cube: Cube, colors: torch.Tensor) -> torch.Tensor:
    """Colours (batch, height, width, 3) through the table, trilinear between its entries, in 0..1."""
    low, high = colors.new_tensor(cube.domain_min), colors.new_tensor(cube.domain_max)
    # grid_sample counts the lattice from −1 to 1, x (red) first.
    grid = ((colors - low) / (high - low) * 2 - 1).unsqueeze(1)
    lattice = cube.table.to(colors).permute(3, 0, 1, 2).expand(len(colors), -1, -1, -1, -1)
    return to_image(F.grid_sample(lattice, grid, padding_mode="border", align_corners=True)[:, :, 0])


def _split(lines: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Keywords with what follows them, and all numbers of the table in a row."""
    keywords: dict[str, list[str]] = {}
    numbers: list[str] = []
    for line in lines:
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0][0].isalpha():
            keywords[words[0]] = words[1:]
        else:
            numbers += words
    return keywords, numbers


def _numbers(words: list[str], count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers instead of {count}")
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        raise ValueError("a table holds numbers only") from None
    if not np.isfinite(values).all():
        raise ValueError("a table holds finite numbers only")
    return values
