"""What a host measures of its workers: the way of a job, and the mapping of its tensors."""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.histogram import Histogram
from vortex_prefect.core.job import JobTimes

#: Seconds; the specification's targets are 50 µs for a round trip and 1 ms for mapping a tensor.
_ROUND_TRIP = (1e-5, 2e-5, 3e-5, 5e-5, 7.5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 0.025, 0.1)
_MAPPING = (5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 0.01, 0.05)
_CHECKING = (1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1.0)
#: Of one job; whoever maps more is told of by these.
_OF_A_JOB = 1000


class HostMeasures:
    """Counts for as long as the host lives. May be used from any thread."""

    def __init__(self) -> None:
        self._round_trip = Histogram(_ROUND_TRIP)
        self._mapping = Histogram(_MAPPING)
        self._checking = Histogram(_CHECKING)

    def note_job(self, times: JobTimes, elapsed_ns: int, *, alone: bool) -> None:
        """Count what a worker told of a job.

        Args:
            elapsed_ns: from before its packet was made until its result was read; nothing may have taken longer.
            alone: it had a packet of its own. In a batch, the way of one job lies beside the work of another.
        """
        if alone and 0 < times.busy_ns <= elapsed_ns:
            self._round_trip.observe((elapsed_ns - times.busy_ns) / 1e9)
        for told, histogram in ((times.mapped_ns, self._mapping), (times.checked_ns, self._checking)):
            for taken_ns in told[:_OF_A_JOB]:
                if taken_ns <= elapsed_ns:
                    histogram.observe(taken_ns / 1e9)

    def to_dict(self) -> dict[str, Any]:
        """The histograms, as snapshots in their JSON form."""
        parts = {"round_trip": self._round_trip, "mapping": self._mapping, "checking": self._checking}
        return {name: histogram.snapshot().to_dict() for name, histogram in parts.items()}
