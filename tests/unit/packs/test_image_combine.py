"""Blending, compositing, masks and channels with known answers."""

from __future__ import annotations

import pytest
import torch

from vortex_worker.packs.image.channels import channel_merge, channel_split, info
from vortex_worker.packs.image.combine import blend, composite
from vortex_worker.packs.image.masks import (
    mask_blur,
    mask_combine,
    mask_from_image,
    mask_invert,
    mask_to_image,
    morphology,
    threshold,
)
from vortex_worker.packs.image.sources import gradient, solid
from vortex_worker.sdk import Context


def grey(value: float, *, size: tuple[int, int] = (1, 1), batch: int = 1, channels: int = 3) -> torch.Tensor:
    return torch.full((batch, *size, channels), value)


@pytest.mark.parametrize(
    ("mode", "below", "above", "expected"),
    [
        ("normal", 0.2, 0.6, 0.6),
        ("multiply", 0.5, 0.4, 0.2),
        ("screen", 0.5, 0.4, 0.7),
        ("overlay", 0.25, 0.4, 0.2),
        ("overlay", 0.75, 0.4, 0.7),
        ("hard_light", 0.4, 0.25, 0.2),
        ("hard_light", 0.4, 0.75, 0.7),
        ("soft_light", 0.64, 0.5, 0.64),
        ("soft_light", 0.64, 1.0, 0.8),
        ("soft_light", 0.64, 0.0, 0.4096),
        ("soft_light", 0.1, 1.0, 0.296),
        ("darken", 0.2, 0.6, 0.2),
        ("lighten", 0.2, 0.6, 0.6),
        ("difference", 0.2, 0.6, 0.4),
        ("add", 0.2, 0.6, 0.8),
        ("add", 0.6, 0.6, 1.0),
        ("subtract", 0.6, 0.2, 0.4),
        ("subtract", 0.2, 0.6, 0.0),
    ],
)
def test_blend_modes(mode: str, below: float, above: float, expected: float) -> None:
    blended = blend(grey(below), grey(above), mode=mode, opacity=1.0)
    torch.testing.assert_close(blended, grey(expected), rtol=0, atol=1e-5)


def test_opacity_mixes() -> None:
    torch.testing.assert_close(blend(grey(0.2), grey(0.6), opacity=0.25), grey(0.3))
    torch.testing.assert_close(blend(grey(0.2), grey(0.6), mode="multiply", opacity=0.0), grey(0.2))


def test_sizes_and_batches_have_to_agree() -> None:
    with pytest.raises(ValueError, match=r"layer is 3×2 but base is 5×4"):
        blend(grey(0, size=(4, 5)), grey(0, size=(2, 3)))
    with pytest.raises(ValueError, match=r"mask is 1×7 but background is 5×4"):
        composite(grey(0, size=(4, 5)), grey(0, size=(4, 5)), torch.zeros(1, 7, 1))
    with pytest.raises(ValueError, match="base has 2, layer has 3"):
        blend(grey(0, batch=2), grey(0, batch=3))


def test_single_images_go_with_any_batch() -> None:
    assert blend(grey(0.1, batch=3), grey(0.2)).shape == (3, 1, 1, 3)
    assert blend(grey(0.1), grey(0.2, batch=3)).shape == (3, 1, 1, 3)
    assert blend(grey(0.1, batch=3), grey(0.2), opacity=1.0).shape == (3, 1, 1, 3)
    assert composite(grey(0), grey(1), torch.ones(4, 1, 1)).shape == (4, 1, 1, 3)


def test_channel_counts_mix_and_odd_ones_are_refused() -> None:
    torch.testing.assert_close(blend(grey(0.2, channels=1), grey(0.6, channels=4)), grey(0.4))
    with pytest.raises(ValueError, match="1, 3 or 4 channels, not 2"):
        blend(grey(0.2, channels=2), grey(0.6))


def test_composite_goes_by_the_mask() -> None:
    mask = torch.tensor([[[0.0, 0.25, 1.0]]])
    result = composite(grey(0.2, size=(1, 3)), grey(0.6, size=(1, 3)), mask)
    torch.testing.assert_close(result[0, 0, :, 0], torch.tensor([0.2, 0.3, 0.6]))


def test_threshold_takes_what_reaches_it() -> None:
    image = torch.tensor([0.0, 0.49, 0.5, 1.0]).view(1, 1, 4, 1)
    assert threshold(image)[0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert threshold(grey(0.0), value=0.0).item() == 1.0
    assert threshold(torch.tensor([0.0, 1.0, 0.0]).view(1, 1, 1, 3), value=0.7).item() == 1.0


def test_white_reaches_a_threshold_of_one() -> None:
    assert threshold(grey(1.0), value=1.0).item() == 1.0


def test_masks_and_images() -> None:
    image = torch.tensor([0.1, 0.2, 0.3]).view(1, 1, 1, 3)
    for index, channel in enumerate(("red", "green", "blue")):
        assert mask_from_image(image, channel=channel).item() == pytest.approx(0.1 * (index + 1))
    assert mask_from_image(image).item() == pytest.approx(0.1 * 0.2126 + 0.2 * 0.7152 + 0.3 * 0.0722)
    torch.testing.assert_close(mask_to_image(torch.tensor([[[0.4]]])), grey(0.4))
    assert mask_invert(torch.tensor([[[0.4]]])).item() == pytest.approx(0.6)


def test_mask_combine() -> None:
    a, b = torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]), torch.tensor([[[0.0, 1.0, 0.0, 1.0]]])
    assert mask_combine(a, b).flatten().tolist() == [0, 1, 1, 1]
    assert mask_combine(a, b, operation="intersection").flatten().tolist() == [0, 0, 0, 1]
    assert mask_combine(a, b, operation="difference").flatten().tolist() == [0, 0, 1, 0]


def test_mask_blur_softens_and_keeps_the_sum() -> None:
    dot = torch.zeros(1, 21, 21)
    dot[0, 10, 10] = 1.0
    soft = mask_blur(dot, radius=2.0)
    assert float(soft.sum()) == pytest.approx(1.0, abs=1e-5)
    assert soft[0, 10, 10] < 0.1
    torch.testing.assert_close(soft, soft.flip(1))


def test_morphology() -> None:
    dot = torch.zeros(1, 7, 7)
    dot[0, 3, 3] = 1.0
    square = morphology(dot, radius=1)
    assert square.sum() == 9
    assert square[0, 2:5, 2:5].sum() == 9
    assert torch.equal(morphology(square, operation="erode", radius=1), dot)
    assert morphology(dot, operation="open", radius=1).sum() == 0
    assert torch.equal(morphology(square, operation="open", radius=1), square)
    hole = 1 - dot
    assert torch.equal(morphology(hole, operation="close", radius=1), torch.ones(1, 7, 7))


def test_erosion_does_not_eat_the_border_of_the_image() -> None:
    full = torch.ones(1, 4, 4)
    assert torch.equal(morphology(full, operation="erode", radius=2), full)


def test_channels_round_trip() -> None:
    image = torch.rand(2, 3, 4, 3, generator=torch.Generator().manual_seed(0))
    red, green, blue = channel_split(image)
    assert torch.equal(red, image[..., 0])
    assert torch.equal(channel_merge(red, green, blue), image)
    assert channel_merge(red, green[:1], blue).shape == image.shape
    with pytest.raises(ValueError, match=r"green is 1×1 but red is 4×3"):
        channel_merge(red, torch.zeros(1, 1, 1), blue)


def test_info() -> None:
    assert info(torch.zeros(2, 3, 4, 1))._asdict() == {"width": 4, "height": 3, "batch": 2, "channels": 1}


def test_solid(ctx: Context) -> None:
    image = solid(ctx, width=3, height=2, color_="#ff8000", batch=2)
    assert image.shape == (2, 2, 3, 3)
    assert ((image * 255).round() == torch.tensor([255, 128, 0])).all()


def test_gradients(ctx: Context) -> None:
    across = gradient(ctx, width=3, height=2, start="#ff0000", end="#0000ff")
    torch.testing.assert_close(across[0, 1], torch.tensor([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]))
    down = gradient(ctx, width=3, height=2, direction="vertical")
    assert down[0, :, 2, 0].tolist() == [0.0, 1.0]
    diagonal = gradient(ctx, width=3, height=3, direction="diagonal")
    assert diagonal[0, :, :, 0].diagonal().tolist() == [0.0, 0.5, 1.0]
    radial = gradient(ctx, width=5, height=5, direction="radial")[0, ..., 0]
    assert radial[2, 2] == 0
    assert radial[[0, 0, 4, 4], [0, 4, 0, 4]].tolist() == pytest.approx([1.0] * 4)
