"""`vortex events --replay`, `vortex backup` and `vortex restore`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from vortex_prefect.bootstrap import state
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.replay import Comparison

_SHOWN = 20


def replay(settings: Settings, graph_id: str | None, repair: bool, as_json: bool, console: Console) -> bool:
    """Compare the tables with the log, and make them agree if asked to; whether they do."""
    found = state.rebuild_from_log(settings) if repair else state.compare_with_log(settings)
    differences = [each for each in found.differences if graph_id is None or each.id == graph_id]
    if as_json:
        print(json.dumps({**found.to_dict(), "differences": [_shown(each) for each in differences]}))
    else:
        _tell(found, console)
        for each in differences[:_SHOWN]:
            console.print(f"[red]{each.kind} {each.id}[/red]: {', '.join(each.parts)}", highlight=False)
        if len(differences) > _SHOWN:
            console.print(f"… and {len(differences) - _SHOWN} more")
        verdict = "now says what the log says" if repair else "says what the log says"
        console.print(
            f"[green]the state {verdict}[/green]"
            if repair or not differences
            else "`vortex events --replay --repair` makes them agree, while no stack runs"
        )
    return repair or not differences


def back_up(settings: Settings, target: Path, as_json: bool, console: Console) -> None:
    """Copy the state, and say how large the copy is."""
    size = state.back_up(settings, target)
    if as_json:
        print(json.dumps({"file": str(target.resolve()), "size_bytes": size}))
    else:
        console.print(f"[green]wrote {target}[/green], {size / (1 << 20):.1f} MiB", highlight=False)


def restore(settings: Settings, source: Path, console: Console) -> None:
    """Put a copy back, and say where what was there lies now."""
    kept = state.restore(settings, source)
    console.print(f"[green]restored from {source}[/green]", highlight=False)
    if kept is not None:
        console.print(f"what was there is {kept}", highlight=False)


def _tell(found: Comparison, console: Console) -> None:
    counts = f"{found.graphs} graphs, {found.executions} executions, {found.queue} places in the queue, "
    counts += f"{found.published} published graphs, {found.drawn} drawn ones"
    console.print(f"{found.events} events: {counts}", highlight=False)
    if found.partly:
        told = "were written by a release that told the log less, and are compared in part"
        console.print(f"{found.partly} executions {told}", highlight=False)


def _shown(difference: object) -> dict[str, object]:
    return {name: getattr(difference, name) for name in ("kind", "id", "parts")}
