"""Tone with known answers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vortex_worker.packs.image.curves import Points, curves, monotone_cubic, parse_points
from vortex_worker.packs.image.tone import (
    brightness_contrast,
    clahe,
    exposure,
    gamma,
    histogram_equalize,
    invert,
    levels,
    posterize,
    solarize,
)


def row(*values: float) -> torch.Tensor:
    """A grey RGB image of one row."""
    return torch.tensor(values).view(1, 1, -1, 1).expand(-1, -1, -1, 3).contiguous()


def expect(image: torch.Tensor, *values: float, atol: float = 1e-5) -> None:
    torch.testing.assert_close(image, row(*values), rtol=0, atol=atol)


def test_gamma() -> None:
    expect(gamma(row(0.0, 0.25, 1.0), gamma=2.0), 0.0, 0.5, 1.0)
    expect(gamma(row(0.5), gamma=0.5), 0.25)


def test_gamma_of_values_out_of_range_is_finite() -> None:
    expect(gamma(row(-1.0, 2.0), gamma=2.2), 0.0, 1.0)


def test_levels() -> None:
    expect(levels(row(0.1, 0.2, 0.4, 0.6, 0.9), black=0.2, white=0.6), 0.0, 0.0, 0.5, 1.0, 1.0)
    expect(levels(row(0.25), gamma=2.0), 0.5)
    expect(levels(row(0.0, 0.5, 1.0), out_black=0.2, out_white=0.6), 0.2, 0.4, 0.6)
    expect(levels(row(0.0, 1.0), out_black=1.0, out_white=0.0), 1.0, 0.0)


def test_levels_without_room_are_a_threshold() -> None:
    expect(levels(row(0.2, 0.4, 0.6), black=0.5, white=0.5), 0.0, 0.0, 1.0)
    expect(levels(row(0.2, 0.4, 0.6), black=0.5, white=0.1), 0.0, 0.0, 1.0)


def test_brightness_and_contrast() -> None:
    expect(brightness_contrast(row(0.2, 0.5), brightness=0.1), 0.3, 0.6)
    expect(brightness_contrast(row(0.4, 0.5, 0.9), contrast=2.0), 0.3, 0.5, 1.0)
    expect(brightness_contrast(row(0.0, 1.0), contrast=0.0), 0.5, 0.5)


def test_one_stop_doubles_the_light() -> None:
    # sRGB: linear 0.5 is 0.735357, linear 0.25 is 0.537099.
    expect(exposure(row(0.537099), stops=1.0), 0.735357)
    expect(exposure(row(0.735357), stops=-1.0), 0.537099)


def test_equalize_spreads_ranks_evenly() -> None:
    expect(histogram_equalize(row(0.40, 0.41, 0.45, 0.46, 0.50)), 0.0, 0.25, 0.5, 0.75, 1.0)
    expect(histogram_equalize(row(0.2, 0.6), amount=0.5), 0.1, 0.8)


def test_equalize_leaves_a_flat_image_and_each_of_a_batch_to_itself() -> None:
    expect(histogram_equalize(row(0.3, 0.3)), 0.3, 0.3)
    both = histogram_equalize(torch.cat([row(0.1, 0.2), row(0.3, 0.3)]))
    expect(both[:1], 0.0, 1.0)
    expect(both[1:], 0.3, 0.3)


def test_equalize_keeps_chroma() -> None:
    image = torch.rand(1, 8, 8, 3, generator=torch.Generator().manual_seed(0)) * 0.05 + 0.4
    result = histogram_equalize(image, amount=0.2)
    torch.testing.assert_close(result[..., 0] - result[..., 2], image[..., 0] - image[..., 2])


def test_clahe_raises_local_contrast() -> None:
    image = row(*torch.linspace(0.45, 0.55, 64).tolist()).expand(1, 64, 64, 3)
    assert clahe(image, clip_limit=40.0, tiles=1).std() > 2 * image.std()


def test_invert_posterize_solarize() -> None:
    expect(invert(row(0.0, 0.3)), 1.0, 0.7)
    expect(posterize(row(0.1, 0.4, 0.6, 0.9), levels=3), 0.0, 0.5, 0.5, 1.0)
    expect(posterize(row(0.49, 0.51), levels=2), 0.0, 1.0)
    expect(solarize(row(0.2, 0.25, 0.8), threshold=0.25), 0.2, 0.75, 0.2)


def test_curve_goes_through_its_points() -> None:
    points = [[0.0, 0.1], [0.25, 0.5], [0.5, 0.5], [1.0, 0.9]]
    expect(curves(row(0.0, 0.25, 0.5, 1.0), points=points), 0.1, 0.5, 0.5, 0.9, atol=1e-4)


def test_curve_of_one_channel_leaves_the_others() -> None:
    changed = curves(row(0.2, 0.8), points=[[0, 1], [1, 0]], channel="green")
    expected = row(0.2, 0.8)
    expected[..., 1] = torch.tensor([0.8, 0.2])
    torch.testing.assert_close(changed, expected)


def test_curve_is_level_beyond_its_ends() -> None:
    expect(curves(row(0.0, 0.2, 0.9), points=[[0.2, 0.3], [0.8, 0.6]]), 0.3, 0.3, 0.6, atol=1e-4)


def test_straight_line_stays_straight() -> None:
    values = torch.linspace(0, 1, 101)
    torch.testing.assert_close(monotone_cubic([(0, 0), (0.3, 0.3), (0.31, 0.31), (1, 1)], values), values)


def test_order_of_points_does_not_matter() -> None:
    assert parse_points([[1, 0.5], [0, 0]]) == [(0.0, 0.0), (1.0, 0.5)]


unit_floats = st.integers(0, 1000).map(lambda value: value / 1000)


@given(st.lists(unit_floats, min_size=2, max_size=8, unique=True), st.lists(unit_floats, min_size=8, max_size=8))
def test_curve_never_overshoots_the_points_beside_it(xs: list[float], ys: list[float]) -> None:
    points: Points = list(zip(sorted(xs), ys, strict=False))
    for (x0, y0), (x1, y1) in pairwise(points):
        between = monotone_cubic(points, torch.linspace(x0, x1, 33))
        assert between.min() >= min(y0, y1) - 1e-5
        assert between.max() <= max(y0, y1) + 1e-5


@given(st.lists(unit_floats, min_size=2, max_size=8, unique=True), st.lists(unit_floats, min_size=8, max_size=8))
def test_rising_points_give_a_rising_curve(xs: list[float], ys: list[float]) -> None:
    points: Points = list(zip(sorted(xs), sorted(ys), strict=False))
    assert monotone_cubic(points, torch.linspace(0, 1, 257)).diff().min() >= -1e-5


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[0, 0]], "two or more"),
        ("0,0 1,1", "two or more"),
        ({"a": 1}, "two or more"),
        ([[0, 0], [0, 1]], "start from 0"),
        ([[0, 0], [1, 2]], r"not in 0\.\.1"),
        ([[0, 0], [1, float("nan")]], r"not in 0\.\.1"),
        ([[0, 0], [1, "1"]], r"not in 0\.\.1"),
        ([[0, 0], [1]], "not a point"),
        ([[0, 0], 1], "not a point"),
    ],
)
def test_what_is_no_curve_is_refused(points: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        curves(row(0.5), points=points)
