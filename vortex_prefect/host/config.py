"""How a host is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vortex_prefect.files.roots import NOWHERE, FileRoots
from vortex_prefect.host.members import Policy


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Where a host keeps its things, and how it treats its workers."""

    host_id: str
    #: Holds the workers' socket.
    run_dir: Path
    log_dir: Path
    output_dir: Path
    #: Outlives the workers.
    state_dir: Path
    arena_path: Path
    arena_bytes: int
    arena_budget_bytes: int
    workers: int = 1
    device: str = "auto"
    debug: bool = False
    #: Beside `workers`: processes that have started and wait to take the place of one that dies.
    spares: int = 0
    #: How a worker is kept; `size` and `spares` come from here.
    policy: Policy = field(default_factory=lambda: Policy(1))
    #: Between two signs of life of a worker.
    beat_ms: int = 1000
    #: How long host and worker look for a packet before they sleep; 0: not at all.
    spin_us: int = 200
    #: When workers compare blocks with their checksums: `always`, `cross-process`, `off`.
    checksums: str = "cross-process"
    #: Crashes in a row after which a node is not run for a while; 0: never.
    quarantine_after: int = 5
    #: Holds the packs that were installed; null: there are none.
    packs_dir: Path | None = None
    #: What nodes may read.
    roots: FileRoots = NOWHERE
