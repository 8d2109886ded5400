"""Colour with known answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vortex_worker.packs.image.colors import (
    color_balance,
    grayscale,
    hue,
    saturation,
    sepia,
    vibrance,
    white_balance,
)
from vortex_worker.packs.image.lut import look_up, lut, parse_cube
from vortex_worker.packs.image.pixels import luma


def pixel(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue], dtype=torch.float32).view(1, 1, 1, 3)


def expect(image: torch.Tensor, red: float, green: float, blue: float) -> None:
    torch.testing.assert_close(image, pixel(red, green, blue), rtol=0, atol=1e-4)


def test_saturation() -> None:
    expect(saturation(pixel(1, 0, 0), factor=0.0), 0.2126, 0.2126, 0.2126)
    expect(saturation(pixel(0.5, 0.5, 0.5), factor=4.0), 0.5, 0.5, 0.5)
    expect(saturation(pixel(0.6, 0.5, 0.5), factor=2.0), 0.67874, 0.47874, 0.47874)


def test_vibrance_spares_strong_colours() -> None:
    def gain(image: torch.Tensor) -> float:
        changed = vibrance(image, amount=0.5)
        return float((changed[..., 0] - changed[..., 1]) / (image[..., 0] - image[..., 1]))

    assert gain(pixel(0.5, 0.45, 0.45)) > 1.4
    assert gain(pixel(0.9, 0.1, 0.1)) == pytest.approx(1.1, abs=1e-3)


@pytest.mark.parametrize(("shift", "expected"), [(120.0, (0, 1, 0)), (-120.0, (0, 0, 1)), (180.0, (0, 1, 1))])
def test_hue_turns_red(shift: float, expected: tuple[float, float, float]) -> None:
    expect(hue(pixel(1, 0, 0), shift=shift), *expected)


def test_white_balance() -> None:
    white = pixel(0.5, 0.5, 0.5)
    warm, cold = white_balance(white, temperature=50.0), white_balance(white, temperature=-50.0)
    assert warm[..., 0] > 0.5 > warm[..., 2]
    assert cold[..., 0] < 0.5 < cold[..., 2]
    magenta = white_balance(white, tint=50.0)
    assert magenta[..., 1] < 0.5 < magenta[..., 0]
    # The luminance of grey stays: in linear light the gains weigh to 1.
    linear = ((warm + 0.055) / 1.055) ** 2.4
    assert float(luma(linear)) == pytest.approx(((0.5 + 0.055) / 1.055) ** 2.4, abs=1e-5)


def test_color_balance_acts_on_its_tones() -> None:
    for tones, level, untouched in (("shadows", 0.0, 1.0), ("highlights", 1.0, 0.0), ("midtones", 0.5, 1.0)):
        grey, other = pixel(level, level, level), pixel(untouched, untouched, untouched)
        sign = -1.0 if tones == "highlights" else 1.0
        moved = color_balance(grey, cyan_red=0.2 * sign, tones=tones, keep_luma=False)
        expect(moved, level + 0.2 * sign, level, level)
        expect(color_balance(other, cyan_red=0.2 * sign, tones=tones, keep_luma=False), *other.flatten().tolist())


def test_color_balance_keeps_luma() -> None:
    moved = color_balance(pixel(0.5, 0.5, 0.5), yellow_blue=0.3, magenta_green=-0.1)
    assert moved[..., 2] > 0.5 > moved[..., 1]
    assert float(luma(moved)) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(("method", "level"), [("luma", 0.27782), ("average", 0.3), ("lightness", 0.35)])
def test_grayscale(method: str, level: float) -> None:
    expect(grayscale(pixel(0.6, 0.2, 0.1), method=method), *[level] * 3)


def test_sepia_of_white_and_grey() -> None:
    expect(sepia(pixel(1, 1, 1)), 1.0, 1.0, 0.937)
    expect(sepia(pixel(0.5, 0.5, 0.5)), 0.6755, 0.6015, 0.4685)
    expect(sepia(pixel(0.5, 0.5, 0.5), amount=0.5), 0.58775, 0.55075, 0.48425)


def cube_text(size: int, header: str = "") -> str:
    """A table that swaps red and blue."""
    steps = [index / (size - 1) for index in range(size)]
    rows = [f"{blue} {green} {red}" for blue in steps for green in steps for red in steps]
    return "\n".join([f"LUT_3D_SIZE {size}", header, *rows])


@pytest.mark.parametrize("size", [2, 3, 17])
def test_lut_maps_red_first(size: int) -> None:
    colors = torch.rand(2, 4, 5, 3, generator=torch.Generator().manual_seed(1))
    mapped = look_up(parse_cube(cube_text(size)), colors)
    torch.testing.assert_close(mapped, colors.flip(-1), rtol=0, atol=1e-5)


def test_lut_interpolates_between_entries() -> None:
    # Only the entry of white is not black, so between them is red × green × blue.
    text = 'TITLE "one corner"\n# a comment\nLUT_3D_SIZE 2\n' + "0 0 0\n" * 7 + "1 1 1  # white\n"
    mapped = look_up(parse_cube(text), torch.tensor([0.5, 0.4, 0.3]).view(1, 1, 1, 3))
    torch.testing.assert_close(mapped.flatten(), torch.full((3,), 0.06))


def test_lut_domain() -> None:
    cube = parse_cube(cube_text(2, "DOMAIN_MIN 0.2 0.2 0.2\nDOMAIN_MAX 0.6 0.6 0.6"))
    mapped = look_up(cube, torch.tensor([0.1, 0.4, 0.9]).view(1, 1, 1, 3))
    torch.testing.assert_close(mapped.flatten(), torch.tensor([1.0, 0.5, 0.0]))


def test_lut_file_and_amount(tmp_path: Path) -> None:
    path = tmp_path / "swap.cube"
    path.write_text("\ufeff" + cube_text(2), encoding="utf-8")
    expect(lut(pixel(1, 0.5, 0), path), 0, 0.5, 1)
    expect(lut(pixel(1, 0.5, 0), path, amount=0.25), 0.75, 0.5, 0.25)


def test_lut_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.cube"):
        lut(pixel(0, 0, 0), tmp_path / "none.cube")
    (tmp_path / "bad.cube").write_text("LUT_3D_SIZE 2\n0 0 0\n")
    with pytest.raises(ValueError, match=r"bad\.cube: 3 numbers instead of 24"):
        lut(pixel(0, 0, 0), tmp_path / "bad.cube")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no LUT_3D_SIZE"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1", "no LUT_3D_SIZE"),
        ("LUT_3D_SIZE 1\n0 0 0", "not in 2..256"),
        ("LUT_3D_SIZE 999999999", "not in 2..256"),
        ("LUT_3D_SIZE\n0 0 0", "0 numbers instead of 1"),
        (cube_text(2).replace("1.0", "1e999"), "finite"),
        (cube_text(2).replace("1.0", "0x"), "numbers only"),
        (cube_text(2, "DOMAIN_MAX 0 1 1"), "not below"),
    ],
)
def test_what_is_no_lut_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_cube(text)
