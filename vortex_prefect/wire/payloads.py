"""What control packets carry, beside the jobs and outcomes of `core`. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.files.roots import NOWHERE, FileRoots

#: Raised when a packet changes its meaning; host and worker must agree.
PROTOCOL_VERSION = 4
#: What a peer may be able to do beside that; what both can is used.
BATCH, PREVIEW, PROBE = "batch", "preview", "probe"
CAPABILITIES = frozenset({BATCH, PREVIEW, PROBE})

#: What a worker tells of what it keeps, at most: so many things, and so many characters of each name.
MOST_RESIDENTS = 100
NAME_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker's half of the handshake. `catalogue` is `Catalogue.to_list()`."""

    pid: int
    catalogue: list[dict[str, Any]]
    capabilities: frozenset[str] = CAPABILITIES
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Welcome:
    """The host's half: what a worker needs to start. It comes when the host needs one more."""

    host_id: str
    arena_path: str
    output_dir: str
    state_dir: str
    error: VortexError | None = None
    #: What nodes may read.
    roots: FileRoots = NOWHERE
    #: The name of the worker, and which of the host's it is.
    worker_id: str = ""
    index: int = 0
    #: Where it is to compute: `auto`, `cpu`, `cuda`, `cuda:1`, …
    device: str = "auto"
    #: Between two heartbeats.
    beat_ms: int = 1000
    #: How long to look for the next packet before sleeping; 0: not at all.
    spin_us: int = 0
    #: When it is to compare blocks with their checksums: `always`, `cross-process`, `off`.
    checksums: str = "cross-process"
    #: What both can.
    capabilities: frozenset[str] = CAPABILITIES
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs to run one after the other, up to the first that fails; see `Job.links`."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, 0 to 1."""

    job_id: str
    fraction: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobLog:
    """What a node said while its job runs."""

    job_id: str
    line: LogLine


@dataclass(frozen=True, slots=True)
class Preview:
    """What a job has made so far, as a small JPEG."""

    job_id: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Cancel:
    """End a job at its next report of progress, or do not begin it.

    `unless_begun`: only the latter. One that has begun runs to its end, and its result counts.
    """

    job_id: str
    unless_begun: bool = False


class Beat(NamedTuple):
    """The worker's process is alive."""

    #: Counts from 1; 0 in no beat of its own accord.
    tick: int
    #: Resident memory, without what is shared.
    rss_bytes: int
    #: Where it computes.
    device: str = ""
    #: Device memory that it holds, and that nobody holds.
    device_bytes: int = 0
    device_free_bytes: int = 0
    #: What it keeps between jobs, models say.
    residents: tuple[str, ...] = ()


class Probe(NamedTuple):
    """Asks for a beat of the same tick. `trim`: first let go of all that is only kept."""

    tick: int
    trim: bool = False


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """An output needs `nbytes` in the arena."""

    nbytes: int


@dataclass(frozen=True, slots=True)
class RoomGrant:
    """Where an output may be written, or why there is no room."""

    offset: int = 0
    nbytes: int = 0
    generation: int = 0
    error: VortexError | None = None


Payload = (
    Hello
    | Welcome
    | Job
    | Batch
    | JobOutcome
    | Progress
    | JobLog
    | Preview
    | Cancel
    | Beat
    | Probe
    | RoomRequest
    | RoomGrant
)
