"""Prefect's server as the stack starts it: its own command, with a collector that looks at it less often."""

from __future__ import annotations

import gc
import runpy

#: Each event is hundreds of short-lived objects on its way to the database. Python looks for cycles after every 700,
#: among all that the server keeps; that is a quarter of what recording a task run costs.
_THRESHOLDS = (100_000, 20, 100)


def main() -> None:
    """Be `prefect` with this process's arguments."""
    gc.set_threshold(*_THRESHOLDS)
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
