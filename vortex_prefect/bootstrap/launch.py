"""Somebody else's program as a process of the stack: `python -m vortex_prefect.bootstrap.launch MODULE ARGUMENTS`."""

from __future__ import annotations

import os
import runpy
import sys

from vortex_prefect.bootstrap.orphans import end_with_parent
from vortex_prefect.ipc.log_setup import configure_logging

#: Where Dask's scheduler is to have its dashboard. No argument: everybody on the machine can read a command line.
DASHBOARD_PREFIX = "VORTEX_DASHBOARD_PREFIX"
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
    if prefix := os.environ.pop(DASHBOARD_PREFIX, ""):
        # Loads Dask, which the parent's watch is not to wait for.
        from vortex_prefect.bootstrap.dashboard import hide_all_but  # noqa: PLC0415

        hide_all_but(prefix)
        sys.argv.append(f"--dashboard-prefix={prefix}")
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
