"""Geometry with known answers."""

from __future__ import annotations

import pytest
import torch

from vortex_worker.packs.image.geometry import crop, flip, pad, resize, rotate, scale


def numbered(height: int, width: int, channels: int = 3) -> torch.Tensor:
    """Every pixel another value, row by row."""
    values = torch.arange(height * width, dtype=torch.float32) / 100
    return values.view(1, height, width, 1).expand(-1, -1, -1, channels).contiguous()


def plane(image: torch.Tensor) -> list[list[int]]:
    """The first channel of the first image, in hundredths."""
    rows: list[list[int]] = (image[0, ..., 0] * 100).round().int().tolist()
    return rows


@pytest.mark.parametrize(
    ("width", "height", "keep_aspect", "size"),
    [
        (10, 30, False, (30, 10)),
        (10, 30, True, (5, 10)),
        (100, 5, True, (5, 10)),
        (40, 0, False, (20, 40)),
        (0, 5, False, (5, 10)),
        (0, 0, False, (10, 20)),
        (1, 0, True, (1, 1)),
    ],
)
def test_resize_gives_the_size_asked_for(width: int, height: int, keep_aspect: bool, size: tuple[int, int]) -> None:
    resized = resize(torch.rand(2, 10, 20, 3), width=width, height=height, keep_aspect=keep_aspect)
    assert resized.shape == (2, *size, 3)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest", "area"])
def test_resize_keeps_a_flat_image_flat(mode: str) -> None:
    resized = resize(torch.full((1, 5, 7, 3), 0.25), width=13, height=3, mode=mode)
    torch.testing.assert_close(resized, torch.full((1, 3, 13, 3), 0.25))


def test_area_is_the_mean_and_nearest_repeats() -> None:
    assert plane(resize(numbered(2, 4), width=2, height=1, mode="area")) == [[2, 4]]  # 2.5 and 4.5 round to even
    assert plane(scale(numbered(1, 2), factor=2.0, mode="nearest")) == [[0, 0, 1, 1], [0, 0, 1, 1]]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_smaller_without_aliasing(mode: str) -> None:
    # One column of four is white; sampling without a filter sees it half or not at all.
    stripes = (torch.arange(64) % 4 == 1).float().view(1, 1, 64, 1).expand(1, 64, 64, 3)
    inner = scale(stripes, factor=0.25, mode=mode)[:, :, 4:-4]
    torch.testing.assert_close(inner, torch.full_like(inner, 0.25), rtol=0, atol=0.02)


def test_crop() -> None:
    image = numbered(3, 4)
    assert plane(crop(image, x=1, y=1, width=2, height=1)) == [[5, 6]]
    assert plane(crop(image, x=2, y=1)) == [[6, 7], [10, 11]]
    assert plane(crop(image, x=3, y=2, width=100, height=100)) == [[11]]
    with pytest.raises(ValueError, match=r"4, 0 lies outside the image of 4×3"):
        crop(image, x=4)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("color", [100, 1, 2, 3, 100, 100]), ("edge", [1, 1, 2, 3, 3, 3]), ("reflect", [2, 1, 2, 3, 2, 1])],
)
def test_pad_modes(mode: str, expected: list[int]) -> None:
    image = torch.tensor([0.01, 0.02, 0.03]).view(1, 1, 3, 1).expand(-1, -1, -1, 3)
    padded = pad(image, left=1, right=2, top=0, bottom=1, mode=mode, color="#ffffff")
    below = [100] * 6 if mode == "color" else expected
    assert plane(padded) == [expected, below]


def test_pad_reflects_back_and_forth_beyond_the_image() -> None:
    image = torch.tensor([0.01, 0.02, 0.03]).view(1, 1, 3, 1)
    padded = pad(image, left=5, right=5, top=0, bottom=0, mode="reflect")
    assert plane(padded) == [[2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]]


@pytest.mark.parametrize(("channels", "expected"), [(1, [0.2126]), (3, [1.0, 0.0, 0.0]), (4, [1.0, 0.0, 0.0, 1.0])])
def test_pad_colour_fits_the_channels(channels: int, expected: list[float]) -> None:
    padded = pad(torch.zeros(1, 1, 1, channels), left=1, top=0, right=0, bottom=0, color="#ff0000")
    torch.testing.assert_close(padded[0, 0, 0], torch.tensor(expected))


def test_what_is_no_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        pad(numbered(1, 1), color="red")


def test_flip() -> None:
    image = numbered(2, 2)
    assert plane(flip(image)) == [[1, 0], [3, 2]]
    assert plane(flip(image, direction="vertical")) == [[2, 3], [0, 1]]
    assert plane(flip(image, direction="both")) == [[3, 2], [1, 0]]


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (90.0, [[2, 5], [1, 4], [0, 3]]),
        (-90.0, [[3, 0], [4, 1], [5, 2]]),
        (180.0, [[5, 4, 3], [2, 1, 0]]),
        (270.0, [[3, 0], [4, 1], [5, 2]]),
        (-360.0, [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_quarter_turns_are_exact(angle: float, expected: list[list[int]]) -> None:
    assert plane(rotate(numbered(2, 3), angle=angle)) == expected


@pytest.mark.parametrize("angle", [90.0, -90.0, 180.0])
def test_resampling_turns_the_same_way(angle: float) -> None:
    image = torch.rand(2, 6, 6, 3, generator=torch.Generator().manual_seed(0))
    nearly = rotate(image, angle=angle + 1e-4, expand=False)
    torch.testing.assert_close(nearly, rotate(image, angle=angle), rtol=0, atol=1e-3)


def test_rotation_grows_or_keeps_the_size() -> None:
    image = torch.ones(1, 10, 20, 3)
    assert rotate(image, angle=45.0).shape == (1, 22, 22, 3)
    kept = rotate(image, angle=45.0, expand=False, color="#0000ff")
    assert kept.shape == image.shape
    torch.testing.assert_close(kept[0, 5, 10], torch.ones(3))
    torch.testing.assert_close(kept[0, 0, 0], torch.tensor([0.0, 0.0, 1.0]))


def test_quarter_turn_within_the_frame_keeps_the_centre() -> None:
    turned = rotate(numbered(2, 4), angle=90.0, expand=False)
    assert plane(turned) == [[0, 2, 6, 0], [0, 1, 5, 0]]
