"""Frames a second of the editor's canvas, its first load, and keys until they are painted, in Chromium without a GPU.

The canvas of 500 and 2,000 nodes is panned and a node of it dragged while their progress arrives 200 times a second,
with all of the graph in view and then (`near`) at its natural size. Beside it, in turns and in the same browser, React
Flow's plain nodes on a page of their own: as many, as large, at the same places, with the same edges, in a canvas of
the same size, moved by the same hand. What is left of their frames is what the editor costs. A frame counts when what
is moved stands elsewhere in it.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import ROOT, say

UI = ROOT / "ui"
CHROMIUM = os.environ.get("VORTEX_CHROMIUM", "/usr/bin/chromium")
#: Nodes and edges.
SIZES = ((500, 800), (2000, 3200))
ROUNDS = 2
_BUILT = ROOT / "vortex_prefect" / "bridge" / "_ui" / "assets"


def measure() -> dict[str, float]:
    """One round.

    Raises:
        SystemExit: there is no Chromium, or something of the editor's does not build or run.
    """
    if not Path(CHROMIUM).is_file():
        raise SystemExit(f"{CHROMIUM} is missing: apt-get install --no-install-recommends chromium")
    with tempfile.TemporaryDirectory() as folder, _editor() as url:
        bare = Path(folder) / "bare"
        _run(["npx", "vite", "build", "bench", "--outDir", str(bare), "--emptyOutDir", "--config", "vite.config.ts"])
        order = {"editor": url, "bare": str(bare), "chromium": CHROMIUM, "sizes": SIZES, "rounds": ROUNDS}
        found: dict[str, float] = json.loads(_run(["node", "bench/measure.mjs", json.dumps(order)]).splitlines()[-1])
    for view in (f"{nodes}{view}" for nodes, _ in SIZES for view in ("", "_near")):
        found[f"fps_{view}_over_bare"] = found[f"fps_{view}_median"] / found[f"fps_bare_{view}_median"]
    # The first size is the one that is promised, by these names.
    found["fps_bare_median"] = found[f"fps_bare_{SIZES[0][0]}_median"]
    found["fps_over_bare"] = found[f"fps_{SIZES[0][0]}_over_bare"]
    found["js_gzip_kb"] = sum(len(gzip.compress(path.read_bytes())) for path in _BUILT.glob("*.js")) / 1000
    return {name: round(value, 2) for name, value in found.items()}


@contextmanager
def _editor() -> Iterator[str]:
    """A bridge with the built editor, whose executions tell of progress 200 times a second."""
    _run([sys.executable, str(ROOT / "scripts" / "build_ui.py")])
    command = [sys.executable, "-m", "tests.e2e.serve", "--storm"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bridge:
        assert bridge.stdout is not None
        assert bridge.stdin is not None
        try:
            yield f"http://127.0.0.1:{json.loads(bridge.stdout.readline())['port']}"
        finally:
            bridge.stdin.close()


def _run(command: list[str]) -> str:
    say(" ".join(command)[:100])
    done = subprocess.run(command, cwd=UI, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    say(done.stderr.strip())
    return done.stdout
