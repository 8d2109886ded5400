"""Loading and saving pictures."""

from __future__ import annotations

import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from vortex_prefect.graph.png_text import png_texts
from vortex_worker.packs.image.files import load, preview, save
from vortex_worker.sdk import Context
from vortex_worker.sdk.testing import run_node

PIXELS = torch.arange(2 * 3 * 3, dtype=torch.float32).reshape(1, 2, 3, 3) * 14 / 255


def write(path: Path, picture: PIL.Image.Image, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def test_round_trip_of_png_is_exact(ctx: Context) -> None:
    saved = save(PIXELS, ctx)
    assert saved.path == ctx.output_dir / "result.png"
    assert saved.paths == [str(saved.path)]
    image, mask = load(saved.path, ctx)
    torch.testing.assert_close(image, PIXELS, rtol=0, atol=1e-6)
    assert torch.equal(mask, torch.ones(1, 2, 3))


@pytest.mark.parametrize("format", ["png", "webp"])
def test_round_trip_of_alpha(ctx: Context, format: str) -> None:
    alpha = torch.tensor([[[0, 51, 102], [153, 204, 255]]]) / 255
    saved = save(PIXELS, ctx, mask=alpha, format=format, quality=100)
    assert saved.path.name == f"result.{format}"
    image, mask = load(saved.path, ctx)
    torch.testing.assert_close(mask, alpha, rtol=0, atol=1e-6)
    torch.testing.assert_close(image, PIXELS, rtol=0, atol=1e-6)


def test_jpeg_is_close_and_quality_counts(ctx: Context) -> None:
    smooth = torch.linspace(0, 1, 64).view(1, 1, 64, 1).expand(1, 64, 64, 3)
    noisy = (smooth + 0.1 * torch.rand(smooth.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    sizes = []
    for quality in (20, 95):
        path = save(noisy, ctx, filename=f"{quality}.jpg", quality=quality).path
        sizes.append(path.stat().st_size)
    assert sizes[0] < sizes[1] / 2
    assert (load(path, ctx).image - noisy).abs().mean() < 0.03


def test_jpeg_refuses_a_mask(ctx: Context) -> None:
    with pytest.raises(ValueError, match="no alpha"):
        save(PIXELS, ctx, mask=torch.ones(1, 2, 3), filename="result.jpg")


def test_mask_of_another_size_is_refused(ctx: Context) -> None:
    with pytest.raises(ValueError, match=r"mask is 5×4 but image is 3×2"):
        save(PIXELS, ctx, mask=torch.ones(1, 4, 5))


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda pixels: pixels),
        (2, lambda pixels: pixels.flip(2)),
        (3, lambda pixels: pixels.flip(1, 2)),
        (4, lambda pixels: pixels.flip(1)),
        (5, lambda pixels: pixels.transpose(1, 2)),
        (6, lambda pixels: pixels.rot90(-1, (1, 2))),
        (7, lambda pixels: pixels.transpose(1, 2).flip(1, 2)),
        (8, lambda pixels: pixels.rot90(1, (1, 2))),
    ],
)
def test_exif_orientation_is_respected(ctx: Context, tmp_path: Path, orientation: int, turn: Any) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored = PIL.Image.fromarray((PIXELS[0] * 255).round().byte().numpy())
    image, _ = load(write(tmp_path / "turned.png", stored, exif=exif), ctx)
    torch.testing.assert_close(image, turn(PIXELS), rtol=0, atol=1e-6)


def test_sixteen_bit_grey_keeps_its_depth(ctx: Context, tmp_path: Path) -> None:
    values = np.array([[0, 1, 257], [32768, 65534, 65535]], dtype=np.uint16)
    image, mask = load(write(tmp_path / "deep.png", PIL.Image.fromarray(values)), ctx)
    expected = torch.from_numpy(values.astype(np.float32) / 65535)
    for channel in range(3):
        torch.testing.assert_close(image[0, ..., channel], expected, rtol=0, atol=1e-7)
    assert torch.equal(mask, torch.ones(1, 2, 3))


def test_float_tiff_is_clamped(ctx: Context, tmp_path: Path) -> None:
    values = np.array([[-1.0, 0.25, 7.0, np.nan]], dtype=np.float32)
    image, _ = load(write(tmp_path / "float.tiff", PIL.Image.fromarray(values)), ctx)
    assert image[0, 0, :, 0].tolist() == [0.0, 0.25, 1.0, 0.0]


@pytest.mark.parametrize(
    ("picture", "color", "alpha"),
    [
        (PIL.Image.new("L", (1, 1), 51), (51, 51, 51), 255),
        (PIL.Image.new("LA", (1, 1), (51, 102)), (51, 51, 51), 102),
        (PIL.Image.new("1", (1, 1), 1), (255, 255, 255), 255),
        (PIL.Image.new("RGBA", (1, 1), (1, 2, 3, 4)), (1, 2, 3), 4),
        (PIL.Image.new("RGB", (1, 1), (1, 2, 3)).quantize(2), (1, 2, 3), 255),
    ],
    ids=["grey", "grey+alpha", "bits", "rgba", "palette"],
)
def test_modes(ctx: Context, tmp_path: Path, picture: PIL.Image.Image, color: tuple[int, int, int], alpha: int) -> None:
    image, mask = load(write(tmp_path / "picture.png", picture), ctx)
    assert (image[0, 0, 0] * 255).round().int().tolist() == list(color)
    assert round(mask.item() * 255) == alpha


def test_transparent_colour_of_a_palette_becomes_mask(ctx: Context, tmp_path: Path) -> None:
    picture = PIL.Image.new("P", (2, 1), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    _, mask = load(write(tmp_path / "palette.png", picture, transparency=1), ctx)
    assert mask[0, 0].tolist() == [1.0, 0.0]


def test_missing_file_names_the_path(ctx: Context, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        load(tmp_path / "nowhere.png", ctx)


def test_what_is_no_picture_names_the_path(ctx: Context, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(OSError, match=r"text\.png"):
        load(tmp_path / "text.png", ctx)


def test_truncated_picture_names_the_path(ctx: Context, tmp_path: Path) -> None:
    whole = save(torch.rand(1, 64, 64, 3), ctx).path.read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"half\.png cannot be decoded"):
        load(tmp_path / "half.png", ctx)


@pytest.mark.parametrize("filename", ["../out.png", "a/../../out.png", "/tmp/out.png", "", ".", "a/..", "link/out.png"])
def test_nothing_is_written_outside_the_output_folder(ctx: Context, tmp_path: Path, filename: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (ctx.output_dir / "link").symlink_to(outside)
    with pytest.raises(ValueError, match="output folder"):
        save(PIXELS, ctx, filename=filename)
    assert not list(outside.iterdir())
    assert not (tmp_path / "out.png").exists()


def test_subfolders_are_made(ctx: Context) -> None:
    assert save(PIXELS, ctx, filename="a/b/c.png").path == ctx.output_dir / "a" / "b" / "c.png"


@pytest.mark.parametrize(
    ("filename", "format", "name", "stored"),
    [
        ("x.jpg", "auto", "x.jpg", "JPEG"),
        ("x.JPEG", "auto", "x.JPEG", "JPEG"),
        ("x.webp", "auto", "x.webp", "WEBP"),
        ("x.png", "jpeg", "x.jpeg", "JPEG"),
        ("x", "png", "x.png", "PNG"),
        ("v1.2", "png", "v1.2.png", "PNG"),
        ("x.jpg", "jpeg", "x.jpg", "JPEG"),
    ],
)
def test_format_and_name_agree(ctx: Context, filename: str, format: str, name: str, stored: str) -> None:
    path = save(PIXELS, ctx, filename=filename, format=format).path
    assert path.name == name
    with PIL.Image.open(path) as picture:
        assert picture.format == stored


def test_unknown_ending_is_refused(ctx: Context) -> None:
    with pytest.raises(ValueError, match=r"\.png"):
        save(PIXELS, ctx, filename="result.txt")


def test_names_are_not_taken_twice(ctx: Context) -> None:
    paths = [save(PIXELS, ctx).path.name for _ in range(3)]
    assert paths == ["result.png", "result_2.png", "result_3.png"]


def test_overwrite_replaces_and_leaves_no_draft(ctx: Context) -> None:
    save(PIXELS, ctx)
    path = save(1 - PIXELS, ctx, overwrite=True).path
    torch.testing.assert_close(load(path, ctx).image, 1 - PIXELS, rtol=0, atol=1e-6)
    assert os.listdir(ctx.output_dir) == ["result.png"]


def test_batch_goes_to_numbered_files(ctx: Context, reports: list[tuple[float, str]]) -> None:
    saved = save(torch.cat([PIXELS, 1 - PIXELS]), ctx)
    assert saved.paths == [str(ctx.output_dir / name) for name in ("result_0000.png", "result_0001.png")]
    torch.testing.assert_close(load(Path(saved.paths[1]), ctx).image, 1 - PIXELS, rtol=0, atol=1e-6)
    assert reports == [(0.0, ""), (0.5, "")]


def test_values_round_to_the_nearest_byte_and_clamp(ctx: Context) -> None:
    image = torch.tensor([-0.5, 0.0, 0.499 / 255, 0.501 / 255, 254.6 / 255, 2.0]).view(1, 1, 6, 1)
    with PIL.Image.open(save(image, ctx).path) as picture:
        assert picture.mode == "L"
        assert np.asarray(picture)[0].tolist() == [0, 0, 0, 1, 255, 255]


def test_preview_passes_the_image_on() -> None:
    assert preview(PIXELS) is PIXELS


GRAPH = json.dumps({"name": "σ", "nodes": {}})


@pytest.mark.parametrize("name", ["result.png", "result.webp", "result.jpg"])
def test_a_png_carries_the_graph_unless_it_is_not_to(name: str) -> None:
    def written(**options: Any) -> list[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            image = PIXELS.expand(2, -1, -1, -1)
            done = run_node(save, output_dir=Path(folder), image=image, filename=name, **options)
            return [path.read_bytes() for path in done.files]

    plain, carrying = written(), written(graph_json=GRAPH)
    assert written(graph_json=GRAPH, embed_graph=False) == plain
    if name != "result.png":
        assert carrying == plain
        return
    for content, bare in zip(carrying, plain, strict=True):
        # As downloads have it, and the same picture.
        assert png_texts(content, 1 << 10) == {"vortex.graph": GRAPH}
        pictures = [PIL.Image.open(io.BytesIO(each)) for each in (content, bare)]
        assert pictures[0].tobytes() == pictures[1].tobytes()
