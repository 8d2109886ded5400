"""`python -m benchmarks NAME [--json]`, or `list`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

from benchmarks.harness import commit, machine, say

NAMES = {
    "api": "milliseconds of 200 API requests a second while a graph executes, beside a bare FastAPI route",
    "arena": "mapping, writing, allocating and evicting in shared memory, each beside a bare way to do the same",
    "collab": "milliseconds of an edit from one Yjs client to another, updates a second, and what a kill loses",
    "compile": "graphs compiled to plans a second, beside graphlib alone",
    "dispatch": "nodes a second through the whole engine, beside Prefect's own task runners",
    "editor": "frames a second of the editor's canvas, beside plain React Flow; its first load; keys until painted",
    "endtoend": "milliseconds from request to completion, beside the same steps as a Prefect flow",
    "events": "milliseconds until an event is on disk and events a second, beside fdatasync; events replayed a second",
    "ipc": "microseconds and jobs a second between host and worker, and how soon a dead worker is replaced",
    "nodes": "how many node types there are, and how much longer an image node takes than the library alone",
    "ws": "messages a second from a bridge to 200 WebSocket clients and their delay, beside a bare endpoint",
}


def main() -> int:
    """Run one benchmark; its result is the last line of standard output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=["list", *NAMES])
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else on standard output")
    arguments = parser.parse_args()
    if arguments.name == "list":
        for name, claim in NAMES.items():
            print(f"{name}: {claim}")
        return 0
    where = machine()
    if where["load_1m"] > where["cores"] / 2:
        say(f"the machine is busy (load {where['load_1m']} on {where['cores']} cores): do not cite these")
    metrics: dict[str, float] = import_module(f"benchmarks.{arguments.name}").measure()
    if arguments.json:
        result = {"benchmark": arguments.name, "metrics": metrics, "machine": where, "commit": commit()}
        print(json.dumps(result))
    else:
        for name, value in metrics.items():
            print(f"{name:32} {value:,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
