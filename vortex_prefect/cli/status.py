"""`vortex status`: what runs."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.client import Bridge
from vortex_prefect.core.settings import Settings


def print_status(settings: Settings, as_json: bool) -> bool:
    """Print it; false if no stack runs with this home."""
    info = running_stack(settings)
    if info is None:
        if as_json:
            print(json.dumps({"running": False, "home": str(settings.home)}))
        else:
            Console(stderr=True).print(f"no stack runs with the home {settings.home}; start one with `vortex up`")
        return False
    with Bridge(info.url, home=settings.home) as bridge:
        status = {
            "workers": [worker.to_dict() for worker in bridge.list_workers()],
            "queue": bridge.get_queue().to_dict(),
            **bridge.get_stack().to_dict(),
        }
    if as_json:
        print(json.dumps({"running": True, "home": str(settings.home), **info.to_dict(), **status}))
        return True
    out = Console()
    out.print(f"editor   {info.url}\nPrefect  {info.prefect_ui}")
    if info.owns_prefect:
        out.print(f"         asks for what is in {settings.prefect_auth}", soft_wrap=True)
    out.print(f"Dask     {status.get('dask_dashboard') or info.dask}", soft_wrap=True)
    table = Table(box=None)
    for title in ("role", "pid", "state"):
        table.add_column(title)
    table.add_row("stack", str(info.pid), "up")
    for process in info.processes:
        table.add_row(process["role"], str(process["pid"]), "up")
    for worker in status["workers"]:
        # One that has not introduced itself yet has neither device nor process id.
        role = " ".join(filter(None, ("gpu-worker", worker.get("device"), worker.get("environment"))))
        table.add_row(role, str(worker.get("pid") or "-"), worker["state"])
    out.print(table)
    out.print(f"queue    {len(status['queue'].get('waiting', ()))} waiting")
    return True
