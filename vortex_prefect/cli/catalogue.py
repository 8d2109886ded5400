"""The catalogue on the command line: from a running stack, or from the packs themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.cli.client import Client
from vortex_prefect.core.errors import GraphError, SystemFault
from vortex_prefect.core.nodespec import Bounds, Catalogue
from vortex_prefect.core.settings import Settings


def find_catalogue(settings: Settings) -> Catalogue:
    """All node types. Without a stack a worker process is asked, which takes as long as torch needs to load.

    Raises:
        SystemFault: SY-003, the packs cannot be loaded (torch is missing, say).
    """
    info = running_stack(settings)
    if info is not None:
        with Client(info.url) as client:
            return client.catalogue()
    command = [sys.executable, "-m", "vortex_worker", "--catalogue", *(["--debug"] if settings.debug_nodes else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise SystemFault("SY-003", f"the node packs cannot be loaded: {last[0]}")
    return Catalogue.from_list(json.loads(done.stdout))


def print_types(catalogue: Catalogue, as_json: bool) -> None:
    """All types, a line each."""
    if as_json:
        print(json.dumps(catalogue.to_list()))
        return
    table = Table(box=None)
    for title in ("type", "category", "what it does"):
        table.add_column(title)
    for spec in catalogue.all():
        table.add_row(spec.type, spec.category, spec.doc.partition("\n")[0])
    Console().print(table)


def print_type(catalogue: Catalogue, node_type: str) -> None:
    """One type's ports and parameters.

    Raises:
        GraphError: VE-003, there is no such type.
    """
    spec = catalogue.get(node_type)
    if spec is None:
        raise GraphError("VE-003", f"there is no node type {node_type!r}")
    out = Console()
    out.print(f"[bold]{spec.type}[/bold] {spec.title} · {spec.category} · version {spec.version}\n{spec.doc}\n")
    table = Table(box=None)
    for title in ("", "name", "type", "default", "bounds", ""):
        table.add_column(title)
    for port in spec.inputs:
        table.add_row("input", port.name, port.type, "" if port.required else "optional", "", port.doc)
    for param in spec.params:
        limits = _limits(param.bounds)
        values = ", ".join(param.choices) if param.choices else " ".join(filter(None, (limits, param.unit)))
        table.add_row("parameter", param.name, param.type, json.dumps(param.default), values, param.doc)
    for output in spec.outputs:
        table.add_row("output", output.name, output.type, "", "", output.doc)
    out.print(table)


def _limits(bounds: Bounds | None) -> str:
    if bounds is None:
        return ""
    low, high = ("" if limit is None else f"{limit:g}" for limit in (bounds.min, bounds.max))
    return f"{low} … {high}"
