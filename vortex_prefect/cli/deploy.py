"""`vortex deploy`: a graph as a Prefect deployment."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vortex_prefect.client import Bridge
from vortex_prefect.client.documents import json_or_text, read_document, resolve_files
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import derived_id, is_id
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph.model import parse_graph


def deploy_graph(settings: Settings, graph: str, options: dict[str, Any]) -> dict[str, Any]:
    """Publish a graph of the running stack, or one of a file, which is stored there first.

    Returns:
        As `POST /api/graph/{id}/deploy` answers.

    Raises:
        VortexError: SY-004 no stack runs; what the bridge refuses.
    """
    with Bridge(home=settings.home) as bridge:
        graph_id = graph if is_id(graph) else store_file(bridge, settings, Path(graph))
        return bridge.deploy_graph(graph_id, **options).to_dict()


def read_parameters(assignments: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` assignments; values are JSON where they parse as such, else text.

    Raises:
        GraphError: VE-001, one is not of that form.
    """
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not (name and equals):
            raise GraphError("VE-001", f"--param {assignment!r} is not of the form NAME=VALUE")
        found[name] = json_or_text(text)
    return found


def print_deployment(deployment: dict[str, Any], as_json: bool) -> None:
    """What was made, and how to run it."""
    if as_json:
        print(json.dumps(deployment))
        return
    out = Console()
    name, pool = escape(deployment["name"]), escape(deployment["pool"])
    out.print(f"[bold green]{name}[/bold green] is deployed to the pool {pool}")
    out.print(f"  {deployment['url']}", soft_wrap=True)
    if properties := deployment["parameters"]["properties"]:
        table = Table(box=None, title="parameters", title_justify="left")
        for title in ("name", "type", "default", "what it does"):
            table.add_column(title)
        for name, field in properties.items():
            kind = field.get("type") or "/".join(choice["type"] for choice in field.get("anyOf", ()))
            cells = (name, kind, json.dumps(field.get("default")), field.get("description", ""))
            table.add_row(*map(escape, cells))
        out.print(table)
    command = f"prefect deployment run {shlex.quote(deployment['name'])}"
    out.print(f"Run it: {command}", soft_wrap=True, highlight=False, markup=False)


def store_file(bridge: Bridge, settings: Settings, path: Path) -> str:
    """Store the graph of a file, with the files that it reads; its id."""
    parsed = parse_graph(read_document(path), Limits())
    document = {**parsed.to_document(), "id": parsed.id or derived_id("file", str(path.resolve()))}
    catalogue = bridge.list_node_types()
    resolve_files(document, catalogue, path.resolve().parent)
    upload_out_of_reach(lambda file: bridge.upload_file(file).path, settings, document, {}, catalogue)
    return bridge.store_graph(document).id
