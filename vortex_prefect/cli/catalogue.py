"""The catalogue on the command line."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Bounds, Catalogue


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
