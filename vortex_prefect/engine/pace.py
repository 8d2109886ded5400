"""Which types of nodes are short, so that several of them may travel together."""

from __future__ import annotations

from vortex_prefect.core.job import JobOutcome

#: A type is short if it has taken no longer of late.
_SHORT_MS = 5.0
#: Runs before that is believed.
_RUNS = 3
#: What a slow run counts for after each quicker one: some sixty of those make it forgotten.
_DECAY = 0.95


class Pace:
    """How long nodes of each type take, as the hosts measured it. One for all executors of an engine."""

    def __init__(self) -> None:
        #: node type → runs, and the slowest of late in milliseconds.
        self._types: dict[str, tuple[int, float]] = {}

    def note(self, node_type: str, outcome: JobOutcome) -> None:
        """A host ran a node of that type."""
        runs, slowest = self._types.get(node_type, (0, 0.0))
        took_ms = float(outcome.finished_ms - outcome.started_ms)
        self._types[node_type] = (runs + 1, max(took_ms, slowest * _DECAY))

    def is_short(self, node_type: str) -> bool:
        """Whether the next run will most likely be a short one."""
        runs, slowest = self._types.get(node_type, (0, 0.0))
        return runs >= _RUNS and slowest <= _SHORT_MS
