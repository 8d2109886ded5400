"""The way into a pack's environment: `python -m vortex_worker.enter FOLDER …`, run by the base's interpreter.

The environment's own interpreter runs what lies in the environment before any code of ours does (`*.pth` files), so
the base looks at every file first. Then this process becomes the worker; its process id stays what it was.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.files.environments import check, worker_in

#: Exit status where the environment is not what was installed.
REFUSED = 3


def main() -> int:
    """Become the worker of a pack; only what is refused returns."""
    parser = argparse.ArgumentParser(prog="python -m vortex_worker.enter", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the pack")
    parser.add_argument("--lock", help="SHA-256 that its lock is to have")
    known, passed_on = parser.parse_known_args()
    try:
        check(known.folder, known.lock)
        command, variables = worker_in(known.folder)
        os.execve(command[0], [*command, *passed_on], variables)
    except SystemFault as fault:
        print(fault.message, file=sys.stderr)
    except OSError as error:
        print(f"pack {known.folder.name}: its interpreter cannot be started: {error}", file=sys.stderr)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
