"""Text in files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from vortex_worker.sdk import Choices, Context, Doc, File, Widget, node, open_input

_MOST_BYTES = 16 << 20


@node("text.load", category="file", title="Load text", outputs=("text",))
def load(
    path: Annotated[Path, File(), Doc("A text file of at most 16 MiB.")],
    encoding: Annotated[str, Choices("utf-8", "utf-16", "latin-1", "cp1252")] = "utf-8",
) -> str:
    """Read a text from a file."""
    with open_input(path) as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{path} is larger than {_MOST_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in {encoding}: {error.reason} at byte {error.start}") from error


@node("text.save", category="file", title="Save text", volatile=True)
def save(
    ctx: Context,
    text: Annotated[str, Widget("text")] = "",
    filename: Annotated[str, Doc("Within the execution's output folder.")] = "text.txt",
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
) -> Path:
    """Write a text to a file in UTF-8."""
    return ctx.write_output(filename, text.encode(), overwrite=overwrite)
