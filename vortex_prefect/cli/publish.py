"""`vortex publish`: a graph as a node type."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from vortex_prefect.cli.deploy import store_file
from vortex_prefect.client import Bridge
from vortex_prefect.client.bridge.answers import PublishedNode
from vortex_prefect.core.ids import is_id
from vortex_prefect.core.settings import Settings


def publish_graph(settings: Settings, graph: str, options: dict[str, str | None]) -> PublishedNode:
    """Publish a graph of the running stack, or one of a file, which is stored there first.

    Raises:
        VortexError: SY-004 no stack runs; what the bridge refuses.
    """
    with Bridge(home=settings.home) as bridge:
        graph_id = graph if is_id(graph) else store_file(bridge, settings, Path(graph))
        return bridge.publish_graph(graph_id, **options)


def withdraw(settings: Settings, node_type: str) -> None:
    """Offer a published graph no more; errors as `publish_graph`."""
    with Bridge(home=settings.home) as bridge:
        bridge.withdraw_node_type(node_type)


def print_published(node: PublishedNode, as_json: bool) -> None:
    """What was made."""
    if as_json:
        print(json.dumps(node.to_dict()))
        return
    spec = node.spec
    ports = [port.name for port in spec.inputs] + [param.name for param in spec.params]
    out = Console()
    out.print(f"[bold green]{escape(node.type)}[/bold green] {escape(spec.title)} ({escape(spec.category)})")
    out.print(
        f"  {', '.join(ports) or 'nothing'} → {', '.join(port.name for port in spec.outputs) or 'nothing'}",
        markup=False,
    )
