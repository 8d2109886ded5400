"""Nodes that show how far they are."""

from __future__ import annotations

import threading
import time
from typing import Annotated

import torch

from vortex_worker.sdk import Context, Image, Range, Unit, node

#: Between looks at the clock; a cancel reaches the node no later.
_STEP_S = 0.02


@node("debug.paint", category="debug", outputs=("out",))
def paint(
    ctx: Context,
    seconds: Annotated[float, Range(0.0, 86400.0), Unit("s")] = 1.0,
    size: Annotated[int, Range(1, 4096), Unit("px")] = 64,
) -> Image:
    """Paint a square row by row, red from left to right and green from top to bottom, and show it on the way."""
    never = threading.Event()
    ramp = torch.linspace(0.0, 1.0, size, device=ctx.device)
    image = torch.zeros(1, size, size, 3, device=ctx.device)
    started, painted = time.monotonic(), 0
    while painted < size:
        elapsed = time.monotonic() - started
        rows = size if elapsed >= seconds else int(size * elapsed / seconds)
        image[0, painted:rows, :, 0] = ramp
        image[0, painted:rows, :, 1] = ramp[painted:rows].unsqueeze(1)
        painted = rows
        ctx.progress(painted / size)
        ctx.preview(image)
        never.wait(min(_STEP_S, max(seconds - elapsed, 0.0)))
    return image
