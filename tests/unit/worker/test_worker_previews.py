"""Previews of a running node: what is sent of which image, how often, and that the node feels nothing of it."""

from __future__ import annotations

import io
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import PIL.Image
import pytest
import torch

from vortex_worker import previews as module
from vortex_worker.previews import JobPreviews

PATIENCE_S = 10.0
GREY = torch.full((1, 8, 8, 3), 0.5)


class Viewer:
    """Sees previews; `now` is the clock of the limits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self.on_send: Callable[[], None] = lambda: None
        self.previews = JobPreviews(self.send, lambda: self.now)
        self.previews.begin("j")

    def send(self, job_id: str, jpeg: bytes) -> None:
        self.on_send()
        self.sent.put((job_id, jpeg))

    def offer(self, image: torch.Tensor, after_s: float = 1.0) -> None:
        self.now += after_s
        self.previews.offer("j", image)

    def seen(self) -> list[tuple[str, bytes]]:
        """All that was sent, once nothing more is on its way."""
        for thread in workers():
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        found = []
        while not self.sent.empty():
            found.append(self.sent.get())
        return found

    def picture(self, image: torch.Tensor) -> PIL.Image.Image:
        """What became of one image."""
        self.offer(image)
        ((_, jpeg),) = self.seen()
        picture = PIL.Image.open(io.BytesIO(jpeg))
        assert picture.format == "JPEG"
        return picture


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "previews"]


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Viewer]:
    monkeypatch.setattr(module, "_LINGER_S", 0.0)
    viewer = Viewer()
    yield viewer
    viewer.seen()
    assert not workers()


def shade(image: PIL.Image.Image) -> list[float]:
    """The mean of each channel, 0 to 1."""
    values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).float() / 255
    means: list[float] = values.view(-1, len(image.getbands())).mean(0).tolist()
    return means


# -- what is shown ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((1, 8, 6, 3), (6, 8)),
        ((8, 6, 3), (6, 8)),
        ((2, 256, 256, 3), (256, 256)),
        ((1, 257, 100, 3), (100, 256)),
        ((1, 1000, 2000, 3), (256, 128)),
        ((1, 511, 511, 1), (256, 256)),
        ((1, 2160, 3840, 4), (256, 144)),
        ((1, 1, 5000, 3), (256, 1)),
        ((1, 5000, 1, 3), (1, 256)),
    ],
)
def test_a_picture_is_shrunk_in_its_proportions(viewer: Viewer, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    assert viewer.picture(torch.rand(shape)).size == size


def test_colours_are_about_right(viewer: Viewer) -> None:
    picture = viewer.picture(torch.tensor([0.9, 0.5, 0.1]).expand(1, 600, 900, 3))
    assert picture.mode == "RGB"
    assert shade(picture) == pytest.approx([0.9, 0.5, 0.1], abs=0.02)


def test_sides_are_where_they_were(viewer: Viewer) -> None:
    image = torch.zeros(1, 700, 900, 3)
    image[:, :350] = torch.tensor([1.0, 0.0, 0.0])
    image[:, 350:, :450] = torch.tensor([0.0, 0.0, 1.0])
    picture = viewer.picture(image)
    width, height = picture.size
    assert shade(picture.crop((0, 0, width, height // 2 - 8))) == pytest.approx([1, 0, 0], abs=0.05)
    assert shade(picture.crop((0, height // 2 + 8, width // 2 - 8, height))) == pytest.approx([0, 0, 1], abs=0.05)


def test_fine_patterns_are_averaged(viewer: Viewer) -> None:
    image = torch.zeros(1, 512, 512, 1)
    image[:, :, ::2] = 1.0
    values = viewer.picture(image).tobytes()
    assert (min(values), max(values)) == pytest.approx((128, 128), abs=3)


def test_grey_stays_grey(viewer: Viewer) -> None:
    picture = viewer.picture(torch.full((1, 20, 20, 1), 0.25))
    assert picture.mode == "L"
    assert shade(picture) == pytest.approx([0.25], abs=0.02)


def test_what_is_transparent_lies_on_white(viewer: Viewer) -> None:
    image = torch.zeros(1, 20, 20, 4)
    image[..., 3] = 0.25
    assert shade(viewer.picture(image)) == pytest.approx([0.75] * 3, abs=0.02)


def test_the_first_of_a_batch_is_shown(viewer: Viewer) -> None:
    image = torch.stack([torch.full((8, 8, 3), 1.0), torch.zeros(8, 8, 3)])
    assert shade(viewer.picture(image)) == pytest.approx([1.0] * 3, abs=0.02)


@pytest.mark.parametrize(
    ("value", "shown"), [(float("nan"), 0.0), (float("inf"), 1.0), (float("-inf"), 0.0), (7.0, 1.0), (-7.0, 0.0)]
)
def test_values_outside_are_drawn_in(viewer: Viewer, value: float, shown: float) -> None:
    assert shade(viewer.picture(torch.full((1, 8, 8, 3), value))) == pytest.approx([shown] * 3, abs=0.02)


def test_one_bad_value_spoils_no_more_than_itself(viewer: Viewer) -> None:
    image = torch.full((1, 512, 512, 1), 1.0)
    image[0, 0, 0] = float("nan")
    assert shade(viewer.picture(image)) == pytest.approx([1.0], abs=0.01)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_shown(viewer: Viewer, dtype: torch.dtype) -> None:
    assert shade(viewer.picture(GREY.to(dtype))) == pytest.approx([0.5] * 3, abs=0.02)


def test_inference_and_gradients_make_no_difference(viewer: Viewer) -> None:
    with torch.inference_mode():
        assert shade(viewer.picture(GREY.clone())) == pytest.approx([0.5] * 3, abs=0.02)
    assert shade(viewer.picture(GREY.clone().requires_grad_())) == pytest.approx([0.5] * 3, abs=0.02)


@pytest.mark.parametrize(
    "image",
    [
        torch.zeros(8, 8),
        torch.zeros(1, 8, 8, 2),
        torch.zeros(1, 8, 8, 5),
        torch.zeros(1, 1, 8, 8, 3),
        torch.zeros(0, 8, 8, 3),
        torch.zeros(1, 0, 8, 3),
        torch.zeros(1, 8, 8, 3, dtype=torch.uint8),
        torch.zeros(1, 8, 8, 3, dtype=torch.complex64),
        torch.zeros(1, 8, 8, 3, device="meta"),
        None,
        "image",
    ],
)
def test_what_is_no_image_is_passed_over(viewer: Viewer, image: torch.Tensor) -> None:
    viewer.offer(image)
    assert viewer.seen() == []
    # And takes no other's turn.
    viewer.offer(GREY, after_s=0.0)
    assert len(viewer.seen()) == 1


def test_a_picture_is_small(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = torch.rand(1, 600, 600, 3, generator=torch.Generator().manual_seed(0)).round()
    viewer.offer(noise)
    ((_, jpeg),) = viewer.seen()
    assert len(jpeg) <= 64 << 10
    monkeypatch.setattr(module, "_MOST_BYTES", 4000)
    viewer.offer(noise)
    ((_, smaller),) = viewer.seen()
    assert len(smaller) <= 4000
    assert max(PIL.Image.open(io.BytesIO(smaller)).size) in (128, 64)


# -- how often -------------------------------------------------------------------------------


def test_four_a_second_are_shown(viewer: Viewer) -> None:
    count = 0
    for _ in range(101):
        viewer.offer(GREY, after_s=1 / 64)
        count += len(viewer.seen())
    assert count == 1 + 100 // 16


def test_what_comes_too_early_is_not_looked_at(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer.offer(GREY)
    viewer.seen()
    monkeypatch.setattr(module, "_picture", lambda image: pytest.fail("it was looked at"))
    viewer.offer(GREY, after_s=0.2)


def test_slow_copying_makes_pictures_rare(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, took_s = module._copied, 1 / 128

    def slowly(picture: torch.Tensor) -> Any:
        viewer.now += took_s
        return copied(picture)

    monkeypatch.setattr(module, "_copied", slowly)
    viewer.offer(GREY)
    assert len(viewer.seen()) == 1
    viewer.offer(GREY, after_s=48 / 128)
    assert viewer.seen() == []
    viewer.offer(GREY, after_s=1 / 128)
    assert len(viewer.seen()) == 1
    took_s = 10.0
    for _ in range(2):
        # One that took very long is no reason to show none.
        viewer.offer(GREY, after_s=1.0)
        assert len(viewer.seen()) == 1


def test_each_job_has_its_own_turn(viewer: Viewer) -> None:
    viewer.previews.offer("j", GREY)
    first = viewer.seen()
    viewer.previews.begin("k")
    viewer.previews.offer("k", GREY)
    assert [job_id for job_id, _ in [*first, *viewer.seen()]] == ["j", "k"]


# -- the node and the thread -----------------------------------------------------------------


def test_a_node_may_change_its_image_at_once(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, encode = threading.Event(), module._jpeg

    def late(samples: Any) -> bytes:
        assert changed.wait(PATIENCE_S)
        return encode(samples)

    monkeypatch.setattr(module, "_jpeg", late)
    for shape in ((1, 8, 8, 3), (1, 8, 8, 1), (8, 8, 3), (1, 512, 512, 3)):
        image = torch.full(shape, 0.5)
        viewer.offer(image)
        image.zero_()
        changed.set()
        ((_, jpeg),) = viewer.seen()
        assert shade(PIL.Image.open(io.BytesIO(jpeg)))[0] == pytest.approx(0.5, abs=0.02)
        changed.clear()


def test_the_newest_takes_the_place_of_what_waits(viewer: Viewer) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        sending.set()
        assert go_on.wait(PATIENCE_S)

    viewer.on_send = stand_still
    viewer.offer(torch.full((1, 8, 8, 1), 0.2))
    assert sending.wait(PATIENCE_S)
    for value in (0.4, 0.6, 0.8):
        viewer.offer(torch.full((1, 8, 8, 1), value))
        assert len(workers()) == 1
    go_on.set()
    shades = [shade(PIL.Image.open(io.BytesIO(jpeg)))[0] for _, jpeg in viewer.seen()]
    assert shades == pytest.approx([0.2, 0.8], abs=0.02)


def test_one_thread_shows_all_while_they_come(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINGER_S", PATIENCE_S)
    viewer.offer(GREY)
    viewer.sent.get(timeout=PATIENCE_S)
    (thread,) = workers()
    viewer.offer(GREY)
    viewer.sent.get(timeout=PATIENCE_S)
    assert workers() == [thread]
    monkeypatch.setattr(module, "_LINGER_S", 0.0)
    viewer.offer(GREY)
    assert len(viewer.seen()) == 1


def test_nothing_is_sent_after_the_end(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    encoding, go_on, encode = threading.Event(), threading.Event(), module._jpeg

    def late(samples: Any) -> bytes:
        encoding.set()
        assert go_on.wait(PATIENCE_S)
        return encode(samples)

    monkeypatch.setattr(module, "_jpeg", late)
    viewer.offer(GREY)
    assert encoding.wait(PATIENCE_S)
    viewer.offer(GREY)
    viewer.previews.end("j")
    viewer.offer(GREY)
    viewer.previews.begin("k")
    go_on.set()
    assert viewer.seen() == []


def test_the_end_waits_for_what_is_being_sent(viewer: Viewer) -> None:
    sending, ended, overtaken = threading.Event(), threading.Event(), []

    def slowly() -> None:
        sending.set()
        overtaken.append(ended.wait(0.2))

    viewer.on_send = slowly
    viewer.offer(GREY)
    assert sending.wait(PATIENCE_S)
    viewer.previews.end("j")
    ended.set()
    assert len(viewer.seen()) == 1
    assert overtaken == [False]


def test_the_end_of_another_job_ends_nothing(viewer: Viewer) -> None:
    viewer.previews.end("i")
    viewer.offer(GREY)
    assert len(viewer.seen()) == 1


def test_a_job_that_did_not_begin_shows_nothing(viewer: Viewer) -> None:
    viewer.previews.offer("i", GREY)
    assert viewer.seen() == []


def test_a_channel_that_fails_costs_one_picture(viewer: Viewer) -> None:
    def fail() -> None:
        viewer.on_send = lambda: None
        raise OSError("gone")

    viewer.on_send = fail
    viewer.offer(GREY)
    assert viewer.seen() == []
    viewer.offer(GREY)
    assert len(viewer.seen()) == 1


def test_a_forked_process_shows_nothing(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    viewer.offer(GREY)
    assert viewer.seen() == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_an_image_on_a_device_is_shown(viewer: Viewer) -> None:
    image = torch.full((1, 2000, 2000, 3), 0.5, device="cuda")
    viewer.offer(image)
    image.zero_()
    ((_, jpeg),) = viewer.seen()
    assert shade(PIL.Image.open(io.BytesIO(jpeg))) == pytest.approx([0.5] * 3, abs=0.02)
