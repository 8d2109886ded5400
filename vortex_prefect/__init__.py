"""VORTEX on Prefect: tensor graphs as Prefect flows.

Importing this loads nothing heavy; public names come when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vortex_prefect.client.graph import Graph
    from vortex_prefect.client.results import Results, RunFailed
    from vortex_prefect.client.run import arun_graph, run_graph
    from vortex_prefect.engine.dask_options import dask_options
    from vortex_prefect.engine.task_runner import VortexTaskRunner

__version__ = "0.1.0"
__all__ = [
    "Graph",
    "Results",
    "RunFailed",
    "VortexTaskRunner",
    "__version__",
    "arun_graph",
    "dask_options",
    "run_graph",
]

_HOMES = {
    "Graph": "vortex_prefect.client.graph",
    "Results": "vortex_prefect.client.results",
    "RunFailed": "vortex_prefect.client.results",
    "VortexTaskRunner": "vortex_prefect.engine.task_runner",
    "arun_graph": "vortex_prefect.client.run",
    "dask_options": "vortex_prefect.engine.dask_options",
    "run_graph": "vortex_prefect.client.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
