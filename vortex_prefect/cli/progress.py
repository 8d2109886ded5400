"""The live view of an execution in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

_MARKS = {
    "pending": ("·", "dim"),
    "running": ("▶", "cyan"),
    "retrying": ("↻", "yellow"),
    "cached": ("≡", "blue"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("–", "dim"),
    "cancelled": ("■", "yellow"),
}
_BAR_WIDTH = 24


class ProgressView:
    """One line a node. Feed it messages; rich renders it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._types = {node_id: node["type"] for node_id, node in document["nodes"].items()}
        self._states: dict[str, tuple[str, float]] = dict.fromkeys(self._types, ("pending", 0.0))

    def take(self, kind: str, payload: dict[str, Any]) -> None:
        """A WebSocket message of the execution."""
        node_id = payload.get("node_id")
        if kind == "execution.progress" and node_id in self._states:
            self._states[node_id] = (payload["state"], float(payload["progress"]))

    def take_execution(self, execution: dict[str, Any]) -> None:
        """The execution's own account, which is the truth."""
        for node_id, node in execution["nodes"].items():
            if node_id in self._states:
                self._states[node_id] = (node["state"], float(node["progress"]))

    def __rich__(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        for node_id, (state, progress) in self._states.items():
            mark, style = _MARKS.get(state, ("?", "dim"))
            running = state in ("running", "retrying")
            bar = ProgressBar(total=100, completed=progress, width=_BAR_WIDTH) if running else ""
            table.add_row(
                f"[{style}]{mark}[/]", node_id, f"[dim]{self._types[node_id]}[/]", f"[{style}]{state}[/]", bar
            )
        return table
