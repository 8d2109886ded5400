"""Filters and effects with known answers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from vortex_worker.packs.image import filters
from vortex_worker.packs.image.effects import grain, noise, vignette
from vortex_worker.packs.image.filters import blur, box_blur, edges, median, sharpen
from vortex_worker.sdk import Cancelled, Context

GREY = torch.full((1, 64, 64, 3), 0.5)


def step(width: int = 16) -> torch.Tensor:
    """Dark left half, bright right half."""
    values = torch.where(torch.arange(width) < width // 2, 0.25, 0.75)
    return values.view(1, 1, width, 1).expand(1, width, width, 3).contiguous()


def test_blur_is_a_gaussian() -> None:
    dot = torch.zeros(1, 41, 41, 1)
    dot[0, 20, 20] = 1.0
    blurred = blur(dot, radius=3.0)[0, ..., 0]
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-5)
    # Beside the centre a Gaussian falls off by exp(−d²/2σ²).
    for distance in (3, 8):
        fall = float(blurred[20, 20 + distance] / blurred[20, 20])
        assert fall == pytest.approx(math.exp(-(distance**2) / 18), rel=1e-3)


def test_blurs_go_on_beyond_the_border() -> None:
    torch.testing.assert_close(blur(GREY, radius=50.0), GREY)
    torch.testing.assert_close(box_blur(GREY, radius=50), GREY)


def test_box_blur_is_the_mean_of_the_square() -> None:
    dot = torch.zeros(1, 9, 9, 1)
    dot[0, 4, 4] = 1.0
    expected = torch.zeros(9, 9)
    expected[3:6, 3:6] = 1 / 9
    torch.testing.assert_close(box_blur(dot, radius=1)[0, ..., 0], expected)


def test_median_removes_specks_and_keeps_edges(ctx: Context) -> None:
    image = step()
    speckled = image.clone()
    speckled[0, 3, 3] = speckled[0, 9, 12] = 1.0
    assert torch.equal(median(speckled, ctx), image)


def test_median_in_strips_is_the_same(
    ctx: Context, reports: list[tuple[float, str]], shown: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = torch.rand(2, 11, 7, 3, generator=torch.Generator().manual_seed(0))
    whole = median(image, ctx, radius=2)
    reports.clear()
    monkeypatch.setattr(filters, "_MEDIAN_VALUES", 25 * image[:, 0].numel() * 4)
    assert torch.equal(median(image, ctx, radius=2), whole)
    assert reports == [(0.0, ""), (4 / 11, ""), (8 / 11, "")]
    # What is not done yet is seen as it came.
    for picture, rows in zip(shown, (4, 8), strict=True):
        assert torch.equal(picture, torch.cat([whole[:, :rows], image[:, rows:]], dim=1))


def test_cancel_reaches_the_median(make_context: Callable[..., Context]) -> None:
    def cancelled(fraction: float, note: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        median(GREY, make_context(report=cancelled))


def test_sharpen_steepens_edges_only() -> None:
    sharpened = sharpen(step(), amount=1.0, radius=1.0)
    row = sharpened[0, 8, :, 0]
    assert row[7] < 0.25
    assert row[8] > 0.75
    torch.testing.assert_close(row[:4], torch.full((4,), 0.25))
    assert torch.equal(sharpen(step(), threshold=1.0), step())


@pytest.mark.parametrize("method", ["sobel", "canny", "laplacian"])
def test_edges_are_where_the_step_is(method: str) -> None:
    found = edges(step(), method=method)[0, ..., 0]
    # Half a step of black to white; of Canny's, one of the two columns beside it.
    assert float(found[8, 7:9].amax()) == pytest.approx(1.0 if method == "canny" else 0.5)
    assert found[:, :6].max() == 0
    assert found[:, 10:].max() == 0
    assert edges(GREY, method=method).max() == 0


def test_canny_gives_lines_and_its_thresholds_count() -> None:
    lines = edges(step(), method="canny")
    assert set(lines.flatten().tolist()) == {0.0, 1.0}
    assert edges(step(), method="canny", low=1.0, high=1.0).max() == 0


def test_noise_has_its_deviation_and_depends_on_the_seed() -> None:
    noisy = noise(GREY, seed=2**64 - 1, amount=0.05)
    assert float((noisy - GREY).std()) == pytest.approx(0.05, rel=0.05)
    assert not torch.equal(noisy, noise(GREY, seed=1, amount=0.05))
    assert not torch.equal(noisy[..., 0], noisy[..., 1])
    grey = noise(GREY, amount=0.05, monochrome=True)
    assert torch.equal(grey[..., 0], grey[..., 2])


def test_grain_spares_black_and_white_and_keeps_its_strength() -> None:
    assert torch.equal(grain(torch.zeros(1, 8, 8, 3)), torch.zeros(1, 8, 8, 3))
    assert torch.equal(grain(torch.ones(1, 8, 8, 3)), torch.ones(1, 8, 8, 3))
    for size in (0.0, 1.0, 4.0):
        assert float((grain(GREY, amount=0.1, size=size) - GREY).std()) == pytest.approx(0.1, rel=0.05)


def test_grain_of_a_size_is_smooth() -> None:
    fine, coarse = (grain(GREY, size=size)[0, ..., 0].diff().std() for size in (0.0, 4.0))
    assert coarse < fine / 2


def test_vignette_changes_the_corners_not_the_centre() -> None:
    dark, bright = vignette(GREY, amount=1.0), vignette(GREY, amount=-1.0)
    for image in (dark, bright):
        torch.testing.assert_close(image[0, 32, 32], torch.full((3,), 0.5))
    assert dark[0, 0, 0, 0] < 0.01
    assert bright[0, 0, 0, 0] > 0.99
    torch.testing.assert_close(dark, dark.flip(1, 2))
