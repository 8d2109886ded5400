"""Mask nodes beside scikit-image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.draw
import skimage.filters
import skimage.measure
import torch
from skimage.morphology import convex_hull_image, diamond, dilation

from vortex_worker.packs.mask import measure, regions, selection, shapes
from vortex_worker.sdk import Context

BLOBS = (scipy.ndimage.gaussian_filter(np.random.default_rng(4).random((60, 80)), 2.5) > 0.505).astype(np.float32)
MASK = torch.from_numpy(np.stack([BLOBS, BLOBS[::-1].copy(), np.zeros_like(BLOBS), np.ones_like(BLOBS)]))


def planes(function: Any) -> np.ndarray:
    return np.stack([function(plane.numpy() > 0.5) for plane in MASK])


@pytest.mark.parametrize("corners", [False, True])
def test_parts_are_numbered(corners: bool) -> None:
    found = regions.regions(MASK, corners)
    expected = planes(lambda plane: skimage.measure.label(plane, connectivity=2 if corners else 1))
    assert found.number == sum(int(plane.max()) for plane in expected)
    for mine, reference in zip(found.labels.numpy(), expected, strict=True):
        pairs = set(zip(mine.ravel().tolist(), reference.ravel().tolist(), strict=True))
        assert len(pairs) == reference.max() + 1 or (reference.max() == 1 and len(pairs) == 1)


@pytest.mark.parametrize("corners", [False, True])
def test_large_parts_stay(corners: bool) -> None:
    connectivity = 2 if corners else 1

    def kept(plane: np.ndarray) -> np.ndarray:
        labels = skimage.measure.label(plane, connectivity=connectivity)
        large = [region.label for region in skimage.measure.regionprops(labels) if region.area >= 50]
        return np.isin(labels, large)

    np.testing.assert_array_equal(regions.keep_large(MASK, 50, corners).numpy(), planes(kept))

    def largest(plane: np.ndarray) -> np.ndarray:
        labels = skimage.measure.label(plane, connectivity=connectivity)
        areas = {region.label: region.area for region in skimage.measure.regionprops(labels)}
        return labels == max(areas, key=areas.__getitem__) if areas else plane

    np.testing.assert_array_equal(regions.largest(MASK, corners).numpy(), planes(largest))


def test_holes_hulls_and_distances() -> None:
    def filled(plane: np.ndarray) -> np.ndarray:
        outside = skimage.measure.label(~np.pad(plane, 1), connectivity=1)
        result: np.ndarray = (outside != outside[0, 0])[1:-1, 1:-1]
        return result

    np.testing.assert_array_equal(regions.fill_holes(MASK).numpy(), planes(filled))
    one = MASK[:1]
    hull = convex_hull_image(BLOBS > 0.5)
    np.testing.assert_array_equal(regions.hull(one)[0].numpy(), hull)
    assert torch.equal(regions.hull(MASK[2:3]), MASK[2:3])
    inside = np.argwhere(BLOBS > 0.5)
    outside = np.argwhere(BLOBS <= 0.5)
    found = regions.distance(one, 10.0)[0].numpy()
    for row, column in inside[::37]:
        nearest = np.hypot(*(outside - [row, column]).T).min()
        assert found[row, column] == pytest.approx(min(nearest / 10, 1), abs=1e-5)
    assert found[tuple(outside.T)].max() == 0


@pytest.mark.parametrize("thickness", [1, 3])
def test_outlines(thickness: int) -> None:
    cross = diamond(1)

    def grown(plane: np.ndarray) -> np.ndarray:
        for _ in range(thickness):
            plane = dilation(plane, cross)
        return plane

    def shrunk(plane: np.ndarray) -> np.ndarray:
        return ~grown(np.pad(~plane, thickness))[thickness:-thickness, thickness:-thickness]

    for side, function in (
        ("inside", lambda plane: plane & ~shrunk(plane)),
        ("outside", lambda plane: grown(plane) & ~plane),
        ("both", lambda plane: grown(plane) & ~shrunk(plane)),
    ):
        np.testing.assert_array_equal(regions.outline(MASK, thickness, side).numpy(), planes(function))


def test_parts_one_by_one() -> None:
    found = regions.parts(MASK[:1])
    assert len(found) == regions.regions(MASK[:1]).number
    assert torch.equal(torch.stack(found).sum(0), MASK[:1])
    assert regions.parts(MASK[2:3]) == []
    noise = torch.from_numpy((np.indices((100, 100)).sum(0) % 2).astype(np.float32)).unsqueeze(0)
    with pytest.raises(ValueError, match="5000 parts"):
        regions.parts(noise)


def test_measures() -> None:
    found = measure.area(MASK[:1])
    props = skimage.measure.regionprops(BLOBS.astype(int))[0]
    assert found == pytest.approx((BLOBS.mean(), props.area, props.centroid[1], props.centroid[0]))
    assert measure.area(MASK[2:3]) == (0, 0, -1, -1)
    top, left, bottom, right = props.bbox
    assert measure.bounds(MASK[:1]) == (left, top, right - left, bottom - top)
    assert measure.bounds(MASK[2:3]) == (0, 0, 0, 0)
    both = ((BLOBS > 0.5) & (BLOBS[::-1] > 0.5)).sum()
    either = ((BLOBS > 0.5) | (BLOBS[::-1] > 0.5)).sum()
    assert measure.agreement(MASK[:1], MASK[1:2]) == pytest.approx((both / either, 2 * both / (both + either)))
    assert measure.agreement(MASK[2:3], MASK[2:3]) == (1, 1)


def test_applied_to_images() -> None:
    picture = torch.rand(1, 60, 80, 3, generator=torch.Generator().manual_seed(1))
    spot = torch.zeros(1, 60, 80)
    spot[0, 10:20, 30:50] = 1
    assert torch.equal(measure.crop_to(picture, spot, 2), picture[:, 8:22, 28:52])
    assert torch.equal(measure.crop_to(picture, MASK[2:3]), picture)
    cut = measure.cut_out(picture, spot, "#ff0000")
    torch.testing.assert_close(cut[:, 10:20, 30:50], picture[:, 10:20, 30:50])
    assert cut[0, 0, 0].tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match="resize one of them"):
        measure.cut_out(picture, spot[:, :5])


def test_otsu_is_that_of_scikit_image() -> None:
    grey = np.clip(BLOBS * 0.4 + 0.3 + np.random.default_rng(2).normal(size=BLOBS.shape) * 0.08, 0, 1)
    grey = grey.astype(np.float32)
    found = selection.otsu(torch.from_numpy(grey)[None, ..., None])[0].numpy()
    np.testing.assert_array_equal(found, grey > skimage.filters.threshold_otsu(grey))
    assert selection.otsu(torch.full((1, 4, 4, 3), 0.5)).sum() == 0


def test_local_threshold_is_that_of_scikit_image() -> None:
    grey = (np.linspace(0, 0.7, 80) + 0.3 * BLOBS).astype(np.float32)
    level = skimage.filters.threshold_local(grey, 61, "gaussian", mode="nearest", param=10)
    found = selection.local_threshold(torch.from_numpy(grey)[None, ..., None], 10.0)[0].numpy()
    assert (found == (grey > level)).mean() > 0.995


def test_selections_by_colour_difference_and_peaks() -> None:
    picture = torch.zeros(1, 20, 20, 3)
    picture[0, :10] = torch.tensor([0.0, 1.0, 0.0])
    picture[0, 10:] = torch.tensor([0.2, 0.8, 0.1])
    chosen = selection.color_range(picture, "#00ff00", 0.05, 0.2)[0]
    apart = math.sqrt((0.04 + 0.04 + 0.01) / 3)
    torch.testing.assert_close(chosen[0], torch.ones(20))
    assert float(chosen[15, 0]) == pytest.approx((0.25 - apart) / 0.2, abs=1e-5)
    assert torch.equal(selection.differences(picture, picture.flip(1), 0.1), torch.ones(1, 20, 20))
    assert selection.differences(picture, picture).sum() == 0
    dots = np.zeros((40, 40), np.float32)
    dots[5, 5], dots[5, 7], dots[30, 20], dots[20, 20] = 0.9, 0.8, 0.7, 0.2
    found = selection.peaks(torch.from_numpy(dots)[None, ..., None], 3, 0.5)[0]
    assert found.nonzero().tolist() == [[5, 5], [30, 20]]


def test_forms_have_their_areas(ctx: Context) -> None:
    box = shapes.rectangle(ctx, 100, 80, 0.255, 0.25, 0.5, 0.51)
    assert float(box.sum()) == pytest.approx(50 * 40.8, rel=1e-5)
    assert float(box[0, 40, 25]) == pytest.approx(0.5)
    disk = shapes.ellipse(ctx, 200, 160, 0.4, 0.6, 0.5, 0.25)
    assert float(disk.sum()) == pytest.approx(math.pi * 50 * 20, rel=2e-3)
    reference = skimage.draw.ellipse(95.5, 79.5, 20, 50, (160, 200))
    inside = np.zeros((160, 200), bool)
    inside[reference] = True
    assert ((disk[0].numpy() > 0.5) == inside).mean() > 0.999
    assert shapes.ellipse(ctx, 8, 8, w=0.0).sum() == 0
    triangle = shapes.polygon(ctx, [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]], 200, 100)
    assert float(triangle.sum()) == pytest.approx(160 * 80 / 2, rel=0.02)
    for bad in ([[0, 0]], "x", [[0, 0], [1, 1], [2]], [[0, 0], [1, 1], [1, float("nan")]]):
        with pytest.raises(ValueError, match=r"points|pair"):
            shapes.polygon(ctx, bad)


@pytest.mark.parametrize("direction", ["right", "left", "down", "up", "outwards"])
def test_ramps_rise_in_their_direction(ctx: Context, direction: str) -> None:
    found = shapes.ramp(ctx, 40, 30, direction, 0.25, 0.75)[0]
    line = {"right": found[15], "left": found[15].flip(0), "down": found[:, 20], "up": found[:, 20].flip(0),
            "outwards": found[15, 20:]}[direction]  # fmt: skip
    assert (line.diff() >= 0).all()
    assert float(line[0]) == 0
    if direction != "outwards":
        places = (np.arange(len(line)) + 0.5) / len(line)
        np.testing.assert_allclose(line.numpy(), np.clip((places - 0.25) * 2, 0, 1), atol=1e-5)
        assert float(line[-1]) == 1
    with pytest.raises(ValueError, match="same place"):
        shapes.ramp(ctx, 4, 4, direction, 0.5, 0.5)
