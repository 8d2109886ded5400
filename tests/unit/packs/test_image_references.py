"""Image nodes beside scikit-image, SciPy, Pillow and formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.exposure
import skimage.metrics
import skimage.restoration
import skimage.transform
import torch

from vortex_worker.packs.image import draw, matching, measures, optics, patterns, stylize
from vortex_worker.packs.image.denoise import band, bilateral, denoise, high_pass
from vortex_worker.packs.image.optics import affine, perspective
from vortex_worker.sdk import Context

PHOTO = np.clip(
    scipy.ndimage.gaussian_filter(np.random.default_rng(2).random((40, 56, 3)), (2, 2, 0)) * 3 - 1, 0, 1
).astype(np.float32)
OTHER = np.clip(PHOTO[::-1, :, ::-1] ** 1.5 * 0.8 + 0.1, 0, 1).astype(np.float32)


def image(*arrays: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))


def close(found: torch.Tensor, expected: Any, atol: float = 1e-4) -> None:
    np.testing.assert_allclose(found[0].numpy(), expected, atol=atol)


# -- colour and tone -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "reference", "atol"),
    [
        ("lab", skimage.color.rgb2lab, 2e-2),
        ("hsv", skimage.color.rgb2hsv, 1e-5),
        ("xyz", skimage.color.rgb2xyz, 1e-4),
        ("ycbcr", lambda a: a @ np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]]).T
         + [0, 0.5, 0.5], 1e-3),
        ("linear", lambda a: np.where(a <= 0.04045, a / 12.92, ((a + 0.055) / 1.055) ** 2.4), 1e-5),
    ],
)  # fmt: skip
def test_colour_spaces(space: str, reference: Any, atol: float) -> None:
    found = matching.to_color_space(image(PHOTO), space)
    close(found, reference(PHOTO.astype(np.float64)), atol)
    close(matching.from_color_space(found, space), PHOTO, 2e-3)


def test_histograms_are_matched() -> None:
    expected = skimage.exposure.match_histograms(PHOTO, OTHER, channel_axis=-1)
    close(matching.match_histogram(image(PHOTO), image(OTHER)), expected, 1e-5)
    close(matching.match_histogram(image(PHOTO), image(OTHER), 0.25), PHOTO + 0.25 * (expected - PHOTO), 1e-5)


def test_auto_contrast_is_a_stretch_between_percentiles() -> None:
    flat = PHOTO * 0.4 + 0.3
    low, high = np.percentile(flat, [1, 99])
    close(matching.auto_contrast(image(flat), 0.01), np.clip((flat - low) / (high - low), 0, 1), 1e-4)
    low, high = np.percentile(flat, [1, 99], axis=(0, 1))
    close(matching.auto_contrast(image(flat), 0.01, True), np.clip((flat - low) / (high - low), 0, 1), 1e-4)


def test_colours_take_on_the_moments_of_a_reference() -> None:
    soft, wanted = PHOTO * 0.3 + 0.35, OTHER * 0.3 + 0.3
    found = skimage.color.rgb2lab(matching.match_color(image(soft), image(wanted))[0].numpy())
    reference = skimage.color.rgb2lab(wanted)
    np.testing.assert_allclose(found.mean((0, 1)), reference.mean((0, 1)), atol=0.6)
    np.testing.assert_allclose(found.std((0, 1)), reference.std((0, 1)), atol=0.6)


def test_channels_are_mixed() -> None:
    matrix = [[0.1, 0.2, 0.3], [0, 1, 0], [0.5, 0, -0.2]]
    close(matching.channel_mixer(image(PHOTO), matrix), np.clip(PHOTO @ np.array(matrix).T, 0, 1), 1e-5)
    for bad in ([[1, 0, 0]], [[1, 0, "x"]] * 3, 5):
        with pytest.raises(ValueError, match="matrix"):
            matching.channel_mixer(image(PHOTO), bad)


def test_tone_mapping() -> None:
    light = torch.tensor([[[[0.0, 1.0, 10.0], [float("nan"), float("inf"), -1.0]]]])
    encoded = matching.tone_map(light, 1.0, "reinhard")
    expected = np.array([[0, 2 / 3, 20 / 21], [0, 1, 0]])
    curve = np.where(expected <= 0.0031308, expected * 12.92, 1.055 * expected ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(encoded[0, 0].numpy(), curve, atol=1e-4)
    assert matching.tone_map(light, curve="aces").max() <= 1
    with pytest.raises(ValueError, match="no light"):
        matching.tone_map(torch.zeros(3, 3))


# -- measures ------------------------------------------------------------------------------


def test_likeness_is_that_of_scikit_image() -> None:
    noisy = np.clip(PHOTO + np.random.default_rng(1).normal(size=PHOTO.shape) * 0.05, 0, 1)
    found = measures.compare(image(PHOTO), image(noisy))
    reference = PHOTO.astype(np.float64), noisy.astype(np.float32).astype(np.float64)
    assert found.mse == pytest.approx(skimage.metrics.mean_squared_error(*reference))
    assert found.psnr == pytest.approx(skimage.metrics.peak_signal_noise_ratio(*reference, data_range=1))
    assert found.ssim == pytest.approx(
        skimage.metrics.structural_similarity(*reference, channel_axis=-1, data_range=1, gaussian_weights=True,
                                              sigma=1.5, use_sample_covariance=False), abs=1e-6)  # fmt: skip
    assert measures.compare(image(PHOTO), image(PHOTO)) == pytest.approx((0, 100, 1))
    with pytest.raises(ValueError, match="resize one of them"):
        measures.compare(image(PHOTO), image(PHOTO[:9]))


def test_statistics_and_histogram() -> None:
    found = measures.statistics(image(PHOTO))
    assert found[:4] == pytest.approx((PHOTO.mean(), PHOTO.std(), PHOTO.min(), PHOTO.max()), rel=1e-5)
    grey = np.rint(PHOTO @ [0.2126, 0.7152, 0.0722] * 255).astype(int)
    shares = np.bincount(grey.ravel()) / grey.size
    assert found.entropy == pytest.approx(-sum(p * math.log2(p) for p in shares if p), abs=0.02)
    counts = measures.histogram(image(PHOTO, OTHER), 10)
    for picture, row in zip((PHOTO, OTHER), counts.numpy(), strict=True):
        for channel in range(3):
            np.testing.assert_array_equal(row[channel], np.histogram(picture[..., channel], 10, (0, 1))[0])


def test_palette_names_the_colours_by_their_share() -> None:
    flag = np.zeros((10, 10, 3), np.float32)
    flag[:6] = [1, 0, 0]
    flag[6:9] = [0, 0, 1]
    assert measures.palette(image(flag), 3) == [
        {"color": "#ff0000", "share": 0.6}, {"color": "#0000ff", "share": 0.3}, {"color": "#000000", "share": 0.1},
    ]  # fmt: skip


# -- denoising -----------------------------------------------------------------------------


def test_total_variation_is_that_of_scikit_image(ctx: Context) -> None:
    noisy = PHOTO + np.random.default_rng(1).normal(size=PHOTO.shape).astype(np.float32) * 0.05
    expected = skimage.restoration.denoise_tv_chambolle(noisy, 0.1, eps=0, max_num_iter=50, channel_axis=-1)
    close(denoise(image(noisy), ctx, 0.1, 50), np.clip(expected, 0, 1), 1e-5)


def test_bilateral_is_its_definition(ctx: Context) -> None:
    small = PHOTO[:9, :11]
    padded = np.pad(small, ((2, 2), (2, 2), (0, 0)), mode="edge")
    expected = np.empty_like(small)
    for y, x in np.ndindex(9, 11):
        window = padded[y : y + 5, x : x + 5]
        rows, columns = np.mgrid[-2:3, -2:3]
        colors = ((window - small[y, x]) ** 2).sum(-1)
        weights = np.exp(-(rows**2 + columns**2) / (2 * 1.5**2) - colors / (2 * 0.2**2))
        expected[y, x] = (weights[..., None] * window).sum((0, 1)) / weights.sum()
    close(bilateral(image(small), ctx, 2, 1.5, 0.2), expected, 1e-5)


def test_bands_are_differences_of_gaussians() -> None:
    def blurred(sigma: float) -> np.ndarray:
        result: np.ndarray = scipy.ndimage.gaussian_filter(PHOTO, (sigma, sigma, 0), mode="nearest", truncate=3)
        return result

    close(high_pass(image(PHOTO), 3.0), np.clip(PHOTO - blurred(3) + 0.5, 0, 1), 2e-3)
    close(band(image(PHOTO), 1.0, 3.0, 2.0), np.clip(0.5 + 2 * (blurred(1) - blurred(3)), 0, 1), 4e-3)


# -- optics --------------------------------------------------------------------------------


def test_motion_blur_is_a_mean_along_a_line() -> None:
    flat = scipy.ndimage.uniform_filter1d(PHOTO, 7, axis=1, mode="nearest")
    close(optics.motion_blur(image(PHOTO), 7, 0.0), flat, 1e-5)
    upright = scipy.ndimage.uniform_filter1d(PHOTO, 7, axis=0, mode="nearest")
    close(optics.motion_blur(image(PHOTO), 7, 90.0), upright, 1e-5)
    dot = np.zeros((21, 21, 1), np.float32)
    dot[10, 10] = 1
    slanted = optics.motion_blur(image(dot), 9, 45.0)[0, ..., 0].numpy()
    rows, columns = np.nonzero(slanted > 0.02)
    assert np.corrcoef(rows, columns)[0, 1] < -0.8
    assert slanted.sum() == pytest.approx(1, abs=1e-5)


CORNERS = [[0.1, 0.2], [0.8, 0.1], [0.9, 0.8], [0.2, 0.9]]


@pytest.mark.parametrize("direction", ["to_square", "from_square"])
def test_perspective_is_that_of_scikit_image(direction: str) -> None:
    height, width = PHOTO.shape[:2]
    # Scikit-image counts from the middle of the first pixel, the node from its edge.
    quad = np.array(CORNERS) * [width, height] - 0.5
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [width, height] - 0.5
    source, target = (square, quad) if direction == "to_square" else (quad, square)
    mapping = skimage.transform.ProjectiveTransform.from_estimate(source, target)
    expected = skimage.transform.warp(PHOTO, mapping, order=1, mode="constant")
    found = perspective(image(PHOTO), CORNERS, direction)
    inside = (slice(2, -2), slice(2, -2)) if direction == "to_square" else (slice(None), slice(None))
    np.testing.assert_allclose(found[0].numpy()[inside], expected[inside], atol=0.02)
    assert np.abs(found[0].numpy() - expected).mean() < 1e-3


@pytest.mark.parametrize("corners", [[[0, 0]] * 4, [[0, 0], [1, 1]], "x", [[0, 0], [0.5, 0.5], [1, 1], [0, 1]],
                                     [[0, 0], [1, 0], [1, 9], [0, 1]]])  # fmt: skip
def test_corners_that_are_none_are_refused(corners: Any) -> None:
    if corners == [[0, 0], [0.5, 0.5], [1, 1], [0, 1]]:
        # Three on a line: the whole square goes there only with a picture that has no area.
        with pytest.raises(ValueError, match="on one line"):
            perspective(image(PHOTO), corners, "from_square")
        return
    with pytest.raises(ValueError, match="corners"):
        perspective(image(PHOTO), corners)


def test_affine_is_that_of_scikit_image() -> None:
    height, width = PHOTO.shape[:2]
    turn, lean = math.radians(20), math.tan(math.radians(10))
    centre = np.array([[1, 0, width / 2 - 0.5], [0, 1, height / 2 - 0.5], [0, 0, 1]])
    shear = np.array([[1, -lean, 0], [0, 1, 0], [0, 0, 1]])
    rotation = np.array([[math.cos(turn), math.sin(turn), 0], [-math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    shift = np.array([[1, 0, 0.1 * width], [0, 1, -0.05 * height], [0, 0, 1]])
    matrix = shift @ centre @ rotation @ shear @ np.diag([1.3, 1.3, 1]) @ np.linalg.inv(centre)
    expected = skimage.transform.warp(PHOTO, np.linalg.inv(matrix), order=1)
    found = affine(image(PHOTO), 1.3, 20.0, 10.0, 0.1, -0.05)[0].numpy()
    assert np.abs(found - expected).mean() < 2e-3
    np.testing.assert_allclose(found[10:30, 14:40], expected[10:30, 14:40], atol=1e-3)
    close(affine(image(PHOTO)), PHOTO, 1e-5)


def test_lens_bends_by_its_polynomial() -> None:
    height, width = PHOTO.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    x, y = columns + 0.5 - width / 2, rows + 0.5 - height / 2
    radius = (x**2 + y**2) / (math.hypot(width, height) / 2) ** 2
    factor = 1 + 0.1 * radius - 0.05 * radius**2
    places = [y * factor + height / 2 - 0.5, x * factor + width / 2 - 0.5]
    expected = np.stack(
        [scipy.ndimage.map_coordinates(PHOTO[..., c], places, order=1, mode="nearest") for c in range(3)], -1
    )
    close(optics.lens_distortion(image(PHOTO), 0.1, -0.05), expected, 1e-4)


def test_aberration_moves_red_out_and_blue_in() -> None:
    ring = np.zeros((101, 101, 3), np.float32)
    rows, columns = np.mgrid[:101, :101] - 50
    ring[np.hypot(rows, columns) < 30] = 1
    found = optics.chromatic_aberration(image(ring), 0.05)[0].numpy()
    widths = [(found[50, :, channel] > 0.5).sum() for channel in range(3)]
    assert widths[0] > widths[1] > widths[2]
    np.testing.assert_allclose(found[..., 1], ring[..., 1], atol=1e-5)


# -- styles, drawing, patterns -------------------------------------------------------------


def test_pixels_become_blocks() -> None:
    found = stylize.pixelate(image(PHOTO), 8)[0].numpy()
    for top, left in ((0, 0), (32, 48)):
        block = PHOTO[top : top + 8, left : left + 8]
        np.testing.assert_allclose(found[top : top + 8, left : left + 8],
                                   np.broadcast_to(block.mean((0, 1)), block.shape), atol=1e-5)  # fmt: skip
    ragged = stylize.pixelate(image(PHOTO), 25)[0].numpy()
    np.testing.assert_allclose(ragged[-1, -1], PHOTO[25:, 50:].mean((0, 1)), atol=1e-5)


def test_dither_keeps_the_mean_and_the_pattern_of_bayer() -> None:
    bayer = np.array([[0, 2], [3, 1]])
    for _ in range(2):
        bayer = np.block([[4 * bayer, 4 * bayer + 2], [4 * bayer + 3, 4 * bayer + 1]])
    threshold = np.tile((bayer + 0.5) / 64, (5, 7))[..., None]
    expected = np.minimum(np.floor(PHOTO * 3 + threshold), 3) / 3
    close(stylize.dither(image(PHOTO), 4), expected, 1e-6)
    grey = np.full((64, 64, 3), 0.3, np.float32)
    assert float(stylize.dither(image(grey)).mean()) == pytest.approx(0.3, abs=0.01)


def test_few_colours_are_near() -> None:
    errors = []
    for count in (2, 16, 128):
        found = stylize.quantize(image(PHOTO), count)[0].numpy()
        assert len(np.unique(found.reshape(-1, 3), axis=0)) <= count
        errors.append(float(np.abs(found - PHOTO).mean()))
    assert errors[0] > errors[1] > errors[2] < 0.06


def test_gradient_map_and_emboss() -> None:
    grey = PHOTO[..., :1]
    colors = np.array([[0, 0, 0], [255, 128, 0], [255, 255, 255]]) / 255
    expected = np.stack([np.interp(grey[..., 0], [0, 0.5, 1], colors[:, channel]) for channel in range(3)], -1)
    close(stylize.gradient_map(image(grey)), expected, 1e-5)
    with pytest.raises(ValueError, match="2 to 256"):
        stylize.gradient_map(image(grey), ["#000000"])
    slope = np.gradient(grey[..., 0], axis=1)
    found = stylize.emboss(image(grey), 2.0, 0.0)[0, :, 1:-1, 0].numpy()
    np.testing.assert_allclose(found, np.clip(0.5 - 2 * slope[:, 1:-1], 0, 1), atol=1e-5)


def test_glow_only_brightens_and_only_where_there_is_light() -> None:
    found = stylize.glow(image(PHOTO), 0.5, 4.0, 0.8)[0].numpy()
    assert (found >= PHOTO - 1e-6).all()
    assert found.mean() > PHOTO.mean() + 0.01
    close(stylize.glow(image(PHOTO * 0.2), 0.5), PHOTO * 0.2, 1e-6)


def test_forms_cover_what_they_should() -> None:
    black = np.zeros((100, 200, 3), np.float32)
    box = draw.draw_shape(image(black), x=0.25, y=0.2, to_x=0.75, to_y=0.6, thickness=0.0)[0].numpy()
    np.testing.assert_allclose(box[..., 0].sum(), 100 * 40, rtol=0.01)
    assert box[..., 1:].max() == 0
    disk = draw.draw_shape(image(black), "ellipse", 0.25, 0.2, 0.75, 0.6, 0.0, "#ffffff", 0.5)[0].numpy()
    np.testing.assert_allclose(disk[..., 0].sum(), 0.5 * math.pi / 4 * 100 * 40, rtol=0.02)
    line = draw.draw_shape(image(black), "line", 0.1, 0.5, 0.9, 0.5, 6.0)[0].numpy()
    np.testing.assert_allclose(line[..., 0].sum(), 160 * 6, rtol=0.05)
    assert draw.draw_shape(image(black), "arrow", 0.1, 0.5, 0.9, 0.5, 6.0).sum() > line.sum()


def test_text_stands_where_it_is_put() -> None:
    black = np.zeros((100, 200, 3), np.float32)
    rows, columns = np.nonzero(draw.draw_text(image(black), "HOH", 0.5, 0.5, 40.0)[0, ..., 1].numpy())
    assert abs(columns.mean() - 100) < 2
    assert abs(rows.mean() - 50) < 3
    assert 24 < np.ptp(rows) < 36
    left = np.nonzero(draw.draw_text(image(black), "HOH", 0.5, 0.5, 40.0, anchor="left")[0, ..., 1].numpy())[1]
    assert left.min() >= 99
    with pytest.raises(ValueError, match="too long"):
        draw.draw_text(image(black), "x" * 20_000)


def test_patterns(ctx: Context) -> None:
    board = patterns.checkerboard(ctx, 10, 6, 4)[0, ..., 0].numpy()
    np.testing.assert_array_equal(board, (np.indices((6, 10)) // 4).sum(0) % 2 == 0)
    np.testing.assert_array_equal(patterns.tile(image(PHOTO), 3, 2)[0].numpy(), np.tile(PHOTO, (2, 3, 1)))
    mirrored = patterns.tile(image(PHOTO), 2, 2, True)[0].numpy()
    np.testing.assert_array_equal(mirrored[40:, 56:], PHOTO[::-1, ::-1])
    np.testing.assert_array_equal(patterns.offset(image(PHOTO), 0.5, -0.25)[0].numpy(),
                                  np.roll(PHOTO, (-10, 28), (0, 1)))  # fmt: skip
    np.testing.assert_array_equal(patterns.crop_center(image(PHOTO), 1.0)[0].numpy(), PHOTO[:, 8:48])
    assert patterns.crop_center(image(PHOTO), 2.0).shape == (1, 28, 56, 3)


def test_clouds_are_gradient_noise(ctx: Context) -> None:
    found = patterns.perlin(ctx, 65, 65, 16.0, 1, 3)[0, ..., 0].numpy()
    # At the corners of its squares gradient noise has no value but the middle.
    np.testing.assert_allclose(found[::16, ::16], 0.5, atol=1e-6)
    assert 0.1 < found.std() < 0.25
    assert np.abs(np.diff(found, axis=1)).max() < 0.12
    assert torch.equal(patterns.perlin(ctx, 20, 20, seed=1), patterns.perlin(ctx, 20, 20, seed=1))
    assert not torch.equal(patterns.perlin(ctx, 20, 20, seed=1), patterns.perlin(ctx, 20, 20, seed=2))
