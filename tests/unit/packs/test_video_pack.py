"""Films and batches: what goes in comes out, and what is no film is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import PIL.ImageSequence
import pytest
import torch

from vortex_worker.packs.batch import membership, sheets
from vortex_worker.packs.video import animation, frames, reading, writing
from vortex_worker.sdk import Context, Sound
from vortex_worker.sdk.testing import run_node

RATE = 48000


def film(count: int = 12, height: int = 48, width: int = 64) -> torch.Tensor:
    """A bright square on a ramp, a step to the right in each picture; whole numbers of 255."""
    ramp = torch.linspace(0.2, 0.6, width).expand(count, height, width)
    pictures = ramp.unsqueeze(-1).repeat(1, 1, 1, 3)
    for index in range(count):
        pictures[index, 10:26, 2 * index : 2 * index + 16, 0] = 0.9
    return (pictures * 255).round() / 255


def test_lossless_films_keep_every_pixel(ctx: Context) -> None:
    path = writing.save(film(), ctx, codec="lossless", filename="x.mkv", rate=12.5)
    found = reading.load(path, ctx)
    torch.testing.assert_close(found.image, film(), rtol=0, atol=1e-6)
    assert found.rate == 12.5
    assert tuple(reading.info(path)) == (64, 48, 12.5, pytest.approx(12 / 12.5, abs=0.05), "ffv1", False)


@pytest.mark.parametrize(
    ("codec", "name"), [("h264", "x.mp4"), ("h265", "x.mkv"), ("vp9", "x.webm"), ("mpeg4", "x.avi")]
)
def test_other_codecs_come_near(ctx: Context, codec: str, name: str) -> None:
    path = writing.save(film(), ctx, codec=codec, quality=5, filename=name, rate=10.0)
    with av.open(str(path)) as container:
        pictures = [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]
    assert len(pictures) == 12
    assert np.abs(np.stack(pictures) / 255 - film().numpy()).mean() < 0.03
    found = reading.load(path, ctx).image.numpy()
    np.testing.assert_array_equal(found, np.stack(pictures).astype(np.float32) / 255)


def test_a_part_of_a_film(ctx: Context) -> None:
    path = writing.save(film(), ctx, codec="lossless", filename="x.mkv", rate=10.0)
    found = reading.load(path, ctx, start=3, count=4, every=2)
    torch.testing.assert_close(found.image, film()[3:11:2], rtol=0, atol=1e-6)
    assert found.rate == 5.0
    torch.testing.assert_close(reading.frame(path, ctx, 0.55), film()[5:6], rtol=0, atol=1e-6)
    torch.testing.assert_close(reading.frame(path, ctx, 0.0), film()[:1], rtol=0, atol=1e-6)
    torch.testing.assert_close(reading.frame(path, ctx, 99.0), film()[-1:], rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="has no picture 50"):
        reading.load(path, ctx, start=50)


@pytest.mark.parametrize(("codec", "name"), [("h264", "x.mp4"), ("vp9", "x.webm")])
def test_sound_goes_along(ctx: Context, codec: str, name: str) -> None:
    seconds = torch.arange(RATE) / RATE
    tone = 0.5 * torch.sin(2 * torch.pi * 440 * seconds)
    path = writing.save(film(), ctx, Sound(torch.stack([tone, tone]), RATE), codec=codec, filename=name, rate=12.0)
    found = reading.sound(path, ctx)
    assert (found.rate, found.channels) == (RATE, 2)
    assert abs(found.frames - RATE) < 4096
    heard = found.samples[0, 8192:40960].numpy()
    assert np.abs(np.fft.rfft(heard)).argmax() * RATE / len(heard) == pytest.approx(440, abs=2)
    assert np.sqrt((heard**2).mean()) == pytest.approx(0.5 / 2**0.5, rel=0.05)
    assert reading.info(path).has_sound


def test_odd_sizes_lose_an_edge_and_grey_becomes_colour(ctx: Context) -> None:
    path = writing.save(torch.rand(2, 33, 35, 1), ctx)
    assert reading.load(path, ctx).image.shape == (2, 32, 34, 3)
    path = writing.save(torch.rand(2, 33, 35, 4), ctx, codec="lossless", filename="x.mkv")
    assert reading.load(path, ctx).image.shape == (2, 33, 35, 3)


def test_what_cannot_be_written_is_said(ctx: Context) -> None:
    stereo = Sound(torch.zeros(2, 10), 44100)
    for message, options in (
        ("goes into", {"filename": "x.exe"}),
        ("goes into", {"codec": "vp9", "filename": "x.mp4"}),
        ("resample it", {"codec": "vp9", "filename": "x.webm", "audio": stereo}),
        ("one or two channels", {"audio": Sound(torch.zeros(6, 10), 44100)}),
    ):
        with pytest.raises(ValueError, match=message):
            writing.save(film(2), ctx, **options)
    with pytest.raises(ValueError, match="too small"):
        writing.save(torch.zeros(1, 1, 1, 3), ctx)


def cut_film(ctx: Context) -> bytes:
    data = writing.save(film(), ctx, codec="lossless", filename="cut.avi", overwrite=True).read_bytes()
    result: bytes = data[:200]
    return result


def test_what_is_no_film_is_named(tmp_path: Path, ctx: Context) -> None:
    path = tmp_path / "broken.mp4"
    for data in (b"", b"text", b"\0\0\0\x20ftypisom" + bytes(60), b"\x1aE\xdf\xa3" + bytes(50), cut_film(ctx)):
        path.write_bytes(data)
        for read in (reading.load, reading.frame, reading.sound):
            with pytest.raises(ValueError, match=r"broken\.mp4 (is no film|has no)"):
                read(path, ctx)
        with pytest.raises(ValueError, match=r"broken\.mp4 (is no film|has no)"):
            reading.info(path)


def test_a_playlist_does_not_lead_to_other_files(tmp_path: Path, ctx: Context) -> None:
    secret = writing.save(film(2), ctx, codec="lossless", filename="secret.mkv")
    lists = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match="is no film"):
            reading.load(tmp_path / name, ctx)


@pytest.mark.parametrize("name", ["x.gif", "x.webp", "x.png"])
def test_animations_are_what_pillow_reads(ctx: Context, name: str) -> None:
    path = animation.save_animation(film(5), ctx, 20.0, filename=name)
    with PIL.Image.open(path) as picture:
        pictures = [np.asarray(each.convert("RGB"), np.float32) / 255 for each in PIL.ImageSequence.Iterator(picture)]
        assert picture.info["duration"] == pytest.approx(50)
    np.testing.assert_allclose(np.stack(pictures), film(5).numpy(), atol=0.1 if name == "x.gif" else 1e-6)
    with pytest.raises(ValueError, match="ends in none of"):
        animation.save_animation(film(2), ctx, filename="x.mp4")


def test_an_animated_png_carries_the_graph_unless_it_is_not_to(tmp_path: Path) -> None:
    def text(**options: Any) -> str | None:
        done = run_node(
            animation.save_animation, output_dir=tmp_path, image=film(3), filename="x.png", overwrite=True, **options
        )
        with PIL.Image.open(done["path"]) as picture:
            assert getattr(picture, "n_frames", 1) == 3
            found: str | None = picture.info.get("vortex.graph")
            return found

    assert text() is None
    assert text(graph_json='{"name": "σ"}') == '{"name": "σ"}'
    assert text(graph_json="{}", embed_graph=False) is None


def test_pictures_among_themselves() -> None:
    pictures = film(5)
    torch.testing.assert_close(frames.retime(pictures, 9)[::2], pictures)
    torch.testing.assert_close(frames.retime(pictures, 9)[1], (pictures[0] + pictures[1]) / 2)
    torch.testing.assert_close(frames.retime(pictures, 3, "nearest"), pictures[::2])
    assert frames.retime(pictures[:1], 4).shape[0] == 4
    expected = np.abs(np.diff(pictures.numpy(), axis=0)).mean((1, 2, 3))
    np.testing.assert_allclose(frames.changes(pictures).numpy(), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="does not change"):
        frames.changes(pictures[:1])
    references: dict[str, Callable[..., Any]] = {
        "mean": np.mean,
        "median": np.median,
        "lighten": np.max,
        "darken": np.min,
    }
    for name, reference in references.items():
        found = frames.average(pictures, name)
        np.testing.assert_allclose(found[0].numpy(), reference(pictures.numpy(), axis=0), atol=1e-6)


def test_batches() -> None:
    pictures = film(5)
    parts = membership.items(pictures)
    assert [part.shape[0] for part in parts] == [1] * 5
    for joined in (membership.join(parts), membership.from_list(parts)):
        assert torch.equal(joined, pictures)
    assert torch.equal(membership.select(pictures, [-1, 0, 0]), pictures[[4, 0, 0]])
    assert torch.equal(membership.repeat(pictures, 2), torch.cat([pictures, pictures]))
    sheet = sheets.grid(pictures, 2, 3, "#ffffff")
    assert sheet.shape == (1, 3 * 51 - 3, 2 * 67 - 3, 3)
    for index in range(5):
        top, left = index // 2 * 51, index % 2 * 67
        assert torch.equal(sheet[0, top : top + 48, left : left + 64], pictures[index])
    assert sheet[0, 102:, 67:].min() == 1
    assert torch.equal(
        sheets.side_by_side([pictures, pictures[:1]]), torch.cat([pictures, pictures[:1].expand(5, -1, -1, -1)], 2)
    )
    assert sheets.side_by_side([pictures, pictures[:, :7]], "down").shape == (5, 55, 64, 3)
    refused: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("make no batch", lambda: membership.join([pictures, pictures[:, :7]])),
        ("is empty", lambda: membership.from_list([])),
        ("no picture 5", lambda: membership.select(pictures, [5])),
        ("whole numbers", lambda: membership.select(pictures, [0.5])),
        ("do not fit beside", lambda: sheets.side_by_side([pictures, pictures[:, :7]])),
        ("5 pictures do not go|2 and 5", lambda: sheets.side_by_side([pictures, pictures[:2]])),
    )
    for message, call in refused:
        with pytest.raises(ValueError, match=message):
            call()


def test_films_are_read_from_memory_alone() -> None:
    """What the test of playlists takes for granted: PyAV opens a file that it is given."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 8, 8, "bgr0"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((8, 8, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as container:
        assert len(list(container.decode(video=0))) == 1
