"""Nodes that say something."""

from __future__ import annotations

import logging
from typing import Annotated

from vortex_worker.sdk import Any, Context, Doc, Range, node

logger = logging.getLogger(__name__)


@node("debug.log", category="debug", outputs=("out",))
def log(
    ctx: Context,
    in_: Any = None,
    text: Annotated[str, Doc("Printed, logged, and noted as progress.")] = "",
    level: Annotated[int, Range(0, 50), Doc("Of the record, as in Python's logging: 20 is INFO.")] = 20,
    times: Annotated[int, Range(1, 1_000_000), Doc("How often it is printed.")] = 1,
) -> Any:
    """Print, log and note a text, then pass the input on."""
    for _ in range(times):
        print(f"printed {text}")
    logger.log(level, "logged %s", text)
    ctx.progress(1.0, f"noted {text}")
    return in_
