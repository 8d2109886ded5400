"""Drawings show their numbers where they belong: looked up pixel by pixel on pages without margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pyarrow as pa
import pytest
import torch

from vortex_worker.packs.plot import of_tables, of_tensors
from vortex_worker.sdk import Context, Sound

TABLE = pa.table({
    "x": [0.0, 1.0, 2.0, 3.0], "rise": [0.0, 1.0, 2.0, 3.0], "fall": [3, 2, 1, 0],
    "name": ["a$", "_b", "c", "d"], "gap": [1.0, None, 2.0, 3.0],
})  # fmt: skip
BLUE = np.array([0x1F, 0x77, 0xB4]) / 255


def pixels(image: torch.Tensor, width: int = 400, height: int = 300) -> np.ndarray:
    assert image.shape == (1, height, width, 3)
    assert image.dtype == torch.float32
    return image[0].numpy()


def is_blue(image: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(image - BLUE).max(-1) < 0.1)


def test_a_line_goes_through_its_points(ctx: Context) -> None:
    blue = is_blue(pixels(of_tables.line(TABLE, ctx, "x", ["rise"], width=400, height=300, bare=True)))
    rows, columns = np.nonzero(blue)
    # Matplotlib leaves a twentieth of the data's range at either side.
    np.testing.assert_allclose(rows, 300 - 300 * columns / 400, atol=4)
    assert columns.min() < 25
    assert columns.max() > 375
    falling = is_blue(pixels(of_tables.line(TABLE, ctx, "x", ["fall"], width=400, height=300, bare=True)))
    assert np.array_equal(falling[::-1][5:-5], blue[5:-5]) or (falling[::-1] == blue).mean() > 0.99


def test_points_stand_where_they_belong(ctx: Context) -> None:
    image = pixels(of_tables.scatter(TABLE, ctx, "x", "fall", size=60.0, width=400, height=300, bare=True))
    for index in range(4):
        share = (index + 0.15) / 3.3
        column, row = round(400 * share), round(300 * share)
        assert is_blue(image)[row - 2 : row + 3, column - 2 : column + 3].any(), index


def test_bars_are_as_high_as_their_numbers(ctx: Context) -> None:
    blue = is_blue(pixels(of_tables.bar(TABLE, ctx, "name", ["rise"], width=400, height=300, bare=True)))
    heights = [blue[:, column].sum() for column in (55, 151, 248, 345)]
    top = heights[3]
    np.testing.assert_allclose(heights, [0, top / 3, 2 * top / 3, top], atol=3)
    stacked = pixels(of_tables.bar(TABLE, ctx, "name", ["rise", "fall"], True, width=400, height=300, bare=True))
    assert len({int((stacked[:, column] < 0.99).any(-1).sum()) // 4 for column in (55, 151, 248, 345)}) == 1


def test_a_histogram_is_that_of_numpy(ctx: Context) -> None:
    values = torch.randn(2000, generator=torch.Generator().manual_seed(1))
    blue = is_blue(pixels(of_tensors.histogram(values, ctx, 8, -2.0, 2.0, width=400, height=300, bare=True)))
    counts, _ = np.histogram(values.numpy(), 8, (-2, 2))
    heights = np.array([blue[:, 25 + 50 * index].sum() for index in range(8)])
    np.testing.assert_allclose(heights / heights.max(), counts / counts.max(), atol=0.02)


def test_a_heatmap_has_the_colours_of_its_map(ctx: Context) -> None:
    values = torch.tensor([[0.0, 0.25], [0.5, 1.0]])
    image = pixels(of_tensors.heatmap(values, ctx, "magma", width=400, height=300, bare=True))
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        expected = matplotlib.colormaps["magma"](float(values[row, column]))[:3]
        np.testing.assert_allclose(image[75 + 150 * row, 100 + 200 * column], expected, atol=2 / 255)
    strange = of_tensors.heatmap(torch.tensor([[float("nan"), 1.0], [0.0, 0.5]]), ctx, width=400, height=300, bare=True)
    np.testing.assert_allclose(pixels(strange)[75, 100], 1)


def test_a_waveform_spans_its_samples(ctx: Context) -> None:
    samples = torch.zeros(1, 4000)
    samples[0, 1000:2000] = 0.5
    samples[0, 1000:2000:2] = -0.5
    dark = pixels(of_tensors.waveform(Sound(samples, 1000), ctx, width=400, height=300, bare=True)).mean(-1) < 0.7
    heights = [int(dark[:, column].sum()) for column in (50, 150, 250, 350)]
    assert abs(heights[1] - 150) < 6
    assert max(heights[0], heights[2], heights[3]) < 6


DRAWN: dict[str, Callable[[Context], torch.Tensor]] = {
    "lines": lambda ctx: of_tables.line(TABLE, ctx, "name", ["rise", "gap"], "Title $", 400, 300, True),
    "dates": lambda ctx: of_tables.line(
        TABLE.append_column("day", pa.array([0, 1, 2, 3], pa.date32())), ctx, "day", ["rise"], width=400, height=300),
    "rows": lambda ctx: of_tables.line(TABLE, ctx, y="rise", width=400, height=300),
    "colours": lambda ctx: of_tables.scatter(TABLE, ctx, "x", "gap", "fall", width=400, height=300),
    "bars": lambda ctx: of_tables.bar(TABLE, ctx, "name", ["rise", "fall"], title="$ $$", width=400, height=300),
    "boxes": lambda ctx: of_tables.box(TABLE, ctx, ["rise", "gap"], width=400, height=300),
    "shares": lambda ctx: of_tables.pie(TABLE, ctx, "name", "rise", 0.4, width=400, height=300),
    "percent": lambda ctx: of_tables.pie(TABLE, ctx, "name", "rise", labels="share", width=400, height=300),
    "curves": lambda ctx: of_tensors.curve(torch.randn(3, 50), ctx, width=400, height=300),
    "histogram": lambda ctx: of_tensors.histogram(torch.randn(9), ctx, log=True, width=400, height=300),
    "heatmap": lambda ctx: of_tensors.heatmap(torch.randn(9, 9), ctx, width=400, height=300),
    "contours": lambda ctx: of_tensors.contour(torch.randn(9, 9), ctx, width=400, height=300),
    "contour lines": lambda ctx: of_tensors.contour(torch.randn(9, 9), ctx, filled=False, width=400, height=300),
    "relief": lambda ctx: of_tensors.surface(torch.randn(9, 9), ctx, width=400, height=300),
    "waveform": lambda ctx: of_tensors.waveform(Sound(torch.randn(2, 50), 100), ctx, width=400, height=300),
    "no rows": lambda ctx: of_tables.line(TABLE.slice(0, 0), ctx, "x", ["rise"], width=400, height=300),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_every_drawing_shows_something_and_is_the_same_again(name: str, ctx: Context) -> None:
    torch.manual_seed(3)
    first = pixels(DRAWN[name](ctx))
    torch.manual_seed(3)
    assert np.array_equal(first, pixels(DRAWN[name](ctx)))
    assert first.min() < 0.5
    assert first.max() > 0.8


BAD: list[tuple[str, Callable[[Context], Any]]] = [
    ("no column 'gone'", lambda ctx: of_tables.line(TABLE, ctx, "gone", ["rise"])),
    ("holds string, not numbers", lambda ctx: of_tables.scatter(TABLE, ctx, "x", "name")),
    ("y names 0 columns", lambda ctx: of_tables.bar(TABLE, ctx, "name")),
    ("no share", lambda ctx: of_tables.pie(TABLE, ctx, "name", "gap")),
    ("0 parts", lambda ctx: of_tables.pie(TABLE.slice(0, 0), ctx, "name", "rise")),
    ("is not up to 100 curves", lambda ctx: of_tensors.curve(torch.zeros(2, 2, 2), ctx)),
    ("no finite number", lambda ctx: of_tensors.histogram(torch.tensor([float("nan")]), ctx)),
    ("no matrix", lambda ctx: of_tensors.heatmap(torch.zeros(3), ctx)),
    ("complex", lambda ctx: of_tensors.heatmap(torch.zeros(3, 3, dtype=torch.complex64), ctx)),
    ("no contours", lambda ctx: of_tensors.contour(torch.zeros(3, 3), ctx)),
    ("heights are finite", lambda ctx: of_tensors.surface(torch.full((3, 3), float("inf")), ctx)),
    ("no length", lambda ctx: of_tensors.waveform(Sound(torch.zeros(1, 0), 8000), ctx)),
    ("1000001 points", lambda ctx: of_tensors.curve(torch.zeros(1_000_001), ctx)),
]


@pytest.mark.parametrize(("message", "call"), BAD, ids=[message for message, _ in BAD])
def test_what_cannot_be_drawn_is_said(message: str, call: Callable[[Context], Any], ctx: Context) -> None:
    with pytest.raises(ValueError, match=message):
        call(ctx)
