"""Values, sums and counts whose results a test knows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from vortex_worker.packs.debug.counting import add_count
from vortex_worker.sdk import Any, Context, Doc, Json, Range, node, open_input

Number = Annotated[float, Range(-sys.float_info.max, sys.float_info.max)]


@node("debug.value", category="debug", outputs=("out",))
def value(value: Annotated[Json, Doc("Any JSON value.")] = 0) -> Any:
    """Give the value."""
    return value


@node("debug.identity", category="debug", outputs=("out",))
def identity(in_: Any) -> Any:
    """Pass the input on."""
    return in_


@node("debug.add", category="debug", outputs=("out",))
def add(a: Number = 0.0, b: Number = 0.0) -> float:
    """a plus b."""
    return a + b


def _text(path: Path) -> str:
    with open_input(path) as file:
        return file.read().decode("utf-8")


@node("debug.fingerprint", category="debug", fingerprint=_text, outputs=("out",))
def fingerprint(
    ctx: Context,
    path: Annotated[Path, Doc("A text file; a change of its content runs the node again.")] = Path("none"),  # noqa: ARG001
    tag: Annotated[str, Doc("What is counted under one number.")] = "default",
) -> int:
    """Count as debug.count does, with the content of a file for a fingerprint."""
    return add_count(ctx.state_dir, tag)


@node("debug.count", category="debug", outputs=("out",))
def count(
    ctx: Context,
    in_: Any = None,  # noqa: ARG001  there to be chained
    tag: Annotated[str, Doc("What is counted under one number.")] = "default",
) -> int:
    """Count a run of this tag, and give how often it has really run on this host."""
    return add_count(ctx.state_dir, tag)
