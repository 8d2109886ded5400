"""What counts as a round trip and as the mapping of a tensor, whatever a worker claims."""

from __future__ import annotations

from vortex_prefect.core.histogram import HistogramSnapshot
from vortex_prefect.core.job import JobOutcome, JobTimes
from vortex_prefect.host.measures import HostMeasures
from vortex_prefect.wire.packets import decode, encode


def counted(measures: HostMeasures) -> dict[str, tuple[int, float]]:
    snapshots = {name: HistogramSnapshot.from_dict(data) for name, data in measures.to_dict().items()}
    return {name: (snapshot.count, round(1e9 * snapshot.sum)) for name, snapshot in snapshots.items()}


def test_a_round_trip_is_what_the_worker_did_not_take() -> None:
    measures = HostMeasures()
    measures.note_job(JobTimes(70_000, (2_000, 3_000), (9_000,)), 100_000, alone=True)
    assert counted(measures) == {"round_trip": (1, 30_000), "mapping": (2, 5_000), "checking": (1, 9_000)}


def test_the_way_of_a_job_in_a_batch_is_not_known() -> None:
    measures = HostMeasures()
    measures.note_job(JobTimes(70_000, (2_000,), ()), 100_000, alone=False)
    assert counted(measures) == {"round_trip": (0, 0), "mapping": (1, 2_000), "checking": (0, 0)}


def test_what_cannot_be_is_not_counted() -> None:
    measures = HostMeasures()
    for busy_ns in (0, 100_001, 2**64 - 1):
        measures.note_job(JobTimes(busy_ns, (100_001, 2**64 - 1), (2**64 - 1,)), 100_000, alone=True)
    measures.note_job(JobTimes(0, (1,) * 5000, ()), 100_000, alone=True)
    assert counted(measures) == {"round_trip": (0, 0), "mapping": (1000, 1000), "checking": (0, 0)}


def test_times_travel_with_a_result() -> None:
    told = JobOutcome("j", times=JobTimes(7, (1, 2**64 - 1), (3,)))
    read = decode(encode(told))
    assert isinstance(read, JobOutcome)
    assert read.times == told.times
