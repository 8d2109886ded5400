"""What would run of a graph now, and why: asked of the running stack, or without one of the compiler alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.client import Bridge
from vortex_prefect.client.documents import read_document, resolve_files
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.files.identity import FileIdentities
from vortex_prefect.files.roots import ANYWHERE
from vortex_prefect.graph.explanation import explanation
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.plan import compile_plan

NO_STACK = "no stack runs: nothing is known to be cached"

_COLOURS = {"dirty": "yellow", "cached": "green", "unneeded": "dim", "skipped": "dim"}
#: Longer ones are cut in the table; `--json` has all of them.
_SHOWN = 12


def explain_graph(settings: Settings, path: Path, catalogue: Catalogue) -> dict[str, Any]:
    """`explanation` of a graph file that is valid, and `stack`: whether a running one told what is cached.

    Raises:
        GraphError: VE-010 for files that are missing.
        SystemFault: SY-004, the stack does not answer.
    """
    document = read_document(path)
    resolve_files(document, catalogue, path.parent)
    info = running_stack(settings)
    if info is not None:
        with Bridge(info.url, home=settings.home) as bridge:
            upload_out_of_reach(lambda file: bridge.upload_file(file).path, settings, document, {}, catalogue)
            return {**bridge.plan_graph(document).to_dict(), "stack": True}
    plan = compile_plan(
        parse_graph(document, Limits()), catalogue, targets=None, force=False, file_identity=FileIdentities(ANYWHERE)
    )
    return {**explanation(plan, frozenset(), {}), "stack": False}


def print_plan(found: dict[str, Any], as_json: bool) -> None:
    """The plan as one JSON line, or as a table and a few lines, on standard output."""
    if as_json:
        print(json.dumps(found))
        return
    out = Console()
    out.print(_table(found))
    for line in summary(found):
        out.print(Text(line))


def summary(found: dict[str, Any]) -> list[str]:
    """Counts, levels, segments and critical path, a line each."""
    counts = found["counts"]
    chains = [chain for chain in found["segments"] if len(chain) > 1]
    width = max((len(row) for row in found["levels"]), default=0)
    lines = [
        f"{counts['dirty']} to run, {counts['cached']} cached, {counts['unneeded']} unneeded, "
        f"{counts['skipped']} skipped",
        f"levels: {counts['levels']}, at most {width} nodes side by side",
        f"segments: {counts['segments']}, {len(chains)} of them chains"
        + (f", the longest {_path(max(chains, key=len))}" if chains else ""),
        f"critical path: {len(found['critical_path'])} nodes"
        + (f", {_path(found['critical_path'])}" if found["critical_path"] else ""),
    ]
    if found["memory"]["peak_bytes"]:
        lines.append(_memory(found["memory"]))
    return lines if found["stack"] else [*lines, NO_STACK]


def _memory(memory: dict[str, Any]) -> str:
    text = f"memory: at most {memory['peak_bytes'] / (1 << 20):.1f} MiB of outputs at once, at {memory['at_node']}"
    return text + (f"; without {memory['unknown']} nodes of unknown size" if memory["unknown"] else "")


def _table(found: dict[str, Any]) -> Table:
    table = Table(box=None)
    for title in ("node", "type", "level", "segment", "state", "what happens to it"):
        table.add_column(title)
    for node in found["nodes"]:
        places = ("" if node[place] is None else str(node[place]) for place in ("level", "segment"))
        state = Text(node["state"], style=_COLOURS[node["state"]])
        # As Text: ids and titles may hold what rich takes for markup.
        table.add_row(Text(node["id"]), Text(node["type"]), *places, state, Text(node["what"]))
    return table


def _path(nodes: list[str]) -> str:
    if len(nodes) <= _SHOWN:
        return " → ".join(nodes)
    half = _SHOWN // 2
    return " → ".join([*nodes[:half], f"… {len(nodes) - 2 * half} more …", *nodes[-half:]])
