"""What a host knows of its workers, what happens to them, and what it is told to do about it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vortex_prefect.wire.payloads import Beat

#: The environment of the bundled packs; others are called as their pack.
BASE = ""


class State(StrEnum):
    """Where a member is in its life."""

    STARTING = "starting"
    SPARE = "spare"
    JOINING = "joining"
    READY = "ready"
    BUSY = "busy"
    SUSPECT = "suspect"
    DRAINING = "draining"
    DEAD = "dead"


# -- stimuli ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeted:
    """The member introduced itself."""


@dataclass(frozen=True, slots=True)
class Beaten:
    """The member gave a sign of life."""

    beat: Beat


@dataclass(frozen=True, slots=True)
class Assigned:
    """The member got jobs."""

    job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """The member gave all results and can take the next job."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody does not want the member's jobs any more."""


@dataclass(frozen=True, slots=True)
class Condemned:
    """The member is unfit for another job."""

    why: str


@dataclass(frozen=True, slots=True)
class Died:
    """The member's process is gone."""

    how: str


Stimulus = Greeted | Beaten | Assigned | Released | Cancelled | Condemned | Died

#: State and stimulus → state that follows; what is not here changes nothing.
TRANSITIONS: dict[tuple[State, type], State] = {
    (State.STARTING, Greeted): State.SPARE,
    (State.JOINING, Beaten): State.READY,
    (State.READY, Assigned): State.BUSY,
    (State.BUSY, Released): State.READY,
    (State.SUSPECT, Released): State.READY,
    **{(state, Died): State.DEAD for state in State if state is not State.DEAD},
}


# -- instructions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a process for the member, in that environment."""

    member: int
    environment: str = BASE


@dataclass(frozen=True, slots=True)
class Seat:
    """Welcome the member as that worker."""

    member: int
    worker_id: str
    index: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Let the member end by itself: it will get no more jobs."""

    member: int
    why: str = "it has grown too large"


@dataclass(frozen=True, slots=True)
class Kill:
    """End the member's process at once."""

    member: int
    why: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell that a worker was spawned, crashed or recovered; see `WorkerReport`."""

    event: str
    worker_id: str
    pid: int | None
    device: str | None
    reason: str | None = None
    job_ids: tuple[str, ...] = ()
    down_s: float | None = None


Instruction = Spawn | Seat | Retire | Kill | Announce


# -- state -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """What a host asks of its workers. Times in seconds."""

    size: int
    spares: int = 0
    #: Without a sign of life for half of this a worker is suspect and gets no job; at the end of it, it is killed.
    hang_after_s: float = 30.0
    #: A process that has not introduced itself by then is started anew; torch alone may take a minute on a slow disk.
    start_limit_s: float = 180.0
    #: From the welcome to the first beat.
    join_limit_s: float = 30.0
    #: From the last job to the end of the process.
    drain_limit_s: float = 5.0
    #: A node that has not noticed a cancel by then is killed with its process.
    cancel_grace_s: float = 1.0
    #: Memory above which a worker is replaced between two jobs; 0: none.
    rss_limit_bytes: int = 0
    device_limit_bytes: int = 0
    #: Workers of all packs' environments together, or `size` if that is more; each has `size` at most.
    environment_workers: int = 4
    #: A worker of an environment that had no job for so long ends.
    environment_idle_s: float = 600.0


@dataclass(eq=False, slots=True)
class Member:
    """What is known of one process."""

    id: int
    #: When it came into its state, and when it gave the last sign of life.
    since: float
    heard: float
    environment: str = BASE
    state: State = State.STARTING
    pid: int | None = None
    seat: SeatRecord | None = None
    job_ids: tuple[str, ...] = ()
    beat: Beat = field(default_factory=lambda: Beat(0, 0))
    #: When it is to be killed for not having noticed a cancel.
    kill_at: float | None = None
    #: Why it was killed, if it was we who did.
    doom: str | None = None
    #: When it was seen to have grown too large, or to be of an older edition of the packs.
    outgrown_at: float | None = None
    #: It was started before its packs changed: it gets no job once there are others.
    outdated: bool = False


@dataclass(eq=False, slots=True)
class SeatRecord:
    """The name of a worker, and who has it."""

    worker_id: str
    index: int
    environment: str = BASE
    member: Member | None = None
    #: Nobody takes it before.
    open_at: float = 0.0
    deaths_in_a_row: int = 0
    restarts: int = 0
    #: When its last member crashed; null once it has a successor.
    crashed_at: float | None = None
