"""A piece of work, how it ended, and who hears of it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import NodeState
from vortex_prefect.graph.plan import Step


@dataclass(frozen=True, slots=True)
class Work:
    """One run of a step: whole, or for one item of a list."""

    step: Step
    inputs: dict[str, tuple[Value, ...]]
    #: Content key of the outputs; null if they are not to be reused.
    key: str | None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a piece of work ended."""

    state: NodeState
    #: Null unless it was completed or cached.
    outputs: dict[str, Value] | None = None
    attempt: int = 1
    worker_id: str | None = None
    why: str | None = None
    error: VortexError | None = None
    #: Of a step that maps over a list: see `NodeReport.items` and `item_errors`.
    items: dict[str, int] | None = None
    item_errors: tuple[dict[str, Any], ...] = ()
    #: When a host began and ended it, in Unix milliseconds; null where that is not told.
    ran_ms: tuple[int, int] | None = None


class Tell(Protocol):
    """Takes what is worth a report before the end."""

    def __call__(
        self, state: NodeState, attempt: int, *, outcome: JobOutcome | None = None, progress: float = 0.0
    ) -> None:
        """`progress` is 0 to 1; `outcome` is that of an attempt that will be repeated."""


class Say(Protocol):
    """Takes what a node said in an attempt, or what is to be said of that attempt."""

    def __call__(self, work: Work, attempt: int, line: LogLine) -> None:
        """See `LogReport`."""


class Show(Protocol):
    """Takes what a node has made so far, as a small JPEG."""

    def __call__(self, work: Work, jpeg: bytes) -> None:
        """See `PreviewReport`."""


def say_nothing(work: Work, attempt: int, line: LogLine) -> None:
    """For those who keep no logs."""


def show_nothing(work: Work, jpeg: bytes) -> None:
    """For those who have nobody that looks."""
