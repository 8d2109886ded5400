"""Pictures of what a running node has made so far, small enough that the node does not feel them.

In the node's own thread only every nth pixel is copied, on its device, and that
at most four times a second and for a small share of the time. All else is
another thread's, for which one picture waits at most: the newest.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch

#: Pixels of the longer side.
_SIDE = 256
_MOST_BYTES = 64 << 10
_QUALITY = 70
#: Between two pictures of a job.
_INTERVAL_S = 0.25
#: What copying took is waited this many times before the next: about 2 % of the node's time. It may have
#: taken long because others had the processor, and then the picture is wanted all the same.
_REST, _LONGEST_S = 50, 1.0

#: How long the thread waits for another picture: to start one costs the node more than to wake one.
_LINGER_S = 2.0

_Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picture on its way: (height, width, channel) in memory that nobody else writes."""

    job_id: str
    samples: _Samples
    #: Of a copy from a CUDA device that may not have come to its end.
    copied: torch.cuda.Event | None


class JobPreviews:
    """Sends previews of one job after the other; nothing that goes wrong here reaches the node.

    Args:
        send: takes a job's id and a JPEG; called in a thread of its own.
    """

    def __init__(self, send: Callable[[str, bytes], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._pid = os.getpid()
        self._job_id: str | None = None
        self._next_at = 0.0
        #: Held for moments only: the node waits for it.
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        #: Held while a picture is sent, so that `end` can wait for that.
        self._sending = threading.Lock()
        self._waiting: _Taken | None = None
        self._working = False

    def begin(self, job_id: str) -> None:
        """Previews of this job may come."""
        with self._lock:
            self._job_id, self._waiting = job_id, None
        self._next_at = 0.0

    def end(self, job_id: str) -> None:
        """When this returns, nothing more of this job is sent."""
        with self._lock:
            if self._job_id != job_id:
                return
            self._job_id = self._waiting = None
        with self._sending:
            pass

    def offer(self, job_id: str, image: torch.Tensor) -> None:
        """Show an image, unless one of the job was shown a moment ago; see `Context.preview`."""
        # A process that the node forked has neither the thread nor a right to the channel.
        if self._clock() < self._next_at or job_id != self._job_id or os.getpid() != self._pid:
            return
        with contextlib.suppress(Exception):
            self._take(job_id, image)

    # -- in the node's thread --------------------------------------------------------------

    def _take(self, job_id: str, image: torch.Tensor) -> None:
        began = self._clock()
        if (picture := _picture(image)) is None:
            return
        taken = _Taken(job_id, *_copied(picture))
        ended = self._clock()
        self._next_at = began + max(_INTERVAL_S, min(_REST * (ended - began), _LONGEST_S))
        with self._lock:
            if self._job_id != job_id:
                return
            self._waiting = taken
            self._arrived.notify()
            if not self._working:
                threading.Thread(target=self._work, name="previews", daemon=True).start()
                self._working = True

    # -- in a thread that lives as long as pictures come ---------------------------------------

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            with contextlib.suppress(Exception):
                self._show(taken)

    def _next(self) -> _Taken | None:
        with self._lock:
            if self._waiting is None:
                self._arrived.wait(_LINGER_S)
            taken, self._waiting = self._waiting, None
            self._working = taken is not None
            return taken

    def _show(self, taken: _Taken) -> None:
        if taken.copied is not None:
            taken.copied.synchronize()
        jpeg = _jpeg(taken.samples)
        with self._sending:
            if self._job_id == taken.job_id:
                self._send(taken.job_id, jpeg)


def _picture(image: object) -> torch.Tensor | None:
    """The first picture of an IMAGE as (height, width, channel); null if it is none."""
    if not isinstance(image, torch.Tensor) or not image.is_floating_point() or image.dim() not in (3, 4):
        return None
    if image.shape[-1] not in (1, 3, 4) or image.numel() == 0:
        return None
    return image[0] if image.dim() == 4 else image


@torch.inference_mode()
def _copied(picture: torch.Tensor) -> tuple[_Samples, torch.cuda.Event | None]:
    """A copy on the CPU, twice `_SIDE` at most on the longer side; on CUDA the node does not wait for it.

    Pixels are left out, since a mean over all of them would read the whole picture.
    """
    step = -(-max(picture.shape[:2]) // (2 * _SIDE))
    pixels = picture[::step, ::step]
    if pixels.device.type != "cuda":
        if pixels.dtype is torch.bfloat16:  # which NumPy has not
            pixels = pixels.float()
        # By NumPy: torch's threads would have to wait for each other where cores are few.
        return np.array(pixels.cpu().numpy(), dtype=np.float32, order="C"), None
    with torch.cuda.device(pixels.device):
        copied = torch.cuda.Event(blocking=True)
        samples = pixels.float().contiguous().to("cpu", non_blocking=True)
        copied.record()
    return samples.numpy(), copied


def _jpeg(samples: _Samples) -> bytes:
    # NaN is black.
    pixels = np.fmin(np.fmax(samples, 0.0), 1.0)
    if pixels.shape[-1] == 4:  # JPEG has no alpha: on white, as browsers show it
        pixels = pixels[..., :3] * pixels[..., 3:] + (1.0 - pixels[..., 3:])
    array = (pixels * 255.0 + 0.5).astype(np.uint8)
    picture = PIL.Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)
    longer = max(picture.size)
    if longer > _SIDE:
        # A mean over what was not left out, which hides that other pixels were.
        width, height = (max(1, round(extent * _SIDE / longer)) for extent in picture.size)
        picture = picture.resize((width, height), PIL.Image.Resampling.BOX)
    while True:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=_QUALITY)
        data = file.getvalue()
        if len(data) <= _MOST_BYTES or max(picture.size) == 1:
            return data
        picture = picture.reduce(2)
