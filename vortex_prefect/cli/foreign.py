"""`vortex import`: workflows of other programs."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from vortex_prefect.client.catalogue import find_catalogue
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph.comfyui import Converted, convert


def import_workflow(settings: Settings, file: Path, output: Path | None, as_json: bool, console: Console) -> None:
    """Write a workflow's graph to a file or standard output, and the report for people to `console`.

    Args:
        as_json: print the report as one JSON line; the graph stands in it where there is no `output`.

    Raises:
        GraphError: VE-001 for what holds no workflow or cannot be read or written, VE-012 for what is too much.
    """
    converted = convert(_content(file), find_catalogue(settings), Limits(), file.stem)
    graph = json.dumps(converted.graph.to_document(), indent=2, ensure_ascii=False) + "\n"
    report = converted.to_dict()
    if output is not None:
        _write(output, graph)
        del report["graph"]
    if as_json:
        print(json.dumps(report), flush=True)
        return
    if output is None:
        print(graph, end="", flush=True)
    _tell(converted, file, console)


#: Pictures are larger than the workflows in them.
_MOST_BYTES = 512 << 20


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise GraphError("VE-001", f"{file} cannot be read: {error.strerror}", "Check the path.") from error
    if len(content) > _MOST_BYTES:
        raise GraphError("VE-012", f"{file} is longer than {_MOST_BYTES} bytes")
    return content


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GraphError("VE-001", f"{output} cannot be written: {error.strerror}", "Check the path.") from error


def _tell(converted: Converted, file: Path, console: Console) -> None:
    held = f", {converted.placeholders} without counterpart" if converted.placeholders else ""
    console.print(f"[bold]{escape(str(file))}[/bold]: {converted.taken} nodes taken{held}", highlight=False)
    for problem in converted.problems:
        at = f"{problem.node_id}: " if problem.node_id else ""
        console.print(f"  [yellow]{problem.code}[/yellow] {escape(at + problem.message)}", highlight=False)
