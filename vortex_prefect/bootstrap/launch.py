"""Somebody else's program as a process of the stack: `python -m vortex_prefect.bootstrap.launch MODULE ARGUMENTS`."""

from __future__ import annotations

import gc
import runpy
import sys

from vortex_prefect.bootstrap.orphans import end_with_parent
from vortex_prefect.ipc.log_setup import configure_logging

#: Module → thresholds of Python's collector. In Prefect's server each event is hundreds of short-lived objects on its
#: way to the database, and looking for cycles after every 700 is a quarter of what recording a task run costs.
_COLLECTOR = {"prefect": (100_000, 20, 100)}
#: Module → what the process is called in its lines. Prefect's server keeps its own logs.
_ROLES = {"distributed.cli.dask_worker": "host", "distributed.cli.dask_scheduler": "dask-scheduler"}


def main() -> None:
    """Be that program."""
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    end_with_parent()
    if module in _ROLES:
        # Dask leaves logging alone where it is set up already.
        configure_logging(_ROLES[module])
    if module in _COLLECTOR:
        gc.set_threshold(*_COLLECTOR[module])
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
